// Curves of loss and accuracy, of all runs that are shown, growing while they train.

import { $, percent } from "./state.js";

const [HEIGHT, EDGE] = [230, 10]; // the height as the style has it
const BOX = { left: 46, right: 410, top: 12, bottom: 200 };
const SVG = "http://www.w3.org/2000/svg";

function svg(name, attributes, text) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  if (text !== undefined) element.textContent = text;
  return element;
}

export function drawCharts(runs) {
  // In the page's own pixels, so that text keeps its size on any screen.
  BOX.right = $("accuracy-chart").clientWidth - EDGE;
  const epochs = Math.max(2, ...runs.map((run) => (run.shown ? run.experiment.epochs : 0)));
  const shown = runs.filter((run) => run.shown && run.curve.length);
  const x = (epoch) => BOX.left + ((BOX.right - BOX.left) * (epoch - 1)) / Math.max(1, epochs - 1);
  drawAccuracy(shown, epochs, x);
  drawLoss(shown, epochs, x);
}

function drawAccuracy(runs, epochs, x) {
  const all = runs.flatMap((run) => run.curve.map((p) => p.validation_accuracy));
  // Where all is near 100 %, differences would be lost on the whole scale.
  const low =
    all.length && Math.min(...all.slice(-all.length / 2)) > 0.8 && Math.min(...all) > 0.5 ? 0.5 : 0;
  const y = (v) => BOX.bottom - ((BOX.bottom - BOX.top) * (Math.max(low, v) - low)) / (1 - low);
  const ticks = [0, 0.25, 0.5, 0.75, 1].map((part) => low + part * (1 - low));
  const marks = ticks.map((v) => [y(v), percent(v, low ? 1 : 0).replace(".0", "")]);
  frame($("accuracy-chart"), marks, epochs, x);
  lines($("accuracy-chart"), runs, (p) => [p.accuracy, p.validation_accuracy], x, y);
  const words = runs.map((run) => `${run.name} ${percent(run.curve.at(-1).validation_accuracy)}`);
  label($("accuracy-chart"), "Validation accuracy", words, runs);
}

// A logarithmic scale, since losses of different kinds differ by factors of ten.
function drawLoss(runs, epochs, x) {
  const all = runs
    .flatMap((run) => run.curve.flatMap((p) => [p.loss, p.validation_loss]))
    .filter((v) => v > 0);
  const low = Math.floor(Math.log10(all.length ? Math.min(...all) : 0.01));
  const high = Math.max(low + 1, Math.ceil(Math.log10(all.length ? Math.max(...all) : 1)));
  const y = (v) =>
    BOX.bottom -
    ((BOX.bottom - BOX.top) * (Math.log10(Math.max(v, 10 ** low)) - low)) / (high - low);
  const marks = [];
  for (let power = low; power <= high; power++)
    marks.push([y(10 ** power), String(Number(`1e${power}`))]);
  frame($("loss-chart"), marks, epochs, x);
  lines($("loss-chart"), runs, (p) => [p.loss, p.validation_loss], x, y);
  const words = runs.map((run) => `${run.name} ${run.curve.at(-1).validation_loss.toPrecision(3)}`);
  label($("loss-chart"), "Validation loss", words, runs);
}

function frame(chart, marks, epochs, x) {
  chart.replaceChildren();
  chart.setAttribute("viewBox", `0 0 ${BOX.right + EDGE} ${HEIGHT}`);
  for (const [y, text] of marks) {
    chart.append(
      svg("line", { class: "rule", x1: BOX.left, x2: BOX.right, y1: y, y2: y }),
      svg("text", { x: BOX.left - 6, y: y + 4, "text-anchor": "end" }, text),
    );
  }
  const step = [1, 2, 5, 10, 25, 50].find((each) => epochs / each <= 6) ?? 50;
  for (let epoch = step; epoch <= epochs; epoch += step) {
    chart.append(
      svg("text", { x: x(epoch), y: BOX.bottom + 17, "text-anchor": "middle" }, String(epoch)),
    );
  }
}

function lines(chart, runs, pair, x, y) {
  for (const run of runs) {
    for (const [which, kind] of ["training", "validation"].entries()) {
      const points = run.curve.map(
        (p) => `${x(p.epoch).toFixed(1)},${y(pair(p)[which]).toFixed(1)}`,
      );
      const attributes = { class: `curve ${kind} c${run.colour}`, points: points.join(" ") };
      chart.append(svg("polyline", attributes));
    }
    const last = run.curve.at(-1);
    const at = { cx: x(last.epoch), cy: y(pair(last)[1]), r: 3.5, class: `dot c${run.colour}` };
    chart.append(svg("circle", at));
  }
}

function label(chart, what, words, runs) {
  const epoch = Math.max(0, ...runs.map((run) => run.curve.at(-1).epoch));
  const text = words.length
    ? `${what} after up to ${epoch} epochs: ${words.join(", ")}.`
    : `${what}: nothing trained yet.`;
  chart.setAttribute("aria-label", text);
}
