// Read the parts of lines: cut out, shown to the line recogniser, put back in their place.
// The same steps as tenfold/reader/recognise.py.

import { framesOf, spell } from "./ctc.js";
import { leastBy, mean, sortedBy, sum } from "./numbers.js";
import { at, columns, cut, MARGIN } from "./lines.js";
import { CHARS, FINE, HAND, isDigit, PRINT } from "./signature.js";

export const BATCH = 24;
export const SAME = 0.45;
export const ROUNDS = 3;

// Read parts of lines, and those again that go on further than it seemed.
export async function readParts(grey, flat, seen, recogniser, settings) {
  let { read, room } = await readOnce(grey, flat, seen, recogniser, settings, settings.most_shown);
  const all = read;
  for (let round = 0; round < ROUNDS; round++) {
    const longer = all.map((one) => lengthened(one, settings));
    const grown = longer.flatMap((part, k) => (part ? [k] : []));
    const chosen = grown.slice(0, withRoom(grown.map((k) => longer[k]), room));
    if (!chosen.length) break;
    ({ read, room } = await readOnce(grey, chosen.map((k) => longer[k]), seen, recogniser, settings, room));
    chosen.forEach((k, place) => (all[k] = read[place]));
  }
  return all;
}

// How many parts, the first ones, have strips of no more columns than this together.
function withRoom(parts, room) {
  let count = 0;
  for (const part of parts) {
    room -= columns(part);
    if (room < 0) break;
    count += 1;
  }
  return count;
}

// The parts whose digits were seen most surely, as many as there is room for.
export function surest(flat, room) {
  const order = sortedBy(flat.keys(), (k) => -sureness(flat[k]));
  const kept = new Set(order.slice(0, withRoom(order.map((k) => flat[k]), room)));
  return flat.filter((_, k) => kept.has(k));
}

function sureness({ found }) {
  return found.length ? mean(found.map(({ score, digits }) => score * Math.max(...digits))) : 0;
}

// The part with more room where a digit stands beyond those that were found, or null.
function lengthened({ part, symbols }, settings) {
  if (!part.found.length) return null;
  const sure = symbols.filter(({ char, confidence }) => isDigit(char) && confidence >= settings.beyond);
  const unseen = sure.filter(({ found }) => !found).map(({ box }) => box[0] + box[2] / 2);
  const step = MARGIN * part.height;
  let { start, end } = part;
  if (unseen.some((middle) => middle < part.found[0].x)) {
    start = Math.min(start, Math.min(...sure.map(({ box }) => box[0])) - step);
  }
  if (unseen.some((middle) => middle > part.found.at(-1).right)) {
    end = Math.max(end, Math.max(...sure.map(({ box }) => box[0] + box[2])) + step);
  }
  [start, end] = [Math.max(part.least, start), Math.min(part.most, end)];
  const few = 0.2 * part.height;
  return start > part.start - few && end < part.end + few ? null : { ...part, start, end };
}

// Read parts of lines: all as they are, those that are not settled then in other views too. Of the
// columns that there was room for, it says how many are left.
async function readOnce(grey, flat, seen, recogniser, settings, room) {
  const first = await shown(grey, flat, settings.views.slice(0, 1), recogniser);
  const spelled = first.map(({ frames }) => spell(frames));
  const unsettled = [...flat.keys()].filter((k) => Math.exp(spelled[k].logProbability) < settings.settled);
  const once = sum(flat.map((part) => columns(part)));
  room -= once;
  const cost = sum(unsettled.map((k) => columns(flat[k])));
  const free = Math.min(room, settings.most_columns - once);
  const more = settings.views.slice(1, 1 + (free > 0 ? Math.floor(free / Math.max(1, cost)) : 0));
  if (more.length) {
    room -= sum(unsettled.flatMap((k) => more.map(([factor]) => columns(flat[k], factor))));
    const again = await shown(grey, unsettled.map((k) => flat[k]), more, recogniser);
    unsettled.forEach((k, place) => (spelled[k] = spell([...first[k].frames, ...again[place].frames])));
  }
  const read = flat.map((part, k) => {
    const scale = first[k].strip.width / Math.max(1e-6, part.end - part.start);
    const symbols = symbolsOf(part, spelled[k], scale, seen);
    return { part, strip: first[k].strip, spelled: spelled[k], symbols };
  });
  return { read, room };
}

