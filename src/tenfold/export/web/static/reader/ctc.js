// What the line recogniser says of a part in several views, as one string; see tenfold/reader/ctc.py.

import { argmax, clip, logAddExp } from "./numbers.js";
import { CHARS, STRIDE, stripsOf } from "./signature.js";

const { fround } = Math;
export const LEAST = 1e-3;
export const BEAM = 6;
export const NEVER = 1e-12;
const CLASSES = 1 + CHARS.length;

// Log-probabilities of the frames of each strip: an array a frame.
export async function framesOf(strips, recogniser) {
  const { data, width } = stripsOf(strips);
  const logits = await recogniser(data, strips.length, width);
  const count = width / STRIDE;
  return strips.map((strip, row) =>
    Array.from({ length: Math.floor(strip.width / STRIDE) }, (_, t) => {
      const from = (row * count + t) * CLASSES;
      return normalised(logits.subarray(from, from + CLASSES));
    }),
  );
}

function normalised(logits) {
  let top = -Infinity;
  for (const logit of logits) if (logit > top) top = logit;
  let total = 0;
  for (const logit of logits) total += Math.exp(logit - top);
  const all = fround(Math.log(total));
  return logits.map((logit) => fround(logit - top) - all);
}

// Mean log-probabilities of one part in several views, at the first one's frames.
export function together(views) {
  const count = views[0].length;
  return views[0].map((_, t) => {
    const total = new Float32Array(CLASSES);
    for (const own of views) {
      const place = ((t + 0.5) * own.length) / count - 0.5;
      const low = clip(Math.floor(place), 0, own.length - 1);
      const high = Math.min(low + 1, own.length - 1);
      const share = fround(clip(place - low, 0, 1));
      for (let k = 0; k < CLASSES; k++) total[k] += own[low][k] * (1 - share) + own[high][k] * share;
    }
    return normalised(total.map((value) => value / views.length));
  });
}

// The most probable string of one part; its characters' places are those of the first view.
export function spell(views, beam = BEAM) {
  const chances = new Map();
  for (const frames of views) {
    for (const [text, logProbability] of search(frames, beam)) {
      chances.set(text, (chances.get(text) ?? 0) + Math.exp(logProbability) / views.length);
    }
  }
  let [text, most] = ["", -Infinity];
  for (const [one, chance] of chances) if (chance > most) [text, most] = [one, chance];
  const aligned = views.map((frames) => align(frames, text));
  const surest = [...text].map((_, k) =>
    Float32Array.from({ length: CLASSES }, (__, c) => {
      let total = 0;
      views.forEach((frames, v) => (total += Math.exp(frames[aligned[v].surest[k]][c])));
      return total / views.length;
    }),
  );
  const logProbability = Math.log(Math.max(most, NEVER));
  return { text, logProbability, spans: aligned[0].spans, probabilities: surest };
}

// The likeliest strings with their log-probabilities, likeliest first: prefix beam search.
export function search(frames, beam) {
  let beams = new Map([["", [0, -Infinity]]]); // log-probabilities of ending in a blank, or not
  const floor = Math.log(LEAST);
  for (const row of frames) {
    const grown = new Map();
    for (const [text, [b, n]] of beams) {
      const both = logAddExp(b, n);
      add(grown, text, both + row[0], -Infinity);
      for (let k = 1; k < CLASSES; k++) {
        if (!(row[k] > floor)) continue;
        const char = CHARS[k - 1];
        if (text.endsWith(char)) {
          add(grown, text, -Infinity, n + row[k]);
          add(grown, text + char, -Infinity, b + row[k]);
        } else add(grown, text + char, -Infinity, both + row[k]);
      }
    }
    beams = grown.size > beam ? new Map(ranked(grown).slice(0, beam)) : new Map(ranked(grown));
  }
  return ranked(beams).map(([text, pair]) => [text, logAddExp(...pair)]);
}

function ranked(beams) {
  const keyed = [...beams].map((one) => [logAddExp(...one[1]), one]);
  return keyed.sort(([a], [b]) => (a === b ? 0 : b - a)).map(([, one]) => one);
}

function add(beams, text, blank, other) {
  const old = beams.get(text);
  if (!old) beams.set(text, [blank, other]);
  else {
    old[0] = logAddExp(old[0], blank);
    old[1] = logAddExp(old[1], other);
  }
}

// Classes of the states blank, c1, blank, c2, … and whether each may skip the blank before.
function states(text) {
  const classes = new Array(2 * text.length + 1).fill(0);
  [...text].forEach((char, k) => (classes[2 * k + 1] = CHARS.indexOf(char) + 1));
  return { classes, skip: classes.map((own, s) => s % 2 === 1 && s > 2 && own !== classes[s - 2]) };
}

// Log-probability of a string: the forward algorithm of CTC.
export function probability(frames, text) {
  const { classes, skip } = states(text);
  let alpha = classes.map((own, s) => (s < 2 ? frames[0][own] : -Infinity));
  for (const row of frames.slice(1)) {
    alpha = classes.map((own, s) => {
      const one = s > 0 ? logAddExp(alpha[s], alpha[s - 1]) : alpha[s];
      return (skip[s] ? logAddExp(one, alpha[s - 2]) : one) + row[own];
    });
  }
  return text ? logAddExp(alpha.at(-1), alpha.at(-2)) : alpha.at(-1);
}

// The likeliest place of each character: its span in columns and its surest frame.
export function align(frames, text) {
  if (!text) return { spans: [], surest: [] };
  const path = likeliestPath(frames, states(text));
  const [spans, surest] = [[], []];
  for (let k = 0; k < text.length; k++) {
    let own = [];
    path.forEach((state, t) => state === 2 * k + 1 && own.push(t));
    if (!own.length) {
      // An alignment that has no room for it: between its neighbours.
      const after = path.findIndex((state) => state >= 2 * k + 1);
      own = [Math.min(frames.length - 1, after < 0 ? frames.length : after)];
    }
    spans.push([own[0] * STRIDE, (own.at(-1) + 1) * STRIDE]);
    const label = CHARS.indexOf(text[k]) + 1;
    surest.push(own[argmax(own.map((t) => frames[t][label]))]);
  }
  return { spans, surest };
}

function likeliestPath(frames, { classes, skip }) {
  const count = classes.length;
  let score = classes.map((own, s) => (s < 2 ? frames[0][own] : -Infinity));
  const back = frames.map(() => new Int8Array(count));
  for (let t = 1; t < frames.length; t++) {
    score = classes.map((own, s) => {
      let [most, move] = [score[s], 0];
      if (s > 0 && score[s - 1] > most) [most, move] = [score[s - 1], 1];
      if (skip[s] && score[s - 2] > most) [most, move] = [score[s - 2], 2];
      back[t][s] = move;
      return most + frames[t][own];
    });
  }
  let state = score.at(-1) >= score.at(-2) ? count - 1 : count - 2;
  const path = new Array(frames.length);
  for (let t = frames.length - 1; t >= 0; t--) {
    path[t] = state;
    state -= back[t][state];
  }
  return path;
}
