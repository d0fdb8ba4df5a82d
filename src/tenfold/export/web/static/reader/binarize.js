// Find the ink: even out the light, tell paper from ink, and weigh how inky each pixel is.
// The same steps as tenfold/preprocess/binarize.py, which says why.

import { blur, calm, close, dilate, medianBlur } from "./filters.js";
import { median, quantile, quantileOfCounts, rint } from "./numbers.js";
import { crop, floats, Pixels } from "./pixels.js";
import { enlarge, shrink } from "./resize.js";

const { fround } = Math;
export const SMALL_SIDE = 320;
export const SURROUNDINGS = [0.08, 0.15, 0.35, 0.7];
export const CLEAR_SKEW = 0.9;
export const CLEAR_PEAK = 0.35;
export const BRIDGED = 0.5;
export const CLOSINGS = [0.06, 0.09, 0.12, 0.18, 0.25, 0.35, 0.5];
export const SATURATED = 0.85;
export const SPARE = 1;
export const TINY_SIDE = 64;
export const FRAME = 20;
export const NOISE_FACTOR = 5;
export const LEAST_CELL = 20;
export const LOWER = 0.5;
export const LOWER_SHARE = 0.67;
export const GRAIN_SIDE = 300;
export const GRAIN_CELLS = 24;
export const GRAINY = 2;
export const MIN_CONTRAST = 6;
export const STROKE_SHARE = 0.42;
export const FAINT_SHARE = 0.18;
export const FAINT_REACH = 6;
export const PAGE_SHARE = 0.12;

// Levels of ink, how much darker (or lighter) than the paper, and a mask, 1 where there is ink.
export function findInk(pixels) {
  const direction = inkDirection(shrunk(pixels));
  const grey = project(pixels, direction);
  const paper = enlarge(paperOf(shrunk(grey)), grey.width, grey.height);
  const raw = subtract(paper, grey);
  const { level, grain } = calmed(raw);
  return { level, mask: threshold(level, grain) };
}

function shrunk(pixels) {
  const factor = SMALL_SIDE / Math.max(pixels.height, pixels.width);
  if (factor >= 1) return pixels;
  const side = (length) => Math.max(1, rint(length * factor));
  return shrink(pixels, side(pixels.width), side(pixels.height));
}

const odd = (value) => Math.max(3, Math.trunc(value) | 1);

function subtract(one, other) {
  const out = new Pixels(one.width, one.height);
  for (let at = 0; at < out.data.length; at++) out.data[at] = Math.max(0, one.data[at] - other.data[at]);
  return out;
}

// The colour axis, paper minus ink, on which the ink stands out most.
export function inkDirection(small) {
  const side = Math.min(small.width, small.height);
  const rim = side < TINY_SIDE ? 0 : Math.floor(side / FRAME);
  const inner = (pixels) => crop(pixels, rim, rim, pixels.width - rim, pixels.height - rim);
  const colour = inner(small);
  const last = judge(flat(borderColour(small), colour), colour);
  const judged = [last];
  for (const share of side >= TINY_SIDE ? SURROUNDINGS : SURROUNDINGS.slice(-2)) {
    const paper = medianBlur(small, Math.min(255, odd(share * side)));
    const one = judge(inner(paper), colour);
    const before = judged.at(-1);
    const bridged = judged.length > 1 && before.energy > BRIDGED * one.energy;
    if (bridged && before.skew >= CLEAR_SKEW && before.peak >= CLEAR_PEAK * last.peak) return before.axis;
    judged.push(one);
  }
  return judged.at(-1).skew > last.skew ? judged.at(-1).axis : last.axis;
}

function flat(colour, { width, height, channels }) {
  const out = new Pixels(width, height, channels);
  for (let at = 0; at < out.data.length; at++) out.data[at] = colour[at % channels];
  return out;
}

// Strongest axis of what differs from the paper, how one-sided it is, and how strong.
function judge(paper, colour) {
  const { channels } = colour;
  const count = colour.width * colour.height;
  const size = new Float32Array(count);
  let peak = 0;
  for (let at = 0, from = 0; at < count; at++) {
    let square = 0;
    for (let c = 0; c < channels; c++, from++) square += (paper.data[from] - colour.data[from]) ** 2;
    size[at] = Math.sqrt(square);
    if (size[at] > peak) peak = size[at];
  }
  const least = Math.max(MIN_CONTRAST, 0.3 * peak);
  const spread = Array.from({ length: channels }, () => new Array(channels).fill(0));
  let [strong, energy] = [0, 0];
  const rest = new Array(channels);
  for (let at = 0; at < count; at++) {
    if (size[at] > 0.3 * peak) energy += size[at] * size[at];
    if (!(size[at] > least)) continue;
    strong += 1;
    for (let c = 0; c < channels; c++) rest[c] = paper.data[at * channels + c] - colour.data[at * channels + c];
    for (let a = 0; a < channels; a++) for (let b = 0; b < channels; b++) spread[a][b] += rest[a] * rest[b];
  }
  if (strong < 3) return { axis: new Array(channels).fill(1), skew: 0, peak, energy: 0 };
  const axis = channels === 1 ? [1] : strongestAxis(spread);
  let [cubes, all] = [0, 0];
  for (let at = 0, from = 0; at < count; at++) {
    let along = 0;
    for (let c = 0; c < channels; c++, from++) along += (paper.data[from] - colour.data[from]) * axis[c];
    const cube = along * along * along;
    cubes += cube;
    all += Math.abs(cube);
  }
  const skew = cubes / (all + 1e-9);
  return { axis: axis.map((value) => fround(value * Math.sign(skew))), skew: Math.abs(skew), peak, energy };
}