// Show parts in views, some strips of about one width at a time: first strip, all frames.
async function shown(grey, flat, views, recogniser) {
  const strips = flat.flatMap((part) => views.map((view) => cut(grey, part, ...view)));
  const frames = new Array(strips.length);
  const order = sortedBy(strips.keys(), (k) => strips[k].width);
  for (let start = 0; start < order.length; start += BATCH) {
    const chosen = order.slice(start, start + BATCH);
    const read = await framesOf(chosen.map((k) => strips[k]), recogniser);
    chosen.forEach((k, place) => (frames[k] = read[place]));
  }
  const own = (k) => frames.slice(k * views.length, (k + 1) * views.length);
  return flat.map((_, k) => ({ strip: strips[k * views.length], frames: own(k) }));
}

// Place what was spelled in the picture, with what the finder saw there.
export function symbolsOf(part, { text, spans, probabilities }, scale, seen) {
  return [...text].map((char, k) => {
    const chances = probabilities[k];
    const [x0, x1] = spans[k].map((edge) => part.start + edge / scale);
    const middle = (x0 + x1) / 2;
    const wide = Math.max(x1 - x0, 0.3 * part.height);
    let box = [middle - wide / 2, at(part, middle) - part.height / 2, wide, part.height];
    const certainty = sum(chances.slice(1, 11));
    let found = leastBy(part.found, (one) => Math.abs(one.middle[0] - middle));
    const near = found && Math.abs(found.middle[0] - middle) < 0.5 * Math.max(found.width, 0.35 * part.height);
    if (!near) found = null;
    const kind = found ? found.kind : HAND;
    const confidence = chances[CHARS.indexOf(char) + 1];
    if (!isDigit(char)) {
      const none = new Float32Array(10);
      return { char, box, probabilities: none, confidence, support: 1, kind, certainty, found: null };
    }
    if (found) box = [found.x, found.y, found.width, found.height];
    const support = found ? found.score : inkAt(seen, box);
    const digits = chances.slice(1, 11).map((chance) => chance / Math.max(1e-9, certainty));
    return { char, box, probabilities: digits, confidence, support, kind, certainty, found };
  });
}

// Mean of a box's darkest sixth of digit ink, at the level that shows most.
function inkAt({ levels }, [x, y, width, height]) {
  let best = 0;
  for (const level of levels) {
    const s = level.scale / FINE;
    if (!(height * s > 3 && height * s < 70)) continue;
    const edge = (value, most) => Math.min(most, Math.max(0, Math.trunc(value)));
    const [left, top] = [edge(x * s, level.width), edge(y * s, level.height)];
    const right = Math.min(level.width, Math.trunc((x + width) * s) + 1);
    const bottom = Math.min(level.height, Math.trunc((y + height) * s) + 1);
    const values = [];
    for (let row = top; row < bottom; row++) {
      for (let column = left; column < right; column++) {
        const at = row * level.width + column;
        values.push(Math.max(level.kinds[HAND][at], level.kinds[PRINT][at]));
      }
    }
    if (!values.length) continue;
    values.sort((a, b) => b - a);
    const dark = values.slice(0, Math.max(1, Math.floor(values.length / 6)));
    best = Math.max(best, sum(dark) / dark.length);
  }
  return best;
}

// Take away digits that two parts read: strips reach beyond their own digits. The part keeps a digit
// that stands on one of its own found, the surer found before the other.
export function withoutDoubles(lines) {
  const all = lines.flat().flatMap((read) => read.symbols.map((symbol) => ({ read, symbol })));
  const digits = all.filter(({ symbol }) => isDigit(symbol.char));
  if (digits.length < 2) return lines;
  const keys = ({ read, symbol }) => [symbol.found ? 0 : 1, -read.part.found.length, -symbol.support];
  digits.sort((a, b) => {
    const [one, other] = [keys(a), keys(b)];
    return one[0] - other[0] || one[1] - other[1] || one[2] - other[2];
  });
  const middles = digits.map(({ symbol: { box } }) => [box[0] + box[2] / 2, box[1] + box[3] / 2]);
  const gone = new Set();
  digits.forEach(({ read, symbol }, k) => {
    if (gone.has(symbol)) return;
    const [, , width, height] = symbol.box;
    for (let j = k + 1; j < digits.length; j++) {
      const near =
        Math.abs(middles[j][0] - middles[k][0]) < SAME * width &&
        Math.abs(middles[j][1] - middles[k][1]) < SAME * height;
      if (near && digits[j].read !== read) gone.add(digits[j].symbol);
    }
  });
  if (!gone.size) return lines;
  const kept = (read) => ({ ...read, symbols: read.symbols.filter((symbol) => !gone.has(symbol)) });
  return lines.map((line) => line.map(kept));
}
