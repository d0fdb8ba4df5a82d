// Look inside: layer by layer, and the sum behind every number.

import { explain, place } from "./network.js";
import { figure, largest, paint } from "./paint.js";
import { fitting } from "./maps.js";
import { $, grouped, make, on, state } from "./state.js";

const NAMES = {
  times: "Scaling undone",
  conv: "Convolution 3×3",
  relu: "ReLU",
  swap: "Axes swapped",
  pool: "Max pooling 2×2",
  flatten: "Flatten",
  dense: "Dense layer",
  softmax: "Softmax",
};
const SAYS = {
  times: "Each pixel is multiplied back, as if it had never been scaled.",
  conv: "A 3×3 window slides over the input. Each number in the output is the sum of the products under the window, over all channels, plus a bias.",
  relu: "Negative numbers become 0; the others stay.",
  swap: "Channels are mistaken for height, and height for width: neighbours are no longer neighbours.",
  pool: "Of each block of four, only the largest number stays.",
  flatten: "All channels become one row of numbers; none of them changes.",
  dense: "Every unit multiplies each input by a weight, adds up the products, and adds a bias.",
  softmax:
    "e to the power of each number, divided by the sum over all ten: probabilities that add up to 1.",
};
const PACE = 220; // milliseconds a step of the kernel takes
const TERMS = 9; // of a long sum that are written out

let chosen = 0; // the layer
let index = 0; // the number in its output
let seen = 0; // the channel of the input that is shown
let timer = null;

export function offerInside() {
  on("network", listLayers);
  on("network picture", refresh);
  $("out").addEventListener("pointermove", point);
  $("out").addEventListener("pointerdown", point);
  $("out").addEventListener("keydown", key);
  $("in").addEventListener("pointermove", pointIn);
  $("in").addEventListener("pointerdown", pointIn);
  $("channel").addEventListener("input", () => go(Number($("channel").value) - 1, null));
  $("seen").addEventListener("input", () => {
    seen = Number($("seen").value) - 1;
    draw();
  });
  $("step-back").addEventListener("click", () => step(-1));
  $("step-on").addEventListener("click", () => step(1));
  $("play").addEventListener("click", play);
}

const ready = () => state.network && state.activations && fitting(state.network, state.picture);
const layer = () => state.network.layers[chosen];
const plane = (shape) => (shape.length === 3 ? shape[1] * shape[2] : shape[0]);

// One row of numbers is broken into lines: ten stay one, and many become a square, not a tower.
function columns(shape) {
  if (shape.length === 3) return shape[2];
  return shape[0] === 10 ? 10 : Math.max(16, Math.ceil(Math.sqrt(shape[0])));
}

const words = (shape) => shape.map(grouped).join(" × ");

function listLayers() {
  const layers = state.network?.layers ?? [];
  const text = layers.map(({ kind, out }) => `${kind}${out}`).join();
  if ($("layers").dataset.shown === text) return;
  $("layers").dataset.shown = text;
  // The first layer that has weights: what is before it only rearranges the image.
  if (layers.length) choose(layers.findIndex(({ weight }) => weight.length));
  $("layers").replaceChildren(
    ...layers.map(({ kind, out, parameters }, i) => {
      const button = make(
        "button",
        { "aria-pressed": String(i === chosen) },
        make("b", {}, NAMES[kind]),
        make("span", {}, words(out)),
      );
      button.title = `${grouped(parameters)} parameters`;
      button.addEventListener("click", () => {
        choose(i);
        stop();
        refresh();
      });
      return make("li", {}, button);
    }),
  );
}

// A layer, at the number in the middle of its first channel.
function choose(number) {
  [chosen, seen] = [number, 0];
  const { out } = layer();
  index = out.length === 3 ? Math.floor(out[1] / 2) * out[2] + Math.floor(out[2] / 2) : 0;
}

