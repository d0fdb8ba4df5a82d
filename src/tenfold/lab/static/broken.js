// Break it: noise on the weights, a layer of zeros, images unlike any that the network has seen.

import { best, Network } from "./network.js";
import { $, announce, grouped, make, on, percent, state, tell } from "./state.js";

const WORK = 150e6; // multiplications that a moved slider may cost
const PAUSE = 120; // milliseconds after its last move
const NAMES = { conv: "convolution", dense: "dense layer" };

let seed = 1;
let timer = 0;
let listed = "";

export function offerBreaking() {
  for (const id of ["noise", "zero", "unscaled", "transposed"])
    $(id).addEventListener("input", later);
  $("reroll").addEventListener("click", () => {
    seed += 1;
    apply();
  });
  $("repair").addEventListener("click", repair);
  on("weights", apply);
  on("curve", () => {
    if (!state.broken && state.network) measure();
  });
}

function later() {
  $("noise-value").textContent = percent($("noise").value / 100, 0);
  $("noise").setAttribute("aria-valuetext", $("noise-value").textContent);
  clearTimeout(timer);
  timer = setTimeout(() => {
    apply();
    if (state.broken) announce($("broken-says").textContent);
  }, PAUSE);
}

function repair() {
  $("noise").value = 0;
  $("zero").value = "";
  $("unscaled").checked = $("transposed").checked = false;
  later();
}

// The network as it was trained, with whatever is broken about it now.
function apply() {
  const { run } = state;
  const network = state.looked === run ? run?.network() : null;
  $("breaks").hidden = !network;
  $("no-breaks").hidden = Boolean(network);
  if (!network) {
    state.network = null;
    tell("network");
    return;
  }
  listLayers(network);
  const noise = $("noise").value / 100;
  const zero = $("zero").value;
  const [unscaled, transposed] = [$("unscaled").checked, $("transposed").checked];
  state.broken = noise > 0 || zero !== "" || unscaled || transposed;
  if (noise > 0 || zero !== "") {
    const weights = network.weights.slice();
    state.network = new Network(run.layers, weights);
    if (noise > 0) shake(state.network, noise);
    if (zero !== "") blank(state.network.layers[Number(zero)]);
  } else {
    state.network = network;
  }
  const full = state.held.size === 8 ? 16 : 255;
  state.network.before = (ink) => {
    const seen = transposed ? turned(ink) : ink;
    return unscaled ? seen.map((value) => value * full) : seen;
  };
  measure();
  tell("network");
}

function listLayers(network) {
  const found = network.layers.flatMap(({ kind, weight }, i) => (weight.length ? [[i, kind]] : []));
  if (String(found) === listed) return;
  listed = String(found);
  const count = {};
  $("zero").replaceChildren(
    make("option", { value: "", textContent: "none" }),
    ...found.map(([i, kind]) => {
      count[kind] = (count[kind] ?? 0) + 1;
      return make("option", { value: i, textContent: `${NAMES[kind]} ${count[kind]}` });
    }),
  );
}

function blank(layer) {
  layer.w.fill(0);
  layer.b.fill(0);
}

// Add normal noise to each weight: `noise` times the root mean square of its layer's weights.
function shake(network, noise) {
  const random = generator(seed);
  for (const { w } of network.layers) {
    if (!w.length) continue;
    const spread = Math.sqrt(w.reduce((sum, value) => sum + value * value, 0) / w.length);
    for (let i = 0; i < w.length; i++) {
      const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
      w[i] += noise * spread * normal;
    }
  }
}

// Mulberry32: the same seed gives the same noise.
function generator(state) {
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

function turned(ink) {
  const size = Math.round(Math.sqrt(ink.length));
  return ink.map((_, i) => ink[(i % size) * size + Math.floor(i / size)]);
}

function measure() {
  const { run, network, held } = state;
  const whole = run.last ? percent(run.last.validation_accuracy) : "–";
  state.brokenPredicted = null;
  if (!state.broken) {
    $("broken-says").textContent = `Nothing is broken: validation accuracy ${whole}.`;
    return;
  }
  const count = Math.max(20, Math.min(held.validation.count, Math.floor(WORK / network.work)));
  const { ink, labels } = held.validation;
  const predicted = Array.from({ length: count }, (_, i) => best(network.probabilities(ink(i))));
  const right = predicted.filter((digit, i) => digit === labels[i]).length;
  Object.assign(state, { brokenPredicted: predicted, brokenAccuracy: right / count });
  const of = count < held.validation.count ? ` on ${grouped(count)} images` : "";
  $("broken-says").textContent =
    `Broken: validation accuracy ${percent(right / count)}${of}; before, ${whole}. Guessing gets about 10 %.`;
}
