// Open any picture that the browser can decode: upright, in 8 bits, grey or RGB, no larger than the
// reader needs; as tenfold/preprocess/image.py does.

import { rint } from "./numbers.js";
import { Pixels } from "./pixels.js";
import { shrink } from "./resize.js";

export const MAX_PIXELS = 52_000_000;
export const MAX_BYTES = 400_000_000;
export const MIN_SIDE = 8;
export const WORKING_SIDE = 1600;
export const DRAFT_SHARE = 0.875;
const BAND = 2_000_000; // pixels that are taken over from the browser at once

export class PictureError extends Error {}

// A picture as the reader takes it, of a File or Blob.
export async function openPicture(file, name = file.name || "picture") {
  if (!file.size) throw new PictureError(`${name}: the file is empty. Save the picture again.`);
  if (file.size > MAX_BYTES) {
    throw new PictureError(`${name}: is larger than ${MAX_BYTES / 1e6} MB, the most that is read.`);
  }
  const head = new Uint8Array(await file.slice(0, 3).arrayBuffer()).join();
  let bitmap;
  try {
    bitmap = await createImageBitmap(file, { colorSpaceConversion: "none" });
  } catch {
    throw new PictureError(`${name}: this browser cannot open it as a picture. Save it as PNG or JPEG.`);
  }
  try {
    return pictureOf(bitmap, name, head === "255,216,255");
  } finally {
    bitmap.close();
  }
}

function pictureOf(bitmap, name, isJpeg) {
  const { width, height } = bitmap;
  if (Math.max(width, height) < MIN_SIDE) {
    const size = `${width}×${height} pixels are too few to read`;
    throw new PictureError(`${name}: ${size}. Use a picture of at least ${MIN_SIDE}×${MIN_SIDE}.`);
  }
  if (width * height > MAX_PIXELS) {
    const size = `larger than ${MAX_PIXELS / 1e6 - 2} megapixels`;
    throw new PictureError(`${name}: ${width}×${height} is ${size}. Use a smaller copy.`);
  }
  const pixels = plain(shrunk(takeOver(bitmap, isJpeg ? draft(width, height) : reduction(width, height))));
  const scale = Math.max(width, height) / Math.max(pixels.width, pixels.height);
  return { pixels, name, width, height, scale, notes: [] };
}

const reduction = (width, height) => Math.max(1, Math.floor(Math.max(width, height) / WORKING_SIDE));

// JPEG decoders scale by halves; here the means of blocks stand for that.
function draft(width, height) {
  const longest = Math.max(width, height);
  if (longest <= WORKING_SIDE) return 1;
  const times = Math.floor(width / Math.floor((DRAFT_SHARE * WORKING_SIDE * width) / longest));
  return [8, 4, 2].find((factor) => times >= factor) ?? 1;
}

// The browser's pixels, RGBA, as means of blocks of so many pixels a side.
function takeOver(bitmap, factor) {
  const out = new Pixels(Math.ceil(bitmap.width / factor), Math.ceil(bitmap.height / factor), 4);
  const rows = Math.min(bitmap.height, factor * Math.max(1, Math.floor(BAND / (bitmap.width * factor))));
  const canvas = new OffscreenCanvas(bitmap.width, rows);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  for (let top = 0; top < bitmap.height; top += rows) {
    const high = Math.min(rows, bitmap.height - top);
    context.clearRect(0, 0, bitmap.width, rows);
    context.drawImage(bitmap, 0, -top);
    const { data } = context.getImageData(0, 0, bitmap.width, high);
    const to = (top / factor) * out.width * 4;
    if (factor === 1) out.data.set(data, to);
    else average(data, bitmap.width, high, factor, out.data, to, out.width);
  }
  return out;
}

function average(data, width, height, factor, out, start, wide) {
  for (let row = 0, to = start; row * factor < height; row++) {
    const bottom = Math.min(height, (row + 1) * factor);
    for (let column = 0; column < wide; column++, to += 4) {
      const right = Math.min(width, (column + 1) * factor);
      let [r, g, b, a] = [0, 0, 0, 0];
      for (let y = row * factor; y < bottom; y++) {
        for (let at = (y * width + column * factor) * 4; at < (y * width + right) * 4; at += 4) {
          r += data[at];
          g += data[at + 1];
          b += data[at + 2];
          a += data[at + 3];
        }
      }
      const count = (bottom - row * factor) * (right - column * factor);
      const half = count >> 1;
      out[to] = (r + half) / count;
      out[to + 1] = (g + half) / count;
      out[to + 2] = (b + half) / count;
      out[to + 3] = (a + half) / count;
    }
  }
}

// Without transparency, and in one channel where all are alike.
function plain({ width, height, data }) {
  const count = width * height;
  let [opaque, grey] = [true, true];
  for (let at = 0; at < data.length; at += 4) {
    if (data[at + 3] !== 255) opaque = false;
    if (data[at] !== data[at + 1] || data[at] !== data[at + 2]) grey = false;
  }
  if (!opaque) return overPaper(width, height, data);
  const channels = grey ? 1 : 3;
  const out = new Pixels(width, height, channels);
  for (let k = 0; k < count; k++) for (let c = 0; c < channels; c++) out.data[k * channels + c] = data[4 * k + c];
  return out;
}

// A transparent drawing over white paper, or over black where white would swallow it.
function overPaper(width, height, data) {
  const sides = [255, 0].map((paper) => {
    const out = new Pixels(width, height, 3);
    for (let from = 0, to = 0; from < data.length; from += 4) {
      const alpha = data[from + 3];
      for (let c = 0; c < 3; c++) out.data[to++] = Math.floor((data[from + c] * alpha + paper * (255 - alpha)) / 255);
    }
    return out;
  });
  const [white, black] = sides.map(contrast);
  const chosen = white >= 0.25 * black ? sides[0] : sides[1];
  const { data: own } = chosen;
  for (let at = 0; at < own.length; at += 3) {
    if (own[at] !== own[at + 1] || own[at] !== own[at + 2]) return chosen;
  }
  return new Pixels(width, height, 1, Uint8Array.from({ length: width * height }, (_, k) => own[3 * k]));
}

// Largest standard deviation of a channel.
function contrast({ data }) {
  const count = data.length / 3;
  return Math.max(
    ...[0, 1, 2].map((c) => {
      let [total, squares] = [0, 0];
      for (let at = c; at < data.length; at += 3) {
        total += data[at];
        squares += data[at] * data[at];
      }
      return Math.sqrt(Math.max(0, squares / count - (total / count) ** 2));
    }),
  );
}

function shrunk(pixels) {
  const factor = Math.max(pixels.width, pixels.height) / WORKING_SIDE;
  if (factor <= 1) return pixels;
  return shrink(pixels, ...[pixels.width, pixels.height].map((side) => Math.max(1, rint(side / factor))));
}
