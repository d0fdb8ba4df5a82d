// Cut single glyphs out for the classifier: the ink of one digit, framed as MNIST's are.
// The same steps as tenfold/reader/glyphs.py.

import { findInk } from "./binarize.js";
import { frameOwn, MARGIN } from "./normalize.js";
import { crop } from "./pixels.js";
import { DIGIT_KINDS, FINE } from "./signature.js";
import { sample } from "./warp.js";

const { fround } = Math;
export const DIGIT = 0.25;

// The digit that was found as 28×28 levels, or null where there is no ink; the boxes of its
// neighbours, the others, are not its own.
export function glyph(pixels, seen, found, others = []) {
  const { width, height } = pixels;
  const margin = MARGIN * Math.max(found.width, found.height);
  const left = Math.max(0, Math.trunc(found.x - margin));
  const top = Math.max(0, Math.trunc(found.y - margin));
  const right = Math.min(width, Math.trunc(found.right + margin) + 1);
  const bottom = Math.min(height, Math.trunc(found.bottom + margin) + 1);
  if (right - left < 4 || bottom - top < 4) return null;
  const ink = findInk(crop(pixels, left, top, right, bottom));
  const likely = digitInk(seen, found, left, top, right, bottom);
  const near = new Uint8Array(likely.length);
  for (let at = 0; at < near.length; at++) near[at] = likely[at] > DIGIT ? 1 : 0;
  const size = { width: right - left, height: bottom - top };
  for (const other of others) if (other !== found) exclude(near, size, found, other, left, top);
  return frameOwn(ink, near);
}

// Take a neighbour's box away, but for what lies beyond the digit's own middle.
function exclude(near, { width, height }, found, other, left, top) {
  const middle = found.middle[0];
  const from = other.x > found.x ? Math.max(other.x, middle + 0.2 * found.width) : other.x;
  const to = other.x < found.x ? Math.min(other.right, middle - 0.2 * found.width) : other.right;
  const x0 = Math.max(0, Math.trunc(from - left));
  const x1 = Math.min(width, Math.trunc(to - left) + 1);
  const y0 = Math.max(0, Math.trunc(other.y - top));
  const y1 = Math.min(height, Math.max(0, Math.trunc(other.bottom - top) + 1));
  for (let y = y0; y < y1 && x1 > x0; y++) near.fill(0, y * width + x0, y * width + x1);
}

// Probability of digit ink of any kind, at the picture's size.
function digitInk(seen, found, left, top, right, bottom) {
  const { scale, width, height, kinds } = seen.levels[found.level];
  const cell = (pixel) => fround((pixel + 0.5) * (scale / FINE) - 0.5); // at the middle of a pixel
  const inside = (value, size) => Math.min(Math.max(Math.floor(value), 0), size - 1);
  const [x0, y0] = [inside(cell(left), width), inside(cell(top), height)];
  const [x1, y1] = [inside(cell(right) + 1, width), inside(cell(bottom) + 1, height)];
  const [wide, high] = [x1 - x0 + 1, y1 - y0 + 1];
  const likeliest = new Float32Array(wide * high);
  for (const kind of DIGIT_KINDS) {
    for (let y = 0, to = 0; y < high; y++) {
      for (let x = 0, from = (y0 + y) * width + x0; x < wide; x++, from++, to++) {
        if (kinds[kind][from] > likeliest[to]) likeliest[to] = kinds[kind][from];
      }
    }
  }
  const places = (from, to, start) => Float32Array.from({ length: to - from }, (_, k) => cell(from + k) - start);
  return sample(likeliest, wide, high, places(left, right, x0), places(top, bottom, y0));
}
