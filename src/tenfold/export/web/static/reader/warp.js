// Sample a picture between its pixels: along a line of writing, and masks at another size.

import { Pixels } from "./pixels.js";

const { fround } = Math;

// Cut a straight strip out: `matrix` leads from its columns and rows to the picture's pixels.
export function warp(pixels, [[a, b, c], [d, e, f]], width, height) {
  const out = new Pixels(width, height);
  const rounded = new Uint8ClampedArray(out.data.buffer); // halves go to the even level
  const { data } = pixels;
  [a, b, c, d, e, f] = [a, b, c, d, e, f].map(fround);
  const right = pixels.width - 1;
  const bottom = pixels.height - 1;
  for (let y = 0; y < height; y++) {
    const [rowX, rowY] = [fround(b * y + c), fround(e * y + f)];
    for (let x = 0; x < width; x++) {
      const sx = fround(a * x + rowX);
      const sy = fround(d * x + rowY);
      const x0 = Math.floor(sx);
      const y0 = Math.floor(sy);
      const dx = fround(sx - x0);
      const dy = fround(sy - y0);
      const left = x0 < 0 ? 0 : x0 > right ? right : x0;
      const next = x0 + 1 < 0 ? 0 : x0 + 1 > right ? right : x0 + 1;
      const above = (y0 < 0 ? 0 : y0 > bottom ? bottom : y0) * pixels.width;
      const below = (y0 + 1 < 0 ? 0 : y0 + 1 > bottom ? bottom : y0 + 1) * pixels.width;
      const high = fround(data[above + left] + dx * (data[above + next] - data[above + left]));
      const low = fround(data[below + left] + dx * (data[below + next] - data[below + left]));
      rounded[y * width + x] = fround(high + dy * fround(low - high));
    }
  }
  return out;
}

// Values of `data`, `width` a row, at all pairs of places x and y between its cells.
export function sample(data, width, height, xs, ys) {
  const out = new Float32Array(xs.length * ys.length);
  const inside = (at, size) => (at < 0 ? 0 : at >= size ? size - 1 : at);
  let to = 0;
  for (const y of ys) {
    const y0 = Math.floor(y);
    const dy = y - y0;
    const [above, below] = [inside(y0, height) * width, inside(y0 + 1, height) * width];
    for (const x of xs) {
      const x0 = Math.floor(x);
      const dx = x - x0;
      const [left, right] = [inside(x0, width), inside(x0 + 1, width)];
      const high = data[above + left] + dx * (data[above + right] - data[above + left]);
      const low = data[below + left] + dx * (data[below + right] - data[below + left]);
      out[to++] = high + dy * (low - high);
    }
  }
  return out;
}