// Eigenvector of the largest eigenvalue of a symmetric matrix, by Jacobi's rotations.
function strongestAxis(matrix) {
  const size = matrix.length;
  const vectors = matrix.map((_, row) => matrix.map((__, column) => (row === column ? 1 : 0)));
  for (let round = 0; round < 50; round++) {
    let off = 0;
    for (let p = 0; p < size; p++) {
      for (let q = p + 1; q < size; q++) {
        off += Math.abs(matrix[p][q]);
        if (matrix[p][q] === 0) continue;
        const angle = 0.5 * Math.atan2(2 * matrix[p][q], matrix[q][q] - matrix[p][p]);
        const [c, s] = [Math.cos(angle), Math.sin(angle)];
        const turn = (rows) =>
          rows.forEach((row) => ([row[p], row[q]] = [c * row[p] - s * row[q], s * row[p] + c * row[q]]));
        turn(matrix);
        [matrix[p], matrix[q]] = [
          matrix[p].map((value, k) => c * value - s * matrix[q][k]),
          matrix[p].map((value, k) => s * value + c * matrix[q][k]),
        ];
        turn(vectors);
      }
    }
    if (off === 0) break;
  }
  let best = 0;
  for (let k = 1; k < size; k++) if (matrix[k][k] > matrix[best][best]) best = k;
  return vectors.map((row) => row[best]);
}

function borderColour({ width, height, channels, data }) {
  const ring = Math.max(1, rint(0.05 * Math.min(width, height)));
  const counts = Array.from({ length: channels }, () => new Uint32Array(256));
  const add = (left, top, right, bottom) => {
    for (let y = top; y < bottom; y++) {
      for (let x = left; x < right; x++) {
        for (let c = 0; c < channels; c++) counts[c][data[(y * width + x) * channels + c]] += 1;
      }
    }
  };
  add(0, 0, width, Math.min(ring, height));
  add(0, Math.max(0, height - ring), width, height);
  add(0, 0, Math.min(ring, width), height);
  add(Math.max(0, width - ring), 0, width, height);
  return counts.map((levels) => Math.trunc(quantileOfCounts(levels, 0.5)));
}

// Grey picture along a colour axis, paper bright and ink dark.
function project(pixels, direction) {
  const { width, height, channels, data } = pixels;
  if (channels === 1) {
    return direction[0] > 0 ? pixels : new Pixels(width, height, 1, data.map((level) => 255 - level));
  }
  const total = fround(direction.reduce((all, value) => fround(all + Math.abs(value)), 0));
  const [r, g, b] = direction.map((value) => fround(value / total));
  const offset = fround(-255 * [r, g, b].reduce((all, value) => fround(all + Math.min(value, 0)), 0));
  const out = new Pixels(width, height);
  for (let at = 0, from = 0; at < out.data.length; at++, from += 3) {
    const two = fround(r * data[from] + fround(g * data[from + 1]));
    const level = rint(fround(fround(b * data[from + 2] + two) + offset));
    out.data[at] = level < 0 ? 0 : level > 255 ? 255 : level;
  }
  return out;
}

// Brightness of the bare paper everywhere, from the narrowest closing that bridges strokes.
function paperOf(small) {
  const side = Math.min(small.width, small.height);
  if (side < TINY_SIDE) return close(small, odd(CLOSINGS.at(-1) * side));
  const smooth = medianBlur(small, 3);
  const closed = (share) => close(smooth, odd(share * side));
  const energies = [];
  const energyOf = (k) => (energies[k] ??= energy(subtract(closed(CLOSINGS[k]), smooth)));
  let chosen = CLOSINGS.length - 1;
  for (let k = 0; k + 1 < CLOSINGS.length; k++) {
    const wider = SATURATED * energyOf(k + 1);
    if (energyOf(k) > wider && wider > 0) {
      chosen = k;
      break;
    }
  }
  return blur(closed(CLOSINGS[Math.min(chosen + SPARE, CLOSINGS.length - 1)]), 5);
}

function countsOf(data) {
  const counts = new Uint32Array(256);
  for (const level of data) counts[level] += 1;
  return counts;
}

// Sum of squares of what rises above the grain of the paper.
function energy({ data }) {
  const counts = countsOf(data);
  const floor = 2 * quantileOfCounts(counts, 0.5);
  return counts.reduce((total, count, level) => total + (level > floor ? count * (level - floor) ** 2 : 0), 0);
}

