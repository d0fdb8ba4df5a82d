// How sure a whole string is: the probability that all of a number is right; see
// tenfold/reader/confidence.py.

import { clip, sum } from "./numbers.js";
import { isDigit } from "./signature.js";

export const PLAIN = [0, 1, 0, 0];

// What the curve sees: 1, log-odds of the string, doubts of finder and classifier.
export function features({ part, spelled, symbols: own }, symbols) {
  let { logProbability } = spelled;
  const before = new Map(own.filter(({ found }) => found).map((symbol) => [symbol.found, symbol.confidence]));
  for (const { found, confidence } of symbols) {
    if (!found) continue;
    const was = before.get(found) ?? 1;
    logProbability += Math.min(0, Math.log((confidence + 1e-6) / (was + 1e-6)));
  }
  const sure = clip(Math.exp(logProbability), 1e-6, 1 - 1e-6);
  const supports = symbols.filter(({ char }) => isDigit(char)).map(({ support }) => support);
  const support = supports.length ? Math.min(...supports) : 1;
  const read = new Set(symbols.map(({ found }) => found));
  const unread = sum(part.found.filter((found) => !read.has(found)).map(({ score }) => score));
  return [1, Math.log(sure / (1 - sure)), Math.log(support + 1e-3), unread];
}

export function probability(read, symbols, curve) {
  const seen = features(read, symbols);
  return 1 / (1 + Math.exp(-clip(sum(seen.map((value, k) => value * curve[k])), -30, 30)));
}

// For each symbol of a line, the root of its part's probability that is its share of it.
export function shares(reads, symbols, curve) {
  if (!reads.length) return symbols.map(({ confidence }) => confidence);
  const out = symbols.map(() => 1);
  for (const read of reads) {
    const { start, end } = read.part;
    const own = [...symbols.keys()].filter((k) => {
      const middle = symbols[k].box[0] + symbols[k].box[2] / 2;
      return start <= middle && middle < end;
    });
    if (!own.length) continue;
    const share = probability(read, own.map((k) => symbols[k]), curve) ** (1 / own.length);
    for (const k of own) out[k] = Math.min(out[k], share);
  }
  return out;
}
