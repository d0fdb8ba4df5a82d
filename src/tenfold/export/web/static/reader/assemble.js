// From what stands in a picture to a reading: numbers, marks, what is refused and why; see
// tenfold/reader/assemble.py.

import { argmax } from "./numbers.js";
import { HAND, isDigit, PRINT, RUNNING, STRUCK } from "./signature.js";

export const BETWEEN = ".,-/:";
const REASONS = { [HAND]: "handwritten", [PRINT]: "printed", [RUNNING]: "printed", [STRUCK]: "struck out" };

const inkOf = (kind) => (kind === PRINT || kind === RUNNING ? "printed" : "handwritten");

// A digit with its verdict, and what it stands on. `limits` say from which confidence on it is
// accepted, and from which digitness, or certainty by the line recogniser, it is taken for one.
export function digitOf(symbol, limits, picture, line) {
  let reason = null;
  if (symbol.support < limits.digitness && symbol.certainty < limits.certainty) reason = "not a digit";
  else if (symbol.confidence < limits.confidence) reason = "unsure";
  return {
    digit: argmax(symbol.probabilities),
    confidence: symbol.confidence,
    probabilities: [...symbol.probabilities],
    box: boxOf(symbol.box, picture),
    line: reason ? null : line,
    ink: inkOf(symbol.kind),
    accepted: !reason,
    reason,
    found: symbol.found,
  };
}

// A digit that was found and is not part of the text: print, or struck out.
export function leftOut(found, picture) {
  const digit = argmax(found.digits);
  return {
    digit,
    confidence: found.digits[digit],
    probabilities: [...found.digits],
    box: boxOf([found.x, found.y, found.width, found.height], picture),
    line: null,
    ink: inkOf(found.kind),
    accepted: false,
    reason: REASONS[found.kind],
    found,
  };
}

// Whole pixels of the upright original.
export function boxOf([left, top, wide, high], { scale, width, height }) {
  const [x, y] = [left, top].map((value) => Math.max(0, Math.trunc(value * scale)));
  const right = Math.min(width, -Math.floor(-(left + wide) * scale));
  const bottom = Math.min(height, -Math.floor(-(top + high) * scale));
  return [Math.min(x, width - 1), Math.min(y, height - 1), Math.max(1, right - x), Math.max(1, bottom - y)];
}

export function union(boxes) {
  const [x, y] = [0, 1].map((k) => Math.min(...boxes.map((box) => box[k])));
  const [right, bottom] = [0, 1].map((k) => Math.max(...boxes.map((box) => box[k] + box[k + 2])));
  return [x, y, right - x, bottom - y];
}

// One line: its numbers, its digits in order, and its marks. `confidences` say of each symbol how
// sure the string around it is as a whole, to the power of its share.
export function lineOf(symbols, confidences, number, limits, settings, picture) {
  const digits = new Map();
  symbols.forEach((s, k) => isDigit(s.char) && digits.set(k, digitOf(s, limits, picture, number)));
  inNumbers(symbols, digits, number, limits, settings);
  const kept = [...symbols.keys()].filter((k) => !digits.has(k) || digits.get(k).accepted);
  const { numbers, held } = numbersOf(symbols, kept, digits, settings);
  const marks = symbols.flatMap((s, k) => {
    if (digits.has(k)) return [];
    const line = numbers.length ? number : null;
    return [{ text: s.char, confidence: s.confidence, box: boxOf(s.box, picture), line, in_text: held.has(k) }];
  });
  if (!numbers.length) return { line: null, digits: [...digits.values()], marks };
  const parts = numbers.map((own) => ({
    text: own.map((k) => symbols[k].char).join(""),
    box: union(own.map((k) => boxOf(symbols[k].box, picture))),
    confidence: Math.min(1, Math.max(0, own.reduce((all, k) => all * confidences[k], 1))),
  }));
  const text = parts.map((part) => part.text).join(" ");
  const line = { text, box: union(parts.map(({ box }) => box)), numbers: parts };
  return { line, digits: [...digits.values()], marks };
}

// Accepted digits with the marks between them, cut at gaps; and the marks that are part of the text.
function numbersOf(symbols, kept, digits, settings) {
  const [numbers, held] = [[], new Set()];
  let before = []; // marks since the digit before
  for (const k of kept) {
    if (!digits.has(k)) {
      before.push(k);
      continue;
    }
    const last = numbers.at(-1)?.at(-1);
    if (last !== undefined && near(symbols, [last, ...before, k], settings.apart)) {
      if (fits(symbols, before, settings)) {
        numbers.at(-1).push(...before);
        before.forEach((mark) => held.add(mark));
      }
      numbers.at(-1).push(k);
    } else {
      numbers.push([k]);
      const lead = before.at(-1);
      const minus = lead !== undefined && symbols[lead].char === "-";
      if (minus && near(symbols, [lead, k], settings.apart) && symbols[lead].confidence >= settings.sure_mark) {
        numbers.at(-1).unshift(lead);
        held.add(lead);
      }
    }
    before = [];
  }
  return { numbers, held };
}

// Accept unsure digits in a piece with accepted ones too: without them it is another number.
function inNumbers(symbols, digits, number, limits, settings) {
  const runs = [];
  for (const [k, { reason }] of digits) {
    if (reason === "not a digit") continue;
    if (runs.length && near(symbols, [runs.at(-1).at(-1), k], settings.gap)) runs.at(-1).push(k);
    else runs.push([k]);
  }
  const least = settings.in_number * limits.confidence;
  for (const run of runs.filter((all) => all.some((k) => digits.get(k).accepted))) {
    for (const digit of run.map((k) => digits.get(k))) {
      if (digit.reason !== "unsure" || digit.confidence < least) continue;
      Object.assign(digit, { accepted: true, reason: null, line: number });
    }
  }
}

// Whether no gap in a row of symbols is wider than a digit.
function near(symbols, row, apart) {
  const tall = Math.max(symbols[row[0]].box[3], symbols[row.at(-1)].box[3]);
  return row.slice(1).every((k, place) => {
    const [a, b] = [symbols[row[place]].box, symbols[k].box];
    return b[0] - (a[0] + a[2]) <= apart * tall;
  });
}

// Whether marks between two digits belong to the number: one that may, and surely seen.
function fits(symbols, marks, settings) {
  if (marks.length !== 1) return false;
  const { char, confidence } = symbols[marks[0]];
  return BETWEEN.includes(char) && confidence >= settings.sure_mark;
}
