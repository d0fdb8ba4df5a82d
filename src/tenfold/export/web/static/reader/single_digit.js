// Read a picture that promises exactly one digit: as its ink is, or what the finder found of it.
// The same steps as tenfold/reader/single_digit.py.

import { framesOf, probability, together } from "./ctc.js";
import { glyph } from "./glyphs.js";
import { cut } from "./lines.js";
import { argmax, sum } from "./numbers.js";
import { findPieces, glyphOf, merge } from "./segment.js";
import { HAND } from "./signature.js";

const { fround } = Math;
export const LEAST_SHARE = 0.02;
export const TOGETHER = 0.15;
export const LEFT_OUT = 2.5;
export const SEEDS = 4;
export const LONE = 0.5;
export const ALL_INK = 0.98;
export const SEEN = 0.3;
export const ASIDE = 0.6;
export const SIZE = 0.15;

// Whether an opinion is that there is a digit.
function isLikely(opinion) {
  return Boolean(opinion) && Math.max(...opinion.probabilities) * opinion.digitness >= LONE;
}

// Whether a picture's ink is one digit and nothing else, away from the edge.
export function liesAlone({ level, mask }, opinion) {
  if (!isLikely(opinion)) return false;
  const [x, y, width, height] = opinion.box;
  let [all, held] = [0, 0];
  for (let row = 0; row < mask.height; row++) {
    for (let column = 0; column < mask.width; column++) {
      const at = row * mask.width + column;
      if (!mask.data[at]) continue;
      all += level.data[at];
      if (row >= y && row < y + height && column >= x && column < x + width) held += level.data[at];
    }
  }
  const offEdge = Math.min(x, y, mask.width - x - width, mask.height - y - height) > 0;
  return offEdge && held >= ALL_INK * all;
}

// The digit of a picture and what the classifier saw of it; null where there is no ink at all.
export async function readOne(pixels, grey, whole, alone, seen, networks, settings, promised) {
  const best = likeliest(seen.found, grey);
  let given = [];
  // A doubtful place with ink is better than none where somebody said that there is a digit.
  if (best && !alone && (best.score >= SEEN || (promised && whole))) {
    const opinions = [
      await byPlace(pixels, seen, best, networks.classifier),
      await byLine(grey, best, networks.line, settings),
      { probabilities: best.digits, digitness: best.score },
      isLikely(whole) ? whole : null,
    ];
    given = opinions.map((opinion, k) => [settings.pool[k], opinion]).filter(([, opinion]) => opinion);
  } else if (whole) {
    given = [[1, whole]];
  }
  if (!given.length) return null;
  const chances = pooled(given, settings);
  const [[, first]] = given;
  let box = whole?.box;
  if (best && !alone && (best.score >= SEEN || !box)) box = [best.x, best.y, best.width, best.height];
  const digit = argmax(chances);
  const symbol = {
    char: String(digit),
    box,
    probabilities: chances,
    confidence: chances[digit],
    support: first.digitness,
    kind: best ? best.kind : HAND,
    certainty: 0,
    found: null,
  };
  return { symbol, shown: first.glyph ?? null };
}

// A weighed sum of log-probabilities.
function pooled(given, settings) {
  const total = sum(given.map(([weight]) => weight));
  const sharpness = given.length > 1 ? settings.pool_sharpness : 1;
  const logs = Array.from({ length: 10 }, (_, digit) => {
    const own = given.map(([weight, { probabilities }]) => weight * Math.log(probabilities[digit] + 1e-5));
    return (sum(own) * sharpness) / total;
  });
  const top = Math.max(...logs);
  const odds = logs.map((log) => Math.exp(log - top));
  const all = sum(odds);
  return Float32Array.from(odds, (value) => value / all);
}

function likeliest(found, grey) {
  const size = SIZE * Math.max(grey.width, grey.height);
  let [best, most] = [null, -Infinity];
  for (const one of found) {
    const likely = one.score * Math.sqrt(Math.min(1, one.height / size));
    if (likely > most) [best, most] = [one, likely];
  }
  return best;
}

