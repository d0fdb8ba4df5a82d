// Filters of a pixel's surroundings, as OpenCV has them.

import { rint } from "./numbers.js";
import { floats, Pixels } from "./pixels.js";

const { fround } = Math;

// The row or column that stands for one beyond the edge, mirrored without the edge itself.
function mirrored(at, size) {
  if (size === 1) return 0;
  for (;;) {
    if (at < 0) at = -at;
    else if (at >= size) at = 2 * size - 2 - at;
    else return at;
  }
}

const clamped = (at, size) => (at < 0 ? 0 : at >= size ? size - 1 : at);

// Sums of squares of `side` pixels around each, handed over row by row.
function boxSums({ width, height }, value, side, beyond, take) {
  const reach = side >> 1;
  const columns = new Float64Array(width);
  const add = (row, sign) => {
    const from = beyond(row, height) * width;
    for (let x = 0; x < width; x++) columns[x] += sign * value(from + x);
  };
  for (let row = -reach; row <= reach; row++) add(row, 1);
  for (let y = 0; y < height; y++) {
    let total = 0;
    for (let x = -reach; x <= reach; x++) total += columns[beyond(x, width)];
    for (let x = 0; ; x++) {
      take(y * width + x, total);
      if (x === width - 1) break;
      total += columns[beyond(x + reach + 1, width)] - columns[beyond(x - reach, width)];
    }
    if (y === height - 1) break;
    add(y - reach, -1);
    add(y + reach + 1, 1);
  }
}

// Mean of the surroundings, in whole levels.
export function blur(pixels, side) {
  const out = new Pixels(pixels.width, pixels.height);
  const { data } = pixels;
  const area = side * side;
  const half = area >> 1;
  boxSums(pixels, (at) => data[at], side, mirrored, (at, total) => {
    out.data[at] = Math.floor((total + half) / area);
  });
  return out;
}

// Mean of the surroundings of levels, and of their squares: floats; edges go on as they are.
export function meansAround(pixels, side) {
  const { data, width, height } = pixels;
  const share = 1 / (side * side);
  const [mean, square] = [new Float32Array(width * height), new Float32Array(width * height)];
  boxSums(pixels, (at) => data[at], side, clamped, (at, total) => (mean[at] = total * share));
  boxSums(pixels, (at) => data[at] * data[at], side, clamped, (at, total) => (square[at] = total * share));
  return { mean, square };
}

// Largest of a square of `side` pixels around each; what lies beyond does not count.
export function dilate({ width, height, data }, side) {
  const middle = new Float32Array(width * height);
  const out = new Pixels(width, height, 1, new data.constructor(width * height));
  const room = Math.max(width, height) + 2 * side;
  const work = { own: new Float32Array(room), ahead: new Float32Array(room), back: new Float32Array(room) };
  for (let y = 0; y < height; y++) largest(data, middle, y * width, 1, width, side, work);
  for (let x = 0; x < width; x++) largest(middle, out.data, x, width, height, side, work);
  return out;
}

// Smallest, then, of a square of `side` pixels around each: strokes that are narrower vanish.
export function close(pixels, side) {
  return inverted(dilate(inverted(dilate(pixels, side)), side));
}

const inverted = ({ width, height, data }) => new Pixels(width, height, 1, data.map((level) => 255 - level));

// One row or column, by running extremes within blocks of `side` from both ends (van Herk 1992).
function largest(data, out, start, step, count, side, { own, ahead, back }) {
  const reach = side >> 1;
  const all = count + 2 * reach;
  own.fill(-1, 0, reach);
  own.fill(-1, reach + count, all);
  for (let at = 0, from = start; at < count; at++, from += step) own[reach + at] = data[from];
  for (let first = 0; first < all; first += side) {
    const end = Math.min(first + side, all);
    let most = -1;
    for (let at = first; at < end; at++) {
      if (own[at] > most) most = own[at];
      ahead[at] = most;
    }
    most = -1;
    for (let at = end - 1; at >= first; at--) {
      if (own[at] > most) most = own[at];
      back[at] = most;
    }
  }
  for (let at = 0, to = start; at < count; at++, to += step) {
    const before = back[at];
    const after = ahead[at + side - 1];
    out[to] = before > after ? before : after;
  }
}

// Dilate with any nib: rows of 0 and 1, of odd sides.
export function dilateWith({ width, height, data }, nib) {
  const out = new Pixels(width, height);
  const reach = nib.length >> 1;
  const spots = [];
  nib.forEach((row, dy) => row.forEach((on, dx) => on && spots.push([dx - (row.length >> 1), dy - reach])));
  for (const [dx, dy] of spots) {
    for (let y = Math.max(0, -dy); y < Math.min(height, height - dy); y++) {
      for (let x = Math.max(0, -dx); x < Math.min(width, width - dx); x++) {
        const level = data[(y + dy) * width + x + dx];
        if (level > out.data[y * width + x]) out.data[y * width + x] = level;
      }
    }
  }
  return out;
}

// An ellipse that fills a square, as OpenCV draws it.
export function ellipse(width, height) {
  const [across, down] = [width >> 1, height >> 1];
  const inverse = down ? 1 / (down * down) : 0;
  return Array.from({ length: height }, (_, row) => {
    const dy = row - down;
    const dx = rint(across * Math.sqrt((down * down - dy * dy) * inverse));
    const [from, to] = [Math.max(across - dx, 0), Math.min(across + dx + 1, width)];
    return Array.from({ length: width }, (_, x) => (Math.abs(dy) <= down && x >= from && x < to ? 1 : 0));
  });
}

