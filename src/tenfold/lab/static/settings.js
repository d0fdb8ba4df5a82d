// The form: what each choice is, what it does, and what it comes to.

import { json, send } from "/page/api.js";
import { $, state, tell, trouble } from "./state.js";

const SAYS = {
  data: {
    digits: "1,797 images of 8×8, each pixel 0 to 16.",
    mnist: "28×28 images, twelve times the pixels: slower, and closer to real scans.",
  },
  network: {
    linear: "Every pixel votes for each digit, and nothing else: the simplest that learns.",
    mlp: "One hidden layer looks at all pixels at once, without any notion of neighbourhood.",
    convnet: "Two convolutions look at 3×3 neighbourhoods, with batch normalisation.",
    tutorial: "The tutorial's: two convolutions, max pooling, dropout, a layer of 128.",
  },
  loss: {
    "cross-entropy": "How improbable the network finds the right digit. The usual choice.",
    "log-cosh": "The tutorial's: squared near the target, straight far from it.",
    "mean-squared-error": "The squared distance from the target row.",
    "kl-divergence":
      "Distance between two distributions; with a single right digit it equals cross-entropy.",
    focal: "Cross-entropy that plays easy images down, so hard ones count for more.",
  },
  optimizer: {
    sgd: "Steps along the gradient, with momentum. Wants a larger learning rate, such as 0.05.",
    rmsprop:
      "The tutorial's: each parameter's step is divided by the size of its recent gradients.",
    adam: "RMSprop with momentum. Forgiving.",
    adamw: "Adam that also pulls all weights a little towards zero.",
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
    images: chosen.images.toLocaleString("en"),
    hidden: `${chosen.hidden} units`,
    channels: `${chosen.channels} and ${2 * chosen.channels} filters`,
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

// Ask what the settings come to; who asks later overtakes.
async function refresh() {
  const turn = ++asked;
  try {
    const plan = await send("/v1/lab/plan", json("POST", state.experiment));
    if (turn !== asked) return;
    state.plan = plan;
    const steps = Math.ceil(plan.images / state.experiment.batch);
    $("comes-to").textContent =
      `${plan.parameters.toLocaleString("en")} parameters, ${plan.images.toLocaleString("en")} ` +
      `training images, ${steps.toLocaleString("en")} steps per epoch.`;
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
