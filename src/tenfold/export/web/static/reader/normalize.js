// Fit a glyph into MNIST's frame; tenfold/preprocess/normalize.py says why.

import { components } from "./components.js";
import { dilate, dilateWith, ellipse, slopes, soften } from "./filters.js";
import { quantile, quantileOfCounts, rint } from "./numbers.js";
import { crop, inked, padded, Pixels } from "./pixels.js";
import { enlarge, shrink } from "./resize.js";

const { fround } = Math;
export const FIELD = 28;
export const BOX = 20;
export const MARGIN = 0.3;
export const MOSTLY = 0.5;
export const LEAST = 6;
export const FULL_INK = 90;
export const FAINTEST = 20;
export const ROOM = 4;
export const THIN = 2.2;
export const THINNEST = 1.7;
export const SOFTEST = 0.68;
export const INKED = 50;
export const SHARPEN = 1;
export const REACH = 1.5;

// Levels of ink and a mask of the glyph's own, to 28×28 levels, white on black.
export function frameGlyph(level, mask) {
  const soft = softened(level, mask);
  const box = inked(soft);
  if (!box) return new Pixels(FIELD, FIELD);
  return sharpened(centred(fitted(crop(soft, ...box))));
}

function softened(level, mask) {
  const out = new Pixels(level.width, level.height);
  const full = fullInk(level, mask);
  if (full === null) return out;
  const near = dilate(mask, 3);
  const scale = fround(255 / Math.max(1, full));
  for (let at = 0; at < out.data.length; at++) {
    if (!near.data[at]) continue;
    const value = Math.min(255, rint(fround(scale * level.data[at])));
    out.data[at] = value < FAINTEST ? 0 : value;
  }
  return out;
}

function fullInk(level, mask) {
  const counts = new Uint32Array(256);
  let total = 0;
  for (let at = 0; at < mask.data.length; at++) {
    if (!mask.data[at]) continue;
    counts[level.data[at]] += 1;
    total += 1;
  }
  return total ? quantileOfCounts(counts, FULL_INK / 100) : null;
}

// Frame the ink that mostly lies where the digit is, components whole, of the others what lies
// there; null where that is too little.
export function frameOwn({ level, mask }, near) {
  const { labels, boxes } = components(mask);
  const on = new Uint32Array(boxes.length);
  for (let at = 0; at < labels.length; at++) on[labels[at]] += near[at];
  const whole = boxes.map((box, label) => label > 0 && on[label] > MOSTLY * box.area);
  const own = new Pixels(mask.width, mask.height);
  let count = 0;
  for (let at = 0; at < labels.length; at++) {
    own.data[at] = whole[labels[at]] || (near[at] && mask.data[at]) ? 1 : 0;
    count += own.data[at];
  }
  return count < LEAST ? null : frameGlyph(level, own);
}

// Mean stroke width in pixels: twice the ink's area over the length of its outline.
export function penWidth(soft) {
  const { width, height, data } = padded(soft, 1);
  let [edges, total] = [0, 0];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const at = y * width + x;
      const own = data[at] > 127;
      if (x && own !== data[at - 1] > 127) edges += 1;
      if (y && own !== data[at - width] > 127) edges += 1;
      total += data[at];
    }
  }
  return (2 * total) / 255 / Math.max((edges * Math.PI) / 4, 1);
}

function fitted(soft) {
  const longest = Math.max(soft.width, soft.height);
  return longest === BOX ? soft : resized(broadened(soft, longest, BOX), BOX);
}

// Broaden a pen that would vanish when what is so many pixels long now is made as long then.
function broadened(soft, now, then) {
  const pen = (penWidth(soft) * then) / now;
  if (pen >= THINNEST || now <= then) return soft;
  const zoom = Math.min(1, (then * ROOM) / now);
  const fine = zoom < 1 ? resized(soft, rint(Math.max(soft.width, soft.height) * zoom)) : soft;
  const width = rint(((THIN - pen) * now * zoom) / then);
  if (width < 1) return fine;
  const broad = dilateWith(padded(fine, width), ellipse(width + 1, width + 1));
  const peak = broad.data.reduce((most, level) => Math.max(most, level), 0);
  const scale = fround(255 / Math.max(peak, 1));
  broad.data.forEach((level, at) => (broad.data[at] = Math.min(255, rint(fround(level * scale)))));
  return crop(broad, ...inked(broad));
}

function resized(soft, longest) {
  const scale = longest / Math.max(soft.width, soft.height);
  const size = [soft.width, soft.height].map((side) => Math.max(1, rint(side * scale)));
  return scale < 1 ? shrink(soft, ...size) : enlarge(soft, ...size);
}

// Place in the field with the centre of mass at its centre.
function centred(small) {
  const { width, height, data } = small;
  let [total, down, across] = [0, 0, 0];
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at++) {
      total += data[at];
      down += data[at] * y;
      across += data[at] * x;
    }
  }
  total = Math.max(total, 1e-9);
  const place = (moment, side) => Math.min(Math.max(rint(FIELD / 2 - moment / total), 0), FIELD - side);
  const [top, left] = [place(down, height), place(across, width)];
  return padded(small, left, top, FIELD - width - left, FIELD - height - top);
}

// Sharpen a glyph whose edges are softer than those of any digit of MNIST.
function sharpened(glyph) {
  const on = [...glyph.data.keys()].filter((at) => glyph.data[at] > INKED);
  const most = (values) => quantile(on.map((at) => values[at]), FULL_INK / 100);
  if (!on.length || most(slopes(glyph)) >= 4 * 255 * SOFTEST) return glyph;
  const soft = soften(glyph, REACH);
  const sharp = Float32Array.from(glyph.data, (level, at) => level + SHARPEN * (level - soft.data[at]));
  const scale = 255 / Math.max(1, most(sharp));
  const levels = Uint8Array.from(sharp, (value) => Math.min(Math.max(fround(value * scale), 0), 255));
  return new Pixels(FIELD, FIELD, 1, levels);
}
