// The form: what each choice is, what it does, and what it comes to.

import { json, send } from "/page/api.js";
import { $, grouped, state, tell, trouble } from "./state.js";

const SAYS = {
  data: {
    digits: "1,797 images of 8×8, each pixel 0 to 16.",
    mnist: "Images of 28×28, twelve times the pixels: slower, but closer to real scans.",
  },
  network: {
    linear: "Every pixel votes for or against each digit: the simplest network that learns.",
    mlp: "One hidden layer sees all pixels at once, without knowing which are neighbours.",
    convnet: "Two convolutions look at 3×3 neighbourhoods, with batch normalisation.",
    tutorial: "Two convolutions, max pooling, dropout and a dense layer of 128 units.",
  },
  loss: {
    "cross-entropy": "How improbable the network finds the right digit. The usual choice.",
    "log-cosh": "The tutorial's choice: like squared error near the target, like absolute error far from it.",
    "mean-squared-error": "The mean of the squared differences between the ten outputs and the target.",
    "kl-divergence":
      "The distance between two distributions; with one right digit it equals cross-entropy.",
    focal: "Cross-entropy in which easy images count for less and hard ones for more.",
  },
  optimizer: {
    sgd: "Follows the gradient, with momentum. Needs a larger learning rate, such as 0.05.",
    rmsprop:
      "The tutorial's choice: divides each parameter's step by the size of its recent gradients.",
    adam: "RMSprop with momentum. Works well over a wide range of learning rates.",
    adamw: "Adam with weight decay, which pulls all weights slightly towards zero.",
  },
};
const BATCHES = [5, 10, 16, 32, 64, 128, 256];
const PAUSE = 150; // milliseconds after the last move of a slider

let timer = 0;
let asked = 0;
let refused = false; // the settings, as they were last

// The learning rate's slider is logarithmic, in steps of 1, 2 and 5.
const rateOf = (step) => Number(`${[1, 2, 5][step % 3]}e${Math.floor(step / 3) - 5}`);
const stepOf = (rate) => Math.round(Math.log10(rate * 1e5) * 3);

export function fill(experiment) {
  for (const [key, value] of Object.entries(experiment)) {
    const field = $(key.replace("_", "-"));
    if (key === "learning_rate") field.value = stepOf(value);
    else if (key === "batch") field.value = BATCHES.findIndex((batch) => batch >= value);
    else if (field.type === "checkbox") field.checked = key === "scaled" ? !value : value;
    else field.value = value;
  }
  changed();
}

function read() {
  const number = (id) => Number($(id).value);
  const tutorial = $("network").value === "tutorial";
  return {
    data: $("data").value,
    images: number("images"),
    network: $("network").value,
    hidden: number("hidden"),
    channels: number("channels"),
    loss: $("loss").value,
    optimizer: $("optimizer").value,
    learning_rate: rateOf(number("learning-rate")),
    batch: BATCHES[number("batch")],
    epochs: number("epochs"),
    seed: Math.min(999, Math.max(0, Math.round(number("seed")) || 0)),
    scaled: !$("scaled").checked,
    swapped: tutorial && $("swapped").checked,
    shuffled: $("shuffled").checked,
  };
}

function changed() {
  const chosen = (state.experiment = read());
  for (const name of Object.keys(SAYS)) $(`${name}-says`).textContent = SAYS[name][chosen[name]];
  $("images-row").hidden = chosen.data !== "mnist";
  $("hidden-row").hidden = chosen.network !== "mlp";
  $("channels-row").hidden = chosen.network !== "convnet";
  $("swapped-row").hidden = chosen.network !== "tutorial";
  const shown = {
    images: grouped(chosen.images),
    hidden: `${chosen.hidden} units`,
    channels: `${chosen.channels} and ${2 * chosen.channels}`,
    "learning-rate": chosen.learning_rate,
    batch: `${chosen.batch} images`,
    epochs: chosen.epochs,
  };
  for (const [name, text] of Object.entries(shown)) {
    $(`${name}-value`).textContent = text;
    $(name).setAttribute("aria-valuetext", text);
  }
  tell("experiment");
  clearTimeout(timer);
  timer = setTimeout(refresh, PAUSE);
}

// Ask what the settings come to; the answer to an earlier question is dropped.
async function refresh() {
  const turn = ++asked;
  try {
    const plan = await send("/v1/lab/plan", json("POST", state.experiment));
    if (turn !== asked) return;
    state.plan = plan;
    const steps = Math.ceil(plan.images / state.experiment.batch);
    $("comes-to").textContent =
      `${grouped(plan.parameters)} parameters, ${grouped(plan.images)} training images, ` +
      `${grouped(steps)} ${steps === 1 ? "step" : "steps"} per epoch.`;
    if (refused) trouble(null); // what is told of a run stays
    refused = false;
    tell("plan");
  } catch (error) {
    if (turn !== asked) return;
    refused = true;
    trouble(error);
  }
}

export function offerSettings(about) {
  for (const option of [...$("data").options]) {
    option.disabled = !about.data.includes(option.value);
    if (option.disabled) option.textContent += " (not on this machine)";
  }
  $("settings").addEventListener("input", changed);
  fill(about.experiment);
}
