// Resize as OpenCV does, to the last bit: averaged over areas where it shrinks, linear where it grows.

import { rint } from "./numbers.js";
import { Pixels } from "./pixels.js";

const { fround } = Math;
const COEFFICIENT = 2048; // fixed point of linear interpolation

export function shrink(pixels, width, height) {
  if (width === pixels.width && height === pixels.height) return pixels;
  const across = 1 / (width / pixels.width);
  const down = 1 / (height / pixels.height);
  const whole = (scale) => Math.abs(scale - rint(scale)) < Number.EPSILON;
  if (whole(across) && whole(down)) return inBlocks(pixels, width, height, rint(across), rint(down));
  return byShares(pixels, width, height, across, down);
}

function inBlocks({ width: from, channels, data }, width, height, across, down) {
  const out = new Pixels(width, height, channels);
  const area = across * down;
  const share = fround(1 / area);
  const step = from * channels;
  for (let y = 0, to = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (let c = 0; c < channels; c++, to++) {
        let total = 0;
        for (let dy = 0; dy < down; dy++) {
          let at = (y * down + dy) * step + x * across * channels + c;
          for (let dx = 0; dx < across; dx++, at += channels) total += data[at];
        }
        out.data[to] = area === 4 ? (total + 2) >> 2 : rint(fround(total * share));
      }
    }
  }
  return out;
}

// For each cell of the result: from which pixel on it covers the source, and each one's share of it.
function coverage(from, to, scale) {
  const starts = new Int32Array(to + 1);
  const [sources, shares] = [[], []];
  for (let cell = 0; cell < to; cell++) {
    const first = cell * scale;
    const last = first + scale;
    const size = Math.min(scale, from - first);
    const end = Math.min(Math.floor(last), from - 1);
    const start = Math.min(Math.ceil(first), end);
    const add = (source, share) => {
      sources.push(source);
      shares.push(fround(share));
    };
    if (start - first > 1e-3) add(start - 1, (start - first) / size);
    for (let source = start; source < end; source++) add(source, 1 / size);
    if (last - end > 1e-3) add(end, Math.min(last - end, 1, size) / size);
    starts[cell + 1] = sources.length;
  }
  return { starts, sources: Int32Array.from(sources), shares: Float32Array.from(shares) };
}

function byShares(pixels, width, height, across, down) {
  const { channels, data } = pixels;
  const out = new Pixels(width, height, channels);
  const columns = coverage(pixels.width, width, across);
  const rows = coverage(pixels.height, height, down);
  const step = pixels.width * channels;
  const line = new Float32Array(width * channels);
  const total = new Float32Array(width * channels);
  const rounded = new Uint8ClampedArray(out.data.buffer); // halves go to the even level
  for (let y = 0; y < height; y++) {
    for (let k = rows.starts[y]; k < rows.starts[y + 1]; k++) {
      if (channels === 1) squeeze(data, rows.sources[k] * step, columns, line);
      else squeezeColours(data, rows.sources[k] * step, columns, line, channels);
      const share = rows.shares[k];
      if (k === rows.starts[y]) for (let i = 0; i < line.length; i++) total[i] = fround(share * line[i]);
      else for (let i = 0; i < line.length; i++) total[i] = fround(total[i] + fround(share * line[i]));
    }
    rounded.set(total, y * line.length);
  }
  return out;
}

function squeeze(data, row, { starts, sources, shares }, line) {
  for (let x = 0; x < line.length; x++) {
    let value = fround(0);
    for (let k = starts[x]; k < starts[x + 1]; k++) {
      value = fround(value + fround(fround(data[row + sources[k]]) * shares[k]));
    }
    line[x] = value;
  }
}

function squeezeColours(data, row, { starts, sources, shares }, line, channels) {
  line.fill(0);
  for (let x = 0; x < line.length / channels; x++) {
    for (let k = starts[x]; k < starts[x + 1]; k++) {
      const from = row + sources[k] * channels;
      const share = shares[k];
      for (let c = 0; c < channels; c++) {
        const to = x * channels + c;
        line[to] = fround(line[to] + fround(fround(data[from + c]) * share));
      }
    }
  }
}

// Where each cell lies between two pixels of the source. Beyond the first and the last pixel, the
// share of the second is 0 along rows; along columns both are the same pixel.
function places(from, to, zeroed) {
  const low = new Int32Array(to);
  const high = new Int32Array(to);
  const share = new Float32Array(to);
  for (let cell = 0; cell < to; cell++) {
    const at = fround((cell + 0.5) * (1 / (to / from)) - 0.5);
    let pixel = Math.floor(at);
    share[cell] = at - pixel;
    if (zeroed && (pixel < 0 || pixel >= from - 1)) share[cell] = 0;
    low[cell] = Math.min(Math.max(pixel, 0), from - 1);
    high[cell] = Math.min(Math.max(pixel + 1, 0), from - 1);
  }
  return { low, high, share };
}

export function enlarge(pixels, width, height) {
  if (width === pixels.width && height === pixels.height) return pixels;
  return pixels.data instanceof Float32Array
    ? enlargeFloats(pixels, width, height)
    : enlargeLevels(pixels, width, height);
}

function enlargeLevels({ width: wide, height: high, channels, data }, width, height) {
  const out = new Pixels(width, height, channels);
  const columns = places(wide, width, true);
  const rows = places(high, height, false);
  const fixed = (share) => rint(fround(share * COEFFICIENT));
  const lines = new Map();
  const lineOf = (row) => {
    if (lines.has(row)) return lines.get(row);
    const line = new Int32Array(width * channels);
    for (let x = 0, to = 0; x < width; x++) {
      const [a, b] = [fixed(fround(1 - columns.share[x])), fixed(columns.share[x])];
      const low = (row * wide + columns.low[x]) * channels;
      const top = (row * wide + columns.high[x]) * channels;
      for (let c = 0; c < channels; c++, to++) line[to] = (data[low + c] * a + data[top + c] * b) >> 4;
    }
    if (lines.size > 2) lines.delete(lines.keys().next().value);
    lines.set(row, line);
    return line;
  };
  for (let y = 0; y < height; y++) {
    const [a, b] = [fixed(fround(1 - rows.share[y])), fixed(rows.share[y])];
    const [above, below] = [lineOf(rows.low[y]), lineOf(rows.high[y])];
    const to = y * above.length;
    for (let i = 0; i < above.length; i++) {
      out.data[to + i] = (((a * above[i]) >> 16) + ((b * below[i]) >> 16) + 2) >> 2;
    }
  }
  return out;
}

function enlargeFloats({ width: wide, height: high, data }, width, height) {
  const out = new Pixels(width, height, 1, new Float32Array(width * height));
  const columns = places(wide, width, true);
  const rows = places(high, height, false);
  for (let y = 0; y < height; y++) {
    const [above, below, b] = [rows.low[y] * wide, rows.high[y] * wide, rows.share[y]];
    for (let x = 0; x < width; x++) {
      const [low, top, share] = [columns.low[x], columns.high[x], columns.share[x]];
      const first = data[above + low] * (1 - share) + data[above + top] * share;
      const second = data[below + low] * (1 - share) + data[below + top] * share;
      out.data[y * width + x] = first * (1 - b) + second * b;
    }
  }
  return out;
}
