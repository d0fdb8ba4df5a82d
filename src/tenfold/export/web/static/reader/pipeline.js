// Find, group, read: what stands in a picture, before anything is refused; see
// tenfold/reader/pipeline.py.

import { find, MOST } from "./find.js";
import { glyph } from "./glyphs.js";
import { group, parts, whole } from "./lines.js";
import { argmax, mean, median, sortedBy, sum } from "./numbers.js";
import { turned } from "./pixels.js";
import { readParts, surest, withoutDoubles } from "./recognise.js";
import { DIGIT_KINDS, HAND, isDigit, PRINT, RUNNING, STRUCK } from "./signature.js";

const { fround } = Math;
export const WANTED = {
  auto: [HAND, PRINT],
  all: [HAND, PRINT, RUNNING],
  handwritten: [HAND],
  printed: [PRINT, RUNNING],
};
export const SHARES = [0.57, 0.13, 0.3];
export const ROUNDS = 20;
export const TOO_DENSE =
  "More digits were found than are read in one picture: only the most confident were read. " +
  "Cut it into several pictures to have all of them.";
const ALIKE = [DIGIT_KINDS.indexOf(RUNNING), DIGIT_KINDS.indexOf(STRUCK)];

// Find the digits; look closer where they are small.
export async function look(grey, finder, settings) {
  const { sides, fine_side, fine_below, least_score, overlap } = settings;
  const seen = await find(grey, finder, sides, least_score, overlap);
  const longest = Math.max(grey.width, grey.height);
  if (longest <= sides[0] * 1.1) return seen;
  const scale = sides[0] / longest;
  const small = seen.found.filter(({ height }) => height * scale < fine_below);
  if (seen.found.length && small.length < 0.2 * seen.found.length) return seen;
  return find(grey, finder, [fine_side], least_score, overlap, seen);
}

// Degrees clockwise by which the page reads better than as it lies, 0 for none.
export async function bestTurn(grey, seen, finder, settings) {
  const lying = quality(seen);
  if (!seen.found.length || lying >= settings.turn_below) return 0;
  const least = Math.max(settings.turn_digits, 0.5 * seen.found.length);
  let [best, most] = [0, lying];
  for (const degrees of [90, 180, 270]) {
    const page = turned(grey, degrees);
    const other = await find(page, finder, settings.sides, settings.least_score, settings.overlap);
    const score = other.found.length >= least ? quality(other) : 0;
    if (score > most) [best, most] = [degrees, score];
  }
  return most >= lying + settings.turn_gain ? best : 0;
}

function quality({ found }) {
  return found.length ? mean(found.map(({ score, digits }) => score * Math.max(...digits))) : 0;
}

// Read the lines of a picture: them, the digits that are not to be read, and what a person should
// know where there is more than is read of one picture.
export async function readLines(grey, seen, recogniser, settings, oneLine, ink) {
  const { width } = grey;
  const found = ofOneKind(asOnPage(seen.found, settings), settings, width);
  let wanted = WANTED[ink];
  if (ink === "auto" && hasOneLine(found, grey, settings)) wanted = WANTED.all;
  else if (ink === "auto" && isPrintedPage(found)) wanted = [HAND];
  const kept = found.filter(({ kind }) => wanted.includes(kind));
  const out = found.filter(({ kind }) => !wanted.includes(kind));
  let all;
  if (oneLine || hasOneLine(kept, grey, settings)) {
    // No second line has room: all of it is shown, whether the finder saw every digit or not.
    all = kept.length || oneLine ? [[{ ...whole(kept, grey), start: 0, end: width }]] : [];
  } else all = group(kept).map((row) => parts(row, settings.gap, width));
  const flat = surest(all.flat(), settings.most_shown);
  const read = await readParts(grey, flat, seen, recogniser, settings);
  const of = new Map(flat.map((part, k) => [part, read[k]]));
  const lines = all.map((row) => row.flatMap((part) => of.get(part) ?? [])).filter((row) => row.length);
  const dense = seen.found.length >= MOST || flat.length < all.flat().length;
  return { lines: withoutDoubles(lines), out, note: dense ? TOO_DENSE : "" };
}

// Weigh the kinds of each digit by how frequent they are on its page, and how large: expectation
// maximisation of a mixture.
export function asOnPage(found, settings) {
  if (!found.length) return [];
  const own = found.map(({ kinds }) => [...kinds.slice(0, -1)].map((share) => share + 1e-6));
  const struck = found.map(({ kinds }) => {
    const weighed = kinds.at(-1) * settings.struck_share;
    return weighed / (weighed + sum([...kinds.slice(0, -1)]));
  });
  const height = found.map(({ height }) => Math.log(height));
  const middle = mean(height);
  const wide = mean(height.map((one) => (one - middle) ** 2)) + settings.page_spread;
  const trusted = own.map((row) => row.map((share) => settings.kind_trust * Math.log(share)));
  let kinds = own.map(ofOne);
  for (let round = 0; round < ROUNDS; round++) {
    const of = SHARES.map((share, k) => {
      const weight = kinds.map((row, f) => row[k] * (1 - struck[f]));
      const count = sum(weight);
      const size = sum(weight.map((one, f) => one * height[f])) / Math.max(count, 1e-9);
      const off = height.map((one) => (one - size) ** 2);
      const seen = sum(weight.map((one, f) => one * off[f])) + settings.page_sizes * wide;
      const spread = seen / (count + settings.page_sizes);
      return { count: count + settings.page_shares * share, off, spread };
    });
    const total = sum(of.map(({ count }) => count));
    kinds = trusted.map((row, f) => {
      const likely = row.map((own, k) => {
        const { count, off, spread } = of[k];
        const share = Math.log(count / total / SHARES[k]);
        return own + share - (off[f] / spread + Math.log(spread)) / 2;
      });
      const most = Math.max(...likely);
      return ofOne(likely.map((one) => Math.exp(one - most)));
    });
  }
  return found.map((one, f) => {
    const both = [...kinds[f].map((share) => share * (1 - struck[f])), struck[f]];
    return one.with({ kinds: Float32Array.from(both) });
  });
}