// Median of a square of `side` pixels around each, channel by channel; edges go on as they are.
export function medianBlur(pixels, side) {
  const { width, height, channels, data } = pixels;
  const out = new Pixels(width, height, channels);
  for (let c = 0; c < channels; c++) medianOfChannel(data, out.data, width, height, channels, c, side);
  return out;
}

// Each column has a histogram of its own, and the square's is their sum, coarse in 16 steps; of the
// fine ones only the step that holds the median is brought up to date (Perreault and Hébert 2007).
// Counts are added two at a time: each has 16 bits, and none is larger than 255 times 256.
function medianOfChannel(data, out, width, height, channels, c, side) {
  const reach = side >> 1;
  const rank = (side * side) >> 1;
  const fine = twice(width * 256);
  const coarse = twice(width * 16);
  const add = (row, sign) => {
    let from = clamped(row, height) * width * channels + c;
    for (let x = 0; x < width; x++, from += channels) {
      const level = data[from];
      fine.each[x * 256 + level] += sign;
      coarse.each[x * 16 + (level >> 4)] += sign;
    }
  };
  for (let row = -reach; row <= reach; row++) add(row, 1);
  const columns = Int32Array.from({ length: width + side }, (_, k) => clamped(k - reach - 1, width));
  const [steps, levels] = [twice(16), twice(256)];
  const upToDate = new Int32Array(16); // for each step: the column it was last brought up to date at
  for (let y = 0; y < height; y++) {
    if (y) {
      add(y - reach - 1, -1);
      add(y + reach, 1);
    }
    steps.pairs.fill(0);
    upToDate.fill(-1 - side);
    for (let k = 0; k < side; k++) move(steps.pairs, 0, coarse.pairs, columns[k] * 8, -1);
    for (let x = 0; x < width; x++) {
      move(steps.pairs, 0, coarse.pairs, columns[x + side] * 8, columns[x] * 8);
      let seen = 0;
      let step = 0;
      for (let count = steps.each[0]; seen + count <= rank; count = steps.each[++step]) seen += count;
      const first = step * 8;
      if (x - upToDate[step] >= reach) {
        levels.pairs.fill(0, first, first + 8);
        for (let k = x + 1; k <= x + side; k++) move(levels.pairs, first, fine.pairs, columns[k] * 128 + first, -1);
      } else {
        for (let at = upToDate[step] + 1; at <= x; at++) {
          move(levels.pairs, first, fine.pairs, columns[at + side] * 128 + first, columns[at] * 128 + first);
        }
      }
      upToDate[step] = x;
      let level = step * 16;
      for (let count = levels.each[level]; seen + count <= rank; count = levels.each[++level]) seen += count;
      out[(y * width + x) * channels + c] = level;
    }
  }
}

// Counts of 16 bits each, and the same memory in pairs of them.
function twice(count) {
  const each = new Uint16Array(count);
  return { each, pairs: new Int32Array(each.buffer) };
}

// Take 16 counts of a column that comes in, and give back those of one that goes; -1 for none.
function move(to, at, from, come, gone) {
  if (gone < 0) for (let k = 0; k < 8; k++) to[at + k] += from[come + k];
  else for (let k = 0; k < 8; k++) to[at + k] += from[come + k] - from[gone + k];
}

// Gaussian of 5 pixels with a standard deviation of 1.1, in 8 bits behind the point.
const CALM = [18, 63, 94, 63, 18];

export function calm(pixels) {
  const { width, height, data } = pixels;
  const rows = new Int32Array(width * height);
  const out = new Pixels(width, height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      let total = 0;
      for (let k = -2; k <= 2; k++) total += CALM[k + 2] * data[y * width + mirrored(x + k, width)];
      rows[y * width + x] = total;
    }
  }
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      let total = 0;
      for (let k = -2; k <= 2; k++) total += CALM[k + 2] * rows[mirrored(y + k, height) * width + x];
      out.data[y * width + x] = (total + 32768) >> 16;
    }
  }
  return out;
}

// Gaussian of any standard deviation: floats.
export function soften({ width, height, data }, deviation) {
  const side = rint(deviation * 8 + 1) | 1;
  const reach = side >> 1;
  const weights = Array.from({ length: side }, (_, k) => Math.exp(-((k - reach) ** 2) / (2 * deviation ** 2)));
  const total = weights.reduce((a, b) => a + b);
  const kernel = Float32Array.from(weights, (weight) => weight / total);
  const [rows, out] = [floats(width, height), floats(width, height)];
  const pass = (from, to, place) => {
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        let value = 0;
        for (let k = 0; k < side; k++) value += kernel[k] * from[place(x, y, k - reach)];
        to[y * width + x] = value;
      }
    }
  };
  pass(data, rows.data, (x, y, k) => y * width + mirrored(x + k, width));
  pass(rows.data, out.data, (x, y, k) => mirrored(y + k, height) * width + x);
  return out;
}

// How steep a picture is at every pixel: Sobel's, eight times grey levels a pixel.
export function slopes({ width, height, data }) {
  const out = new Float32Array(width * height);
  for (let y = 0; y < height; y++) {
    const [above, below] = [mirrored(y - 1, height) * width, mirrored(y + 1, height) * width];
    for (let x = 0; x < width; x++) {
      const [left, right] = [mirrored(x - 1, width), mirrored(x + 1, width)];
      const row = y * width;
      const across =
        data[above + right] + 2 * data[row + right] + data[below + right] -
        data[above + left] - 2 * data[row + left] - data[below + left];
      const down =
        data[below + left] + 2 * data[below + x] + data[below + right] -
        data[above + left] - 2 * data[above + x] - data[above + right];
      out[row + x] = fround(Math.hypot(across, down));
    }
  }
  return out;
}
