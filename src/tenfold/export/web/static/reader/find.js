// Find digits: the finder over a small pyramid of the picture, the best of each place kept.
// The same steps as tenfold/reader/find.py.

import { dilate } from "./filters.js";
import { argmax, clip, rint, softmax, sortedBy } from "./numbers.js";
import { extended, Pixels } from "./pixels.js";
import { enlarge, shrink } from "./resize.js";
import { DIGIT_KINDS, FINE, KINDS, PLACE, planes } from "./signature.js";

const { fround } = Math;
export const AGREED = 0.5;
export const INSIDE = 0.65;
export const COMPARED = 4000;
export const MOST = 1200;
export const STEP = 16;

// A digit that was found: its box, how sure the finder is, which digit and which kind it may be.
export class Found {
  constructor({ x, y, width, height, score, digits, kinds, level }) {
    Object.assign(this, { x, y, width, height, score, digits, kinds, level });
  }

  get right() {
    return this.x + this.width;
  }

  get bottom() {
    return this.y + this.height;
  }

  get middle() {
    return [this.x + this.width / 2, this.y + this.height / 2];
  }

  get kind() {
    return DIGIT_KINDS[argmax(this.kinds)];
  }

  with(changes) {
    return new Found({ ...this, ...changes });
  }
}

export const NOTHING = { found: [], levels: [], candidates: [] };

// `sides` are the long sides of the pyramid; `before` is what was found at other sizes already.
export async function find(grey, finder, sides, least, overlap, before = NOTHING) {
  const levels = [...before.levels];
  const candidates = [...before.candidates];
  for (const scale of scales(grey, sides)) {
    const [height, width] = [grey.height, grey.width].map((side) => Math.max(1, rint(side * scale)));
    const seen = scale < 1 ? shrink(grey, width, height) : enlarge(grey, width, height);
    const whole = extended(seen, -width & (STEP - 1), -height & (STEP - 1));
    const { kinds, places } = await finder(planes(whole), whole.width, whole.height);
    const part = (size, cell) => Math.ceil(size / cell);
    const level = { scale, width: part(width, FINE), height: part(height, FINE) };
    level.kinds = sigmoids(kinds, whole.width / FINE, whole.height / FINE, level);
    levels.push(level);
    const cut = { width: part(width, PLACE), height: part(height, PLACE), step: whole.width / PLACE };
    cut.size = (cut.step * whole.height) / PLACE;
    candidates.push(...peaks(places, cut, scale, levels.length - 1, least));
  }
  return { found: sortedBy(best(candidates, overlap), (found) => found.x), levels, candidates };
}

// Enlarged at most two and a half times.
export function scales(grey, sides) {
  const longest = Math.max(grey.width, grey.height);
  const fitting = sides.filter((side) => side <= 2.5 * longest).map((side) => side / longest);
  return fitting.length ? fitting : [2.5];
}

const sigmoid = (logit) => 1 / (1 + Math.exp(-clip(logit, -30, 30)));

function sigmoids(logits, step, rows, { width, height }) {
  return Array.from({ length: KINDS }, (_, kind) => {
    const out = new Float32Array(width * height);
    for (let y = 0, to = 0; y < height; y++) {
      const from = (kind * rows + y) * step;
      for (let x = 0; x < width; x++, to++) out[to] = sigmoid(logits[from + x]);
    }
    return out;
  });
}

function peaks(places, { width, height, step, size }, scale, number, least) {
  const heat = new Pixels(width, height, 1, new Float32Array(width * height));
  for (let y = 0, to = 0; y < height; y++) {
    for (let x = 0; x < width; x++, to++) heat.data[to] = sigmoid(places[y * step + x]);
  }
  const top = dilate(heat, 3);
  let spots = [];
  heat.data.forEach((value, at) => value >= top.data[at] && value > least && spots.push(at));
  if (spots.length > MOST) spots = spots.sort((a, b) => heat.data[b] - heat.data[a]).slice(0, MOST);
  return spots.map((spot) => {
    const [row, column] = [Math.floor(spot / width), spot % width];
    const value = (plane) => places[plane * size + row * step + column];
    const side = (logarithm) => Math.exp(Math.min(logarithm, 6));
    const [wide, high] = [side(value(3)), side(value(4))];
    const [x, y] = [(column + 0.5 + value(1)) * PLACE, (row + 0.5 + value(2)) * PLACE];
    const many = (from, count) => softmax(Array.from({ length: count }, (_, k) => value(from + k)));
    const score = heat.data[spot];
    const found = new Found({
      x: (x - wide / 2) / scale,
      y: (y - high / 2) / scale,
      width: wide / scale,
      height: high / scale,
      score,
      digits: many(5, 10),
      kinds: many(15, DIGIT_KINDS.length),
      level: number,
    });
    return { trust: score * suits(high), found };
  });
}

// How much a level is trusted with digits of this height, in its pixels.
function suits(height) {
  return clip(height < 18 ? (height - 6) / 12 : (130 - height) / 60, 0.2, 1);
}

// Keep the surest of those that lie on each other.
function best(candidates, overlap) {
  const order = sortedBy(candidates, ({ trust }) => -trust).slice(0, COMPARED);
  const boxes = order.map(({ found }) => [found.x, found.y, found.right, found.bottom]);
  const areas = boxes.map(([left, top, right, bottom]) => (right - left) * (bottom - top));
  const gone = new Uint8Array(order.length);
  const kept = [];
  for (let index = 0; index < order.length; index++) {
    if (gone[index]) continue;
    const [left, top, right, bottom] = boxes[index];
    const same = [];
    for (let other = 0; other < order.length; other++) {
      const box = boxes[other];
      const wide = Math.min(right, box[2]) - Math.max(left, box[0]);
      const high = Math.min(bottom, box[3]) - Math.max(top, box[1]);
      const shared = Math.max(wide, 0) * Math.max(high, 0);
      if (shared === 0) continue;
      const share = shared / (areas[index] + areas[other] - shared);
      if (share > AGREED) same.push(other);
      if (share > overlap || shared / Math.min(areas[index], areas[other]) > INSIDE) gone[other] = 1;
    }
    kept.push(agreed(order, boxes, same, index));
    if (kept.length === MOST) break;
  }
  return kept;
}

// A digit with the mean box and kinds of all that show it, the surer counting more; of the kinds the
// mean is that of the logarithms.
function agreed(order, boxes, same, index) {
  let total = 0;
  const box = [0, 0, 0, 0];
  const logs = DIGIT_KINDS.map(() => 0);
  for (const k of same) {
    const { trust, found } = order[k];
    total += trust;
    boxes[k].forEach((value, side) => (box[side] += value * trust));
    found.kinds.forEach((share, kind) => (logs[kind] += Math.log(share + 1e-4) * trust));
  }
  const [x, y, right, bottom] = box.map((value) => value / total);
  const kinds = softmax(logs.map((log) => log / total));
  return order[index].found.with({ x, y, width: right - x, height: bottom - y, kinds });
}