// Ask the classifier about the ink that was found.
async function byPlace(pixels, seen, found, classifier) {
  const framed = glyph(pixels, seen, found);
  if (!framed) return null;
  const [{ chances, digitness }] = await classifier([framed]);
  return { probabilities: chances, digitness, glyph: framed };
}

// Ask the line recogniser about the place, read as a line of one digit.
async function byLine(grey, found, recogniser, settings) {
  const [x, y] = found.middle;
  const start = Math.max(0, found.x - ASIDE * found.height);
  const end = Math.min(grey.width, found.right + ASIDE * found.height);
  const part = { found: [found], height: found.height, start, end, x, y, slope: 0 };
  const upright = settings.views.filter(([, lean]) => !lean);
  const frames = together(await framesOf(upright.map(([factor]) => cut(grey, part, factor)), recogniser));
  const logs = Array.from({ length: 10 }, (_, digit) => probability(frames, String(digit)));
  const top = Math.max(...logs);
  const odds = logs.map((log) => Math.exp(log - top));
  const all = sum(odds);
  return { probabilities: Float32Array.from(odds, (value) => value / all), digitness: Math.exp(top) };
}

// Ask the classifier about the picture's ink, or of the part most like a digit.
export async function byInk(ink, classifier) {
  const found = findPieces(ink.mask);
  if (!found.length) return null;
  const largest = found.reduce((most, { area }) => Math.max(most, area), 0);
  const pieces = found.filter(({ area }) => area >= LEAST_SHARE * largest);
  const groups = groupsOf(pieces, ink.mask);
  const merged = groups.map(merge);
  const glyphs = merged.map((piece) => glyphOf(ink, piece));
  const answers = await classifier(glyphs);
  const weights = groups.map((group) => weightOf(ink, group));
  const heaviest = Math.max(...weights);
  const scores = answers.map(
    ({ chances, digitness }, k) =>
      Math.log(fround(Math.max(...chances) + 1e-9)) +
      Math.log(fround(digitness + 1e-9)) +
      LEFT_OUT * Math.log(weights[k] / heaviest + 1e-9),
  );
  const best = argmax(scores);
  const { x, y, width, height } = merged[best];
  const { chances, digitness } = answers[best];
  return { probabilities: chances, digitness, box: [x, y, width, height], glyph: glyphs[best] };
}

// All pieces, those off the picture's edge, the groups around the largest, and these alone.
function groupsOf(pieces, { width, height }) {
  const seeds = [...pieces].sort((a, b) => b.area - a.area).slice(0, SEEDS);
  const inner = pieces.filter((one) => Math.min(one.x, one.y, width - one.right, height - one.bottom) > 0);
  const groups = [[...pieces], inner, ...seeds.map((seed) => grown(seed, pieces)), ...seeds.map((seed) => [seed])];
  const distinct = [];
  for (const group of groups.filter(({ length }) => length)) {
    const same = distinct.findIndex((one) => one.length === group.length && group.every((p) => one.includes(p)));
    if (same < 0) distinct.push(group);
    else distinct[same] = group;
  }
  return distinct;
}

// Add what lies near, until nothing does.
function grown(seed, pieces) {
  const group = [seed];
  let box = seed;
  let rest = pieces.filter((piece) => piece !== seed);
  for (;;) {
    const reach = TOGETHER * Math.max(box.width, box.height);
    const near = rest.filter((piece) => gap(piece, box) <= reach);
    if (!near.length) return group;
    group.push(...near);
    rest = rest.filter((piece) => !near.includes(piece));
    box = merge([box, ...near]);
  }
}

function gap(one, other) {
  const aside = Math.max(one.x - other.right, other.x - one.right, 0);
  return Math.max(aside, one.y - other.bottom, other.y - one.bottom, 0);
}

// Ink in a group: area times level, so that a faint frame weighs little.
function weightOf({ level }, group) {
  let total = 0;
  for (const { x, y, width, height, mask } of group) {
    for (let row = 0, at = 0; row < height; row++) {
      for (let column = 0; column < width; column++, at++) {
        if (mask.data[at]) total += level.data[(y + row) * level.width + x + column];
      }
    }
  }
  return total;
}
