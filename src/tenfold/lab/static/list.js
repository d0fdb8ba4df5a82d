// The list of runs: compared, named, kept, looked at, removed; and the test set, to be used rarely.

import { drawCharts } from "./chart.js";
import { lookAt, now, remove, runs, save } from "./runs.js";
import { fill } from "./settings.js";
import { $, announce, grouped, make, on, percent, state } from "./state.js";

const Z = 1.959964; // of the normal distribution, for 95 %
let opened = 0; // for how many runs the test set was looked at

export function words({
  data,
  images,
  network,
  hidden,
  channels,
  loss,
  optimizer,
  learning_rate,
  batch,
  seed,
  scaled,
  swapped,
  shuffled,
}) {
  const width = { mlp: ` ${hidden}`, convnet: ` ${channels}` }[network] ?? "";
  const broken = [
    !scaled && "not scaled",
    swapped && "axes swapped",
    shuffled && "labels shuffled",
  ];
  return [
    data === "mnist" ? `MNIST ${grouped(images)}` : "digits",
    network + width,
    loss,
    `${$("optimizer").querySelector(`[value=${optimizer}]`).textContent} ${learning_rate}`,
    `batch ${batch}`,
    seed && `seed ${seed}`,
    ...broken,
  ]
    .filter(Boolean)
    .join(" · ");
}

export function offerList() {
  on("runs training", draw);
  on("curve", () => {
    drawCharts(runs);
    for (const run of runs) figures(run);
  });
  on("progress curve training", progress);
  new ResizeObserver(() => drawCharts(runs)).observe($("accuracy-chart"));
  draw();
  progress();
}

function draw() {
  const focused = document.activeElement?.id;
  $("runs").replaceChildren(...runs.map(item));
  $("no-runs").hidden = runs.length > 0;
  if (focused && document.activeElement?.id !== focused) $(focused)?.focus();
  for (const run of runs) figures(run);
  drawCharts(runs);
}

const keyOf = (run) => (run.key ??= `run-${Math.random().toString(36).slice(2, 9)}`);

function item(run) {
  const key = keyOf(run);
  const name = make("input", {
    id: `${key}-name`,
    type: "text",
    value: run.name,
    maxLength: 40,
    "aria-label": "Name of the run",
  });
  name.addEventListener("input", () => (run.name = name.value.trim() || run.name));
  name.addEventListener("change", () => changed(run));
  const toggle = (what, text, label, pressed, act) => {
    const button = make("button", {
      id: `${key}-${what}`,
      className: "small",
      textContent: text,
      "aria-pressed": String(pressed),
      "aria-label": `${label} ${run.name}`,
    });
    button.addEventListener("click", act);
    return button;
  };
  const buttons = make(
    "div",
    { className: "row" },
    toggle("look", "Look at", "Look at", state.run === run, () => lookAt(run)),
    toggle("show", "Curve", "Show the curve of", run.shown, () => {
      run.shown = !run.shown;
      draw();
    }),
    toggle("keep", "Keep", "Keep", run.kept, () => {
      run.kept = !run.kept;
      save();
      announce(run.kept ? `${run.name} is kept in this browser.` : `${run.name} is no longer kept.`);
      draw();
    }),
    action(key, "copy", "Settings", `Use the settings of ${run.name}`, () => fill(run.experiment)),
    action(
      key,
      "test",
      "Test set",
      `Open the test set for ${run.name}`,
      () => open(run),
      !run.tested,
    ),
    action(key, "remove", "Remove", `Remove ${run.name}`, () => remove(run), run.going),
  );
  return make(
    "li",
    { id: key, className: state.run === run ? "looked" : "" },
    make("i", { className: `swatch c${run.colour}`, "aria-hidden": "true" }),
    name,
    make("b", { id: `${key}-accuracy` }),
    make("p", { id: `${key}-words`, className: "soft" }),
    buttons,
  );
}

function action(key, what, text, label, act, disabled = false) {
  const button = make("button", {
    id: `${key}-${what}`,
    className: "small",
    textContent: text,
    "aria-label": label,
    disabled,
  });
  button.addEventListener("click", act);
  return button;
}

function changed(run) {
  if (run.kept) save();
  draw();
}

function figures(run) {
  const accuracy = $(`${keyOf(run)}-accuracy`);
  if (!accuracy) return;
  accuracy.textContent = run.last ? percent(run.last.validation_accuracy) : "–";
  const epochs = `${run.curve.length} of ${run.experiment.epochs} epochs`;
  const time = run.seconds ? `, ${run.seconds.toFixed(1)} s` : "";
  const end = run.ended ? `; ${run.ended}` : "";
  const test = run.opened ? ` Test accuracy ${tested(run)}.` : "";
  $(`${keyOf(run)}-words`).textContent =
    `${words(run.experiment)} · ${epochs}${time}${end}.${test}`;
}

// The accuracy on the test set with its interval, and of how many images it is.
function tested({ experiment, tested: predicted, testLabels: labels }) {
  const right = [...predicted].filter((digit, i) => Number(digit) === labels[i]).length;
  const [low, high] = wilson(right, labels.length).map((share) => (100 * share).toFixed(1));
  const count = grouped(labels.length);
  const which = experiment.data === "mnist" ? `the first ${count} of 10,000` : `all ${count}`;
  const share = percent(right / labels.length);
  return `${share} (95 % interval: ${low} to ${high} %) on ${which} test images`;
}

// Wilson's interval of a share, as tenfold evaluate gives it.
export function wilson(right, count) {
  const [share, square] = [right / count, Z * Z];
  const middle = share + square / (2 * count);
  const half = Z * Math.sqrt((share * (1 - share) + square / (4 * count)) / count);
  return [middle - half, middle + half].map((bound) => bound / (1 + square / count));
}

// The test set is for the end: whoever picks a run by it overestimates that run.
async function open(run) {
  await lookAt(run);
  run.testLabels = Array.from(state.held.test.labels);
  if (!run.opened) opened += 1;
  run.opened = true;
  draw();
  const advice =
    opened > 1
      ? `You have now used the test set for ${opened} runs. The more runs you choose between by it, the less its accuracy says about new images.`
      : "";
  $("tested").textContent = advice;
  announce(`${run.name}: test accuracy ${tested(run)}. ${advice}`);
}

function progress() {
  const run = now();
  $("train").disabled = run !== null;
  $("cancel").hidden = $("under-way").hidden = run === null;
  if (!run) return;
  if (run.steps) {
    Object.assign($("bar"), { max: run.steps, value: run.step });
    $("status").textContent = `Step ${grouped(Math.round(run.step))} of ${grouped(run.steps)}`;
  } else {
    $("bar").removeAttribute("value"); // it moves, and says nothing of how far it is
    $("status").textContent = "Loading PyTorch, which takes some seconds the first time …";
  }
}
