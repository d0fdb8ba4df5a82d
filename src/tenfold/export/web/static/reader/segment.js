// The pieces of ink that may be digits, and how they are joined; see tenfold/preprocess/segment.py.

import { components } from "./components.js";
import { frameGlyph } from "./normalize.js";
import { sum } from "./numbers.js";
import { crop, padded, Pixels } from "./pixels.js";

export const LEAST_AREA = 4;
export const LEAST_SHARE = 0.002;
export const MOST_PIECES = 1500;
export const HALO = 2;

// Connected components of a mask, grain left out, from left to right.
export function findPieces(mask) {
  const { labels, boxes } = components(mask);
  const all = boxes.map((box, label) => ({ ...box, label })).slice(1);
  const least = Math.max(LEAST_AREA, LEAST_SHARE * all.reduce((most, { area }) => Math.max(most, area), 0));
  let large = all.filter(({ area }) => area >= least);
  if (large.length > MOST_PIECES) large = large.sort((a, b) => b.area - a.area).slice(0, MOST_PIECES);
  const pieces = large.map(({ left, top, right, bottom, area, label }) => {
    const own = new Pixels(right - left + 1, bottom - top + 1);
    for (let y = 0, to = 0; y < own.height; y++) {
      for (let x = 0; x < own.width; x++, to++) {
        own.data[to] = labels[(top + y) * mask.width + left + x] === label ? 1 : 0;
      }
    }
    return pieceOf(left, top, own, area);
  });
  return pieces.sort((a, b) => a.x - b.x || a.y - b.y);
}

function pieceOf(x, y, mask, area) {
  const { width, height } = mask;
  return { x, y, width, height, right: x + width, bottom: y + height, mask, area };
}

export function merge(pieces) {
  if (pieces.length === 1) return pieces[0];
  const [x, y] = [Math.min(...pieces.map((one) => one.x)), Math.min(...pieces.map((one) => one.y))];
  const right = Math.max(...pieces.map((one) => one.right));
  const bottom = Math.max(...pieces.map((one) => one.bottom));
  const mask = new Pixels(right - x, bottom - y);
  for (const piece of pieces) {
    for (let row = 0; row < piece.height; row++) {
      const to = (piece.y - y + row) * mask.width + piece.x - x;
      for (let column = 0; column < piece.width; column++) {
        mask.data[to + column] |= piece.mask.data[row * piece.width + column];
      }
    }
  }
  return pieceOf(x, y, mask, sum(pieces.map(({ area }) => area)));
}

// The piece as MNIST would show it.
export function glyphOf({ level }, piece) {
  const [top, left] = [Math.min(HALO, piece.y), Math.min(HALO, piece.x)];
  const [down, right] = [Math.min(HALO, level.height - piece.bottom), Math.min(HALO, level.width - piece.right)];
  const mask = padded(piece.mask, left, top, right, down);
  const around = crop(level, piece.x - left, piece.y - top, piece.right + right, piece.bottom + down);
  return frameGlyph(around, mask);
}
