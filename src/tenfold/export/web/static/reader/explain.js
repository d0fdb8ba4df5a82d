// Show how a reading came about, one picture a step; see tenfold/reader/explain.py.

import { at } from "./lines.js";
import { rint } from "./numbers.js";
import { greyOf, Pixels } from "./pixels.js";
import { enlarge } from "./resize.js";
import { HAND, PRINT, RUNNING, SIGN, STRUCK } from "./signature.js";

export const INKED = 0.4;
export const MOST_STRIPS = 60;
const KIND_COLOURS = {
  [HAND]: [9, 105, 218],
  [PRINT]: [26, 127, 55],
  [RUNNING]: [110, 119, 129],
  [SIGN]: [191, 57, 137],
  [STRUCK]: [207, 34, 46],
};
const LINE_COLOURS = ["#0969da", "#bf3989", "#1a7f37", "#9a6700", "#8250df", "#cf222e"];

// Canvases of the steps picture, paper, ink, lines and strips.
export function steps(trace) {
  const { pixels } = trace.picture;
  const grey = greyOf(pixels);
  return {
    picture: canvasOf(pixels),
    paper: canvasOf(grey),
    ink: canvasOf(inkOf(trace, grey)),
    lines: linesOf(trace),
    strips: stripsOf(trace),
  };
}

function canvasOf({ width, height, channels, data }) {
  const image = new ImageData(width, height);
  for (let k = 0; k < width * height; k++) {
    for (let c = 0; c < 3; c++) image.data[4 * k + c] = data[channels === 1 ? k : 3 * k + c];
    image.data[4 * k + 3] = 255;
  }
  const canvas = new OffscreenCanvas(width, height);
  canvas.getContext("2d").putImageData(image, 0, 0);
  return canvas;
}

// The finder's masks of the finest level, in colours over the faded picture.
function inkOf({ seen }, { width, height, data }) {
  const out = new Pixels(width, height, 3);
  data.forEach((level, k) => out.data.fill(255 - ((255 - level) >> 2), 3 * k, 3 * k + 3));
  const finest = seen.levels.reduce((best, level) => (!best || level.scale > best.scale ? level : best), null);
  if (!finest) return out;
  const rows = Math.min(finest.height, Math.max(1, rint((height * finest.scale) / 2)));
  const columns = Math.min(finest.width, Math.max(1, rint((width * finest.scale) / 2)));
  finest.kinds.forEach((values, kind) => {
    const own = new Float32Array(rows * columns);
    for (let y = 0; y < rows; y++) {
      own.set(values.subarray(y * finest.width, y * finest.width + columns), y * columns);
    }
    const mask = enlarge(new Pixels(columns, rows, 1, own), width, height);
    mask.data.forEach((p, k) => p > INKED && out.data.set(KIND_COLOURS[kind], 3 * k));
  });
  return out;
}

// Boxes of the digits found, in a colour of each line's own, and the parts cut out.
function linesOf({ picture, lines }) {
  const canvas = canvasOf(picture.pixels);
  const context = canvas.getContext("2d");
  lines.forEach((line, number) => {
    context.strokeStyle = LINE_COLOURS[number % LINE_COLOURS.length];
    for (const { part } of line) {
      for (const { x, y, width, height } of part.found) context.strokeRect(x, y, width, height);
      context.beginPath();
      for (const x of [part.start, part.end]) context.lineTo(x, at(part, x) + 0.75 * part.height);
      context.stroke();
    }
  });
  return canvas;
}

// What was cut out of the lines, each with the string read in it below.
function stripsOf({ lines }) {
  const reads = lines.flat().slice(0, MOST_STRIPS);
  const step = reads.length ? reads[0].strip.height + 24 : 48;
  const canvas = new OffscreenCanvas(Math.max(240, ...reads.map(({ strip }) => strip.width)), step * (reads.length || 1));
  const context = canvas.getContext("2d");
  context.fillStyle = "#fff";
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.fillStyle = "#000";
  context.font = "16px system-ui, sans-serif";
  reads.forEach(({ strip, spelled }, number) => {
    context.drawImage(canvasOf(strip), 0, number * step);
    const sure = Math.round(100 * Math.exp(spelled.logProbability));
    context.fillText(`${spelled.text || "(nothing)"}   ${sure} %`, 4, (number + 1) * step - 7);
  });
  return canvas;
}
