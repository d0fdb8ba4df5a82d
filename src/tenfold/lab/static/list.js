// The list of runs: compared, named, kept, looked at, removed; and the test set, opened rarely.

import { drawCharts } from "./chart.js";
import { lookAt, now, remove, runs, save } from "./runs.js";
import { fill } from "./settings.js";
import { $, announce, make, on, percent, state } from "./state.js";

let opened = 0; // how often the test set was looked at

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
    data === "mnist" ? `MNIST ${images.toLocaleString("en")}` : "digits",
    network + width,
    loss,
    `${optimizer} ${learning_rate}`,
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
      announce(run.kept ? `${run.name} is kept in this browser.` : `${run.name} is not kept.`);
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
  const test = run.opened ? ` Test accuracy ${percent(testAccuracy(run))}.` : "";
  $(`${keyOf(run)}-words`).textContent =
    `${words(run.experiment)} · ${epochs}${time}${end}.${test}`;
}

function testAccuracy(run) {
  const labels = run.testLabels;
  return [...run.tested].filter((digit, i) => Number(digit) === labels[i]).length / labels.length;
}

// The test set is for the end: who chooses by it, measures the choosing.
async function open(run) {
  await lookAt(run);
  run.testLabels = Array.from(state.held.test.labels);
  if (!run.opened) opened += 1;
  run.opened = true;
  draw();
  const text = `${run.name}: test accuracy ${percent(testAccuracy(run))} of ${run.testLabels.length} images.`;
  const advice =
    opened > 1
      ? ` You have opened it for ${opened} runs. The more often one chooses by the test set, the less its figure promises for new images.`
      : "";
  $("tested").textContent = text + advice;
  announce(text + advice);
}

function progress() {
  const run = now();
  $("train").disabled = run !== null;
  $("cancel").hidden = run === null;
  $("bar").hidden = $("status").hidden = run === null;
  if (!run) return;
  $("bar").max = run.steps || 1;
  $("bar").value = run.step;
  const [step, steps] = [Math.round(run.step), run.steps].map((n) => n.toLocaleString("en"));
  $("status").textContent = run.steps
    ? `Step ${step} of ${steps}`
    : "The training process starts …";
}
