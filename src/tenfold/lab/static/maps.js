// Ten bars, and the first layer: its weights as images, and what it makes of the image on the sheet.

import { best } from "./network.js";
import { largest, paint } from "./paint.js";
import { $, make, on, percent, state } from "./state.js";

const MOST = 32; // units of a dense layer that are shown

export function offerMaps() {
  for (let digit = 0; digit < 10; digit++)
    $("bars").append(make("li", {}, make("span", {}, digit), make("i"), make("span")));
  on("network picture", draw);
}

function draw() {
  const { network, picture } = state;
  const fits = network && picture && network.layers.length && fitting(network, picture);
  $("no-network").hidden = $("no-first").hidden = Boolean(fits);
  $("first").hidden = $("bars").hidden = !fits;
  $("verdict").textContent = "";
  if (!fits) return;
  const all = (state.activations = network.forward(picture.ink));
  const probabilities = all.at(-1).data;
  fillBars(probabilities);
  fillFirst(network, all);
}

// Whether a network takes images of this size: the one trained before may not.
export function fitting(network, { size }) {
  const first = network.layers.find(({ weight }) => weight.length);
  if (first.kind === "dense") return first.weight[1] === size * size;
  return network.layers.find(({ kind }) => kind === "conv").out[1] === size - 2 + 2 * first.padding;
}

function fillBars(probabilities) {
  const winner = best(probabilities);
  [...$("bars").children].forEach((bar, digit) => {
    const p = probabilities[digit];
    bar.className = digit === winner ? "best" : "";
    bar.children[1].style.setProperty("--share", Number.isFinite(p) ? p : 0);
    bar.children[2].textContent = Number.isFinite(p) ? percent(p) : "no number";
  });
  const p = probabilities[winner];
  $("verdict").textContent = Number.isFinite(p)
    ? `The network says ${winner} with ${percent(p)} confidence.`
    : "The network gives no answer: its numbers are too large.";
}

function fillFirst(network, all) {
  const number = network.layers.findIndex(({ weight }) => weight.length);
  const layer = network.layers[number];
  const conv = layer.kind === "conv";
  const units = Math.min(conv ? layer.weight[0] : MOST, layer.weight[0]);
  const side = conv ? 3 : state.picture.size;
  const given = all[number + 1];
  const relu = network.layers[number + 1]?.kind === "relu" ? all[number + 2] : given;
  $("first-says").textContent = conv
    ? `The ${units} filters of the first convolution. Orange weights are positive, blue ones negative. Below each filter stands its output for the image on the sheet.`
    : `The weights of ${units < layer.weight[0] ? `the first ${units} of ` : ""}${layer.weight[0]} units, one per pixel. Orange weights are positive, blue ones negative. Below each unit stands its output for the image on the sheet.`;
  const list = $("filters");
  // Few are shown large, many small, so that together they are about as tall as the sheet's card.
  list.style.setProperty("--columns", Math.ceil(Math.sqrt(3.2 * units)));
  while (list.children.length > units) list.lastChild.remove();
  while (list.children.length < units) {
    const attributes = { "aria-hidden": "true" };
    list.append(make("li", {}, make("canvas", attributes), make("canvas", attributes)));
  }
  const weights = layer.w.subarray(0, units * side * side);
  const most = [largest(weights), largest(relu.data)];
  const plane = conv ? given.shape[1] * given.shape[2] : 1;
  const columns = conv ? given.shape[2] : 1;
  [...list.children].forEach((pair, unit) => {
    const from = unit * side * side;
    paint(pair.firstChild, weights.subarray(from, from + side * side), side, { most: most[0] });
    const map = relu.data.subarray(unit * plane, (unit + 1) * plane);
    paint(pair.lastChild, map, columns, { most: most[1] });
  });
}
