// What the finder and the line recogniser take and give; see tenfold/signature.py.

import { meansAround } from "./filters.js";

const { fround } = Math;
export const HAND = 0;
export const PRINT = 1;
export const RUNNING = 2;
export const SIGN = 3;
export const STRUCK = 4;
export const KINDS = 5;
export const DIGIT_KINDS = [HAND, PRINT, RUNNING, STRUCK];
export const PLACES = 19;
export const FINE = 2;
export const PLACE = 4;
export const AROUND = 63;
export const FLOOR = 6;
export const DIGITS = "0123456789";
export const SIGNS = ".,-/:+=()%";
export const CHARS = DIGITS + SIGNS;
export const STRIP = 48;
export const DIGIT = 30;
export const STRIDE = 2;
export const SPREAD = 8;

export const isDigit = (char) => DIGITS.includes(char);

// Two planes: grey from −0.5 to 0.5, and how it stands out locally.
export function planes(grey) {
  const { data } = grey;
  const count = data.length;
  const out = new Float32Array(2 * count);
  const { mean, square } = meansAround(grey, AROUND);
  const share = fround(1 / 255);
  for (let at = 0; at < count; at++) {
    const own = mean[at];
    const spread = fround(Math.sqrt(Math.max(fround(square[at] - fround(own * own)), 0)));
    out[at] = fround(data[at] * share) - 0.5;
    out[count + at] = fround(fround(data[at] - own) / fround(spread + FLOOR)) * 0.5;
  }
  return out;
}

// Grey strips of mean 0 and spread 1 each, of one width: narrower ones go on as their last column is.
export function stripsOf(strips) {
  const width = Math.max(...strips.map((strip) => strip.width));
  const out = new Float32Array(strips.length * STRIP * width);
  strips.forEach(({ width: own, data }, row) => {
    let [total, squares] = [0, 0];
    for (const level of data) total += level;
    const mean = fround(total / data.length);
    for (const level of data) squares += (level - mean) ** 2;
    const spread = fround(fround(Math.sqrt(squares / data.length)) + SPREAD);
    for (let y = 0; y < STRIP; y++) {
      const to = (row * STRIP + y) * width;
      for (let x = 0; x < own; x++) out[to + x] = fround(data[y * own + x] - mean) / spread;
      out.fill(out[to + own - 1], to + own, to + width);
    }
  });
  return { data: out, width };
}