function refresh() {
  $("insides").hidden = !ready();
  $("no-inside").hidden = Boolean(ready());
  if (!ready()) return stop();
  const { kind, out } = layer();
  [...$("layers").querySelectorAll("button")].forEach((button, i) =>
    button.setAttribute("aria-pressed", String(i === chosen)),
  );
  const input = state.activations[chosen];
  $("layer-says").textContent = SAYS[kind];
  range("channel", out.length === 3 ? out[0] : 1, Math.floor(index / plane(out)));
  range("seen", kind === "conv" ? input.shape[0] : 1, seen);
  $("play").disabled = $("step-on").disabled = $("step-back").disabled = false;
  return draw();
}

function range(id, count, value) {
  $(`${id}-row`).hidden = count < 2;
  Object.assign($(id), { max: count, value: value + 1 });
  $(`${id}-value`).textContent = `${value + 1} of ${count}`;
}

// Go to another channel or another place in the output; null leaves it as it is.
function go(channel, at) {
  const { out } = layer();
  const size = plane(out);
  index = (channel ?? Math.floor(index / size)) * size + (at ?? index % size);
  refresh();
}

function step(by) {
  const size = plane(layer().out);
  go(null, ((index % size) + by + size) % size);
}

function play() {
  if (timer) return stop();
  $("play").textContent = "Pause";
  timer = setInterval(() => step(1), PACE);
  return step(1);
}

function stop() {
  clearInterval(timer);
  timer = null;
  $("play").textContent = "Play";
}

function point(event) {
  if (!ready()) return;
  const box = $("out").getBoundingClientRect();
  const across = columns(layer().out);
  const x = Math.floor(((event.clientX - box.left) / box.width) * $("out").width);
  const y = Math.floor(((event.clientY - box.top) / box.height) * $("out").height);
  const at = y * across + x;
  if (x < 0 || y < 0 || x >= across || at >= plane(layer().out)) return;
  stop();
  go(null, at);
}

// Over what goes in, the kernel's window follows the pointer.
function pointIn(event) {
  if (!ready() || layer().kind !== "conv") return;
  const [, height, width] = state.activations[chosen].shape;
  const [, h, w] = layer().out;
  const box = $("in").getBoundingClientRect();
  const middle = (share, size, most) =>
    Math.min(most - 1, Math.max(0, Math.floor(share * size) - 1 + layer().padding));
  const x = middle((event.clientX - box.left) / box.width, width, w);
  const y = middle((event.clientY - box.top) / box.height, height, h);
  stop();
  go(null, y * w + x);
}

function key(event) {
  const across = columns(layer().out);
  const by = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -across, ArrowDown: across }[event.key];
  if (!by) return;
  event.preventDefault();
  stop();
  const at = (index % plane(layer().out)) + by;
  if (at >= 0 && at < plane(layer().out)) go(null, at);
}

function draw() {
  const { kind, out } = layer();
  const [input, output] = [state.activations[chosen], state.activations[chosen + 1]];
  const found = explain(state.activations, layer(), chosen, index);
  // Where a number comes from one channel, that one is shown; a convolution sees all of them.
  const from = found.terms[0]?.place ?? 0;
  if (input.shape.length < 3) seen = 0;
  else if (kind !== "conv") seen = Math.floor(Math.max(0, from) / plane(input.shape));
  $("seen-value").textContent = `${seen + 1} of ${input.shape[0]}`;
  const terms =
    kind === "conv" ? found.terms.filter(({ channel }) => channel === seen) : found.terms;
  const places =
    kind === "dense" || kind === "softmax"
      ? top(found).map((term) => term.place)
      : terms.map((term) => term.place);
  show($("in"), input, seen, places, chosen === 0);
  show($("out"), output, Math.floor(index / plane(out)), [index], false);
  $("in-says").textContent = `In: ${words(input.shape)}`;
  $("out-says").textContent = `Out: ${words(out)}`;
  if (kind === "conv") drawKernel(terms);
  $("kernel").hidden = kind !== "conv";
  $("sum").replaceChildren(...sum(kind, out, found));
}