// Subtract the bare paper's own level, and smooth what is grainy.
function calmed(raw) {
  let { base, grain } = grainOf(raw);
  if (Math.min(raw.width, raw.height) >= GRAIN_SIDE && median(grain.data) >= GRAINY) {
    raw = calm(raw);
    ({ base, grain } = grainOf(raw));
  }
  if (base.data.every((level) => level < 1)) return { level: raw, grain };
  const offset = enlarge(base, raw.width, raw.height);
  const level = new Pixels(raw.width, raw.height);
  for (let at = 0; at < level.data.length; at++) {
    level.data[at] = Math.max(0, raw.data[at] - Math.trunc(offset.data[at]));
  }
  return { level, grain };
}

// Level and standard deviation of bare paper under the closing's envelope, on a coarse grid.
function grainOf(raw) {
  if (Math.min(raw.width, raw.height) < GRAIN_SIDE) {
    const counts = countsOf(raw.data);
    const [low, quarter] = [quantileOfCounts(counts, 0.05), quantileOfCounts(counts, 0.25)];
    const [base, grain] = [floats(1, 1), floats(1, 1)];
    grain.data[0] = quarter - low;
    base.data[0] = quarter + 0.5 * grain.data[0];
    return { base, grain };
  }
  const around = blur(raw, 7);
  const rough = new Pixels(raw.width, raw.height, 1, raw.data.map((level, at) => Math.abs(level - around.data[at])));
  const grain = asFloats(medianBlur(cells(rough), 5), (level) => fround(level / LOWER_SHARE));
  const base = asFloats(medianBlur(cells(raw), 5), (level, at) => Math.min(level, 4 * grain.data[at]));
  return { base, grain };
}

function asFloats({ width, height, data }, value) {
  return new Pixels(width, height, 1, Float32Array.from(data, value));
}

// Medians of square cells, about 24 along the longer side.
function cells({ width, height, data }) {
  const cell = Math.max(LEAST_CELL, Math.floor(Math.max(height, width) / GRAIN_CELLS));
  const step = Math.max(1, Math.floor(cell / 10));
  const out = new Pixels(Math.floor(width / cell), Math.floor(height / cell));
  const own = [];
  for (let row = 0; row < out.height; row++) {
    for (let column = 0; column < out.width; column++) {
      own.length = 0;
      for (let y = row * cell; y < (row + 1) * cell; y += step) {
        for (let x = column * cell; x < (column + 1) * cell; x += step) own.push(data[y * width + x]);
      }
      out.data[row * out.width + column] = Uint8Array.from(own).sort()[Math.trunc(LOWER * own.length)];
    }
  }
  return out;
}

// Ink where the level passes a share of the ink level nearby.
function threshold(level, grain) {
  const { width, height } = level;
  const block = Math.max(1, rint(Math.max(height, width) / 160));
  const peaks = peaksOf(block > 1 ? blur(level, 3) : level, block);
  const page = quantile(peaks.data, 0.995);
  const reach = odd(0.15 * Math.max(peaks.width, peaks.height));
  const local = blur(dilate(peaks, reach), reach);
  const noise = enlarge(grain, peaks.width, peaks.height);
  const floor = Math.max(MIN_CONTRAST, PAGE_SHARE * page);
  const [edge, faint] = [STROKE_SHARE, FAINT_SHARE].map((share) => {
    const limits = local.data.map((own, at) =>
      Math.max(fround(fround(share) * own), fround(NOISE_FACTOR * noise.data[at]), fround(floor)),
    );
    return enlarge(new Pixels(local.width, local.height, 1, limits), width, height);
  });
  return markInk(level, edge, faint);
}

function peaksOf({ width, height, data }, block) {
  const out = new Pixels(Math.ceil(width / block), Math.ceil(height / block));
  for (let y = 0, at = 0; y < height; y++) {
    const row = Math.floor(y / block) * out.width;
    for (let x = 0; x < width; x++, at++) {
      const to = row + Math.floor(x / block);
      if (data[at] > out.data[to]) out.data[to] = data[at];
    }
  }
  return out;
}

// 1 where the level is above the edge, and along fainter ridges that go on from there.
export function markInk(level, edge, faint) {
  const { width, height, data } = level;
  const around = blur(level, 5);
  const mask = new Pixels(width, height);
  const ridge = new Uint8Array(width * height);
  let front = [];
  for (let at = 0; at < data.length; at++) {
    if (data[at] > edge.data[at]) {
      mask.data[at] = 1;
      front.push(at);
    } else if (data[at] > faint.data[at] && data[at] >= around.data[at]) ridge[at] = 1;
  }
  for (let round = 0; round < FAINT_REACH && front.length; round++) {
    const next = [];
    for (const at of front) {
      const [x, y] = [at % width, Math.floor(at / width)];
      for (let ny = Math.max(0, y - 1); ny <= Math.min(height - 1, y + 1); ny++) {
        for (let nx = Math.max(0, x - 1); nx <= Math.min(width - 1, x + 1); nx++) {
          const near = ny * width + nx;
          if (!ridge[near]) continue;
          ridge[near] = 0;
          mask.data[near] = 1;
          next.push(near);
        }
      }
    }
    front = next;
  }
  return mask;
}
