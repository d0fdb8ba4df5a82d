// How the validation images are classified: the confusion matrix, and the misclassified images.

import { paint } from "./paint.js";
import { show } from "./sheet.js";
import { $, grouped, make, on, percent, state } from "./state.js";

const SHOWN = 36;
let filter = null; // [true label, predicted label] of the cell that was chosen
let drawn = ""; // what the images on the page show

export function offerMatrix() {
  on("curve held network", draw);
  on("runs", () => (filter = null));
}

function predictions() {
  const { run, looked } = state;
  if (!run || looked !== run) return null;
  if (state.broken) return state.brokenPredicted;
  return run.predicted ? [...run.predicted].map(Number) : null;
}

function draw() {
  const predicted = predictions();
  $("no-matrix").hidden = predicted !== null;
  $("matrix").hidden = predicted === null;
  if (!predicted) {
    $("mistakes").replaceChildren();
    $("mistakes-says").textContent = "They appear here while the network learns.";
    drawn = "";
    return;
  }
  const counts = Array.from({ length: 10 }, () => new Array(10).fill(0));
  const labels = state.held.validation.labels;
  predicted.forEach((digit, i) => (counts[labels[i]][digit] += 1));
  fillMatrix(counts);
  fillMistakes(predicted, labels);
}

function fillMatrix(counts) {
  const body = $("matrix").tBodies[0];
  if (!body.rows.length) {
    for (let label = 0; label < 10; label++) {
      const row = body.insertRow();
      row.append(make("th", { scope: "row", textContent: label }));
      for (let digit = 0; digit < 10; digit++) row.append(cell(label, digit));
    }
  }
  counts.forEach((row, label) => {
    const sum = Math.max(
      1,
      row.reduce((a, b) => a + b, 0),
    );
    row.forEach((count, digit) => {
      const td = body.rows[label].cells[digit + 1];
      const button = td.firstChild;
      const text = count ? String(count) : "·";
      if (button.textContent !== text) button.textContent = text;
      button.disabled = !count || label === digit;
      button.setAttribute("aria-label", `${count} images of ${label} classified as ${digit}`);
      button.setAttribute("aria-pressed", String(String(filter) === `${label},${digit}`));
      td.className = !count ? "" : label === digit ? "right" : "wrong";
      td.style.setProperty("--share", (count / sum).toFixed(3));
    });
  });
}

function cell(label, digit) {
  const button = make("button", {});
  button.addEventListener("click", () => {
    filter = String(filter) === `${label},${digit}` ? null : [label, digit];
    draw();
  });
  return make("td", {}, button);
}

function fillMistakes(predicted, labels) {
  const wrong = [...predicted.keys()].filter((i) => predicted[i] !== labels[i]);
  const chosen = filter
    ? wrong.filter((i) => labels[i] === filter[0] && predicted[i] === filter[1])
    : wrong;
  const right = (predicted.length - wrong.length) / predicted.length;
  const only = filter ? ` Shown: ${filter[0]} classified as ${filter[1]}.` : "";
  $("mistakes-says").textContent =
    `${grouped(wrong.length)} of ${grouped(predicted.length)} validation images; accuracy ${percent(right)}.${only}` +
    (chosen.length > SHOWN ? ` The first ${SHOWN} are shown.` : "");
  const shown = chosen.slice(0, SHOWN);
  $("mistakes").style.setProperty("--columns", Math.ceil(Math.sqrt(2.6 * shown.length)) || 1);
  const now = shown.map((i) => `${i}:${predicted[i]}`).join() + state.held.size;
  if (now === drawn) return; // images that stay where they are keep the focus
  drawn = now;
  $("mistakes").replaceChildren(...shown.map((i) => mistake(i, labels[i], predicted[i])));
}

function mistake(i, label, digit) {
  const canvas = make("canvas", { "aria-hidden": "true" });
  const ink = state.held.validation.ink(i);
  paint(canvas, ink, state.held.size, { ink: true });
  const button = make(
    "button",
    { "aria-label": `A ${label} classified as ${digit}: put it on the sheet` },
    canvas,
    make("span", {}, `${label} → ${digit}`),
  );
  button.addEventListener("click", () => show(ink, label));
  return make("li", {}, button);
}