function show(canvas, { shape, data }, channel, places, ink) {
  const size = plane(shape);
  const across = columns(shape);
  const from = shape.length === 3 ? channel * size : 0;
  paint(canvas, data.subarray(from, from + size), across, ink ? { ink } : { most: largest(data) });
  canvas.style.setProperty("--columns", across);
  canvas.style.setProperty("--rows", canvas.height);
  const marks = canvas.nextElementSibling;
  marks.replaceChildren(
    ...places
      .filter((at) => at >= from && at < from + size)
      .map((at) => {
        const mark = make("i");
        mark.style.left = `${(100 * ((at - from) % across)) / across}%`;
        mark.style.top = `${(100 * Math.floor((at - from) / across)) / canvas.height}%`;
        mark.style.width = `${100 / across}%`;
        mark.style.height = `${100 / canvas.height}%`;
        return mark;
      }),
  );
}

// Under the window of one channel: nine values, nine weights.
function drawKernel(terms) {
  const rows = [0, 1, 2].map((row) =>
    make(
      "tr",
      {},
      ...terms
        .slice(3 * row, 3 * row + 3)
        .map(({ value, weight }) => make("td", {}, `${figure(value)} × ${figure(weight)}`)),
    ),
  );
  $("kernel").tBodies[0].replaceChildren(...rows);
}

const adds = (term) => term.value * (term.weight ?? 1);
const top = ({ terms }) =>
  [...terms].sort((a, b) => Math.abs(adds(b)) - Math.abs(adds(a))).slice(0, TERMS);

function sum(kind, out, found) {
  const result = make("strong", {}, figure(found.result));
  const where = whereIs(out);
  const [{ value }] = found.terms;
  if (kind === "conv")
    return [where, ...channels(found), ` + bias ${figure(found.bias)} = `, result];
  if (kind === "dense") return [where, ...long(found), ` + bias ${figure(found.bias)} = `, result];
  if (kind === "pool") {
    const four = found.terms.map((term) => figure(term.value)).join(", ");
    return [where, `the largest of ${four} = `, result];
  }
  if (kind === "relu") return [where, `max(0, ${figure(value)}) = `, result];
  if (kind === "times") return [where, `${figure(value)} × ${found.terms[0].weight} = `, result];
  if (kind === "softmax") {
    const all = found.terms.reduce((so, term) => so + Math.exp(term.value), 0);
    return [
      where,
      `e^${figure(found.terms[index].value)} ÷ ${figure(all)}, the sum over all ten, = `,
      result,
    ];
  }
  return [where, "passed on unchanged: ", result];
}

function whereIs(out) {
  if (out.length === 1)
    return out[0] === 10 ? `Digit ${index}: ` : `Number ${grouped(index + 1)} of ${grouped(out[0])}: `;
  const [channel, y, x] = place(out, index);
  return `Channel ${channel + 1}, row ${y + 1}, column ${x + 1}: `;
}

function channels({ terms }) {
  const sums = new Map();
  for (const term of terms) sums.set(term.channel, (sums.get(term.channel) ?? 0) + adds(term));
  if (sums.size === 1) return [`${figure(sums.get(0))} from the nine products`];
  const sorted = [...sums].sort((a, b) => Math.abs(b[1]) - Math.abs(a[1]));
  const [first, rest] = [sorted.slice(0, 5), sorted.slice(5)];
  const parts = first.map(([channel, sum]) => `${figure(sum)} from channel ${channel + 1}`);
  const others = rest.reduce((all, [, sum]) => all + sum, 0);
  if (rest.length) parts.push(`${figure(others)} from ${rest.length} more`);
  return [parts.join(" + ")];
}

function long(found) {
  const first = top(found);
  const rest = found.terms.length - first.length;
  const others =
    found.terms.reduce((sum, term) => sum + adds(term), 0) -
    first.reduce((sum, term) => sum + adds(term), 0);
  const text = first.map(({ value, weight }) => `${figure(value)} × ${figure(weight)}`).join(" + ");
  return [text + (rest > 0 ? ` + ${figure(others)} from ${grouped(rest)} more` : "")];
}