const ofOne = (row) => {
  const total = sum(row);
  return row.map((one) => one / total);
};

// Digits that stand together decide together whether they are struck out, or in a sentence.
export function ofOneKind(found, settings, width) {
  return group(found).flatMap((row) =>
    parts(row, settings.apart, width).flatMap((part) => {
      const all = part.found.map(({ kinds }) => kinds);
      const common = argmax(DIGIT_KINDS.map((_, k) => mean(all.map((kinds) => kinds[k]))));
      return part.found.map((one) => asNeighbours(one, common));
    }),
  );
}

function asNeighbours(found, common) {
  const own = argmax(found.kinds);
  if (own === common || !(ALIKE.includes(own) || ALIKE.includes(common))) return found;
  const allowed = (k) => (ALIKE.includes(common) ? k === common : !ALIKE.includes(k));
  return found.with({ kinds: found.kinds.map((share, k) => (allowed(k) ? share : 0)) });
}

// Whether most print stands in words and sentences: then its tables belong to it as well.
function isPrintedPage(found) {
  const count = (kind) => found.filter((one) => one.kind === kind).length;
  return count(RUNNING) > count(PRINT);
}

// Whether digits are so high that a second line has no room.
function hasOneLine(kept, grey, settings) {
  if (kept.length < settings.line_digits) return false;
  return median(kept.map(({ height }) => height)) > settings.line_height * grey.height;
}

// Each line's symbols, from left to right, after the classifier was heard: about digits that stand
// apart and are not sure already, and those that the line recogniser passed over.
export async function askClassifier(pixels, seen, lines, classifier, settings) {
  const rows = lines.map((line) => withUnread(line, settings));
  const asked = [];
  rows.forEach((row, r) =>
    row.forEach((symbol, k) => {
      if (!symbol.found || symbol.confidence >= settings.sure || !standsApart(row, k)) return;
      const near = row.slice(Math.max(0, k - 1), k + 2).flatMap(({ found }) => found ?? []);
      const framed = glyph(pixels, seen, symbol.found, near);
      if (framed) asked.push({ r, k, framed });
    }),
  );
  if (asked.length) {
    const answers = await classifier(asked.map(({ framed }) => framed));
    asked.forEach(({ r, k }, place) => {
      const { chances, digitness } = answers[place];
      if (digitness >= settings.join_digitness) rows[r][k] = joined(rows[r][k], chances, digitness, settings);
    });
  }
  return withoutWeak(rows.map((row) => row.filter(({ confidence }) => confidence > 0)), settings);
}

// Take all support from lines far less sure than the page's surest number.
export function withoutWeak(rows, settings) {
  const sureness = rows.map((row) => {
    const digits = row.filter(({ char }) => isDigit(char)).map((s) => s.confidence * s.support);
    return { sure: digits.length ? mean(digits) : 0, count: digits.length };
  });
  const numbers = sureness.filter(({ count }) => count >= settings.number);
  const best = Math.max(0, ...numbers.map(({ sure }) => sure));
  return rows.map((row, r) => {
    const { sure, count } = sureness[r];
    const weak = count > 0 && sure < best * (settings.weak + settings.weak_alone / count);
    return row.map((s) => (weak && isDigit(s.char) ? { ...s, support: 0, certainty: 0 } : s));
  });
}

// A line's symbols with those that were found and not read, of confidence 0.
function withUnread(line, settings) {
  return line.flatMap(({ part, symbols }) => {
    const middle = ({ box }) => box[0] + box[2] / 2;
    const own = [...symbols];
    for (const found of part.found) {
      const reach = 0.5 * Math.max(found.width, 0.3 * part.height);
      const apart = symbols.every((symbol) => Math.abs(middle(symbol) - found.middle[0]) > reach);
      if (!(found.score >= settings.unread && apart)) continue;
      own.push({
        char: String(argmax(found.digits)),
        box: [found.x, found.y, found.width, found.height],
        probabilities: found.digits,
        confidence: 0,
        support: found.score,
        kind: found.kind,
        certainty: 0,
        found,
      });
    }
    return sortedBy(own, middle);
  });
}

// A symbol on which line recogniser and classifier were both heard.
function joined(symbol, chances, digitness, settings) {
  const logs = Float32Array.from(chances, (chance, k) => {
    const own = settings.join * Math.log(chance + 1e-4);
    return symbol.confidence > 0 ? Math.log(symbol.probabilities[k] + 1e-4) + own : own;
  });
  const top = Math.max(...logs);
  const odds = logs.map((log) => Math.exp(log - top));
  const total = sum(odds);
  const probabilities = odds.map((value) => fround(value / total));
  // That there is a digit at all: by the line recogniser, or by finder and classifier together.
  const there = 1 - (1 - symbol.certainty) * (1 - symbol.support * digitness);
  const digit = argmax(probabilities);
  return { ...symbol, char: String(digit), probabilities, confidence: probabilities[digit] * there };
}

// Whether a digit's box is clear of its neighbours'.
function standsApart(row, k) {
  const [left, , width, height] = row[k].box;
  const clear = 0.02 * height;
  const before = k ? row[k - 1].box[0] + row[k - 1].box[2] : -Infinity;
  const after = k + 1 < row.length ? row[k + 1].box[0] : Infinity;
  return before < left - clear && after > left + width + clear;
}


