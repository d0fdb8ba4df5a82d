// Pictures as flat arrays: `data` row by row, channels of a pixel beside each other.

export class Pixels {
  constructor(width, height, channels = 1, data = new Uint8Array(width * height * channels)) {
    this.width = width;
    this.height = height;
    this.channels = channels;
    this.data = data;
  }
}

export const floats = (width, height) => new Pixels(width, height, 1, new Float32Array(width * height));

// Part of a picture: columns left to right and rows top to bottom, the ends left out.
export function crop(pixels, left, top, right, bottom) {
  const { width, channels, data } = pixels;
  const size = (right - left) * channels;
  const out = new data.constructor(Math.max(0, size * (bottom - top)));
  for (let y = top; y < bottom; y++) {
    const from = (y * width + left) * channels;
    out.set(data.subarray(from, from + size), (y - top) * size);
  }
  return new Pixels(right - left, bottom - top, channels, out);
}

// The same picture with a border all around of zeros.
export function padded(pixels, left, top = left, right = left, bottom = top) {
  const { width, height, data } = pixels;
  const out = new Pixels(width + left + right, height + top + bottom);
  for (let y = 0; y < height; y++) {
    out.data.set(data.subarray(y * width, (y + 1) * width), (y + top) * out.width + left);
  }
  return out;
}

// Longer by rows and columns on the right and below, which go on as the last ones are.
export function extended({ width, height, data }, right, below) {
  if (!right && !below) return new Pixels(width, height, 1, data);
  const out = new Pixels(width + right, height + below);
  for (let y = 0; y < out.height; y++) {
    const from = Math.min(y, height - 1) * width;
    const row = out.data.subarray(y * out.width, (y + 1) * out.width);
    row.set(data.subarray(from, from + width));
    row.fill(row[width - 1], width);
  }
  return out;
}

// Turned clockwise by a multiple of 90 degrees.
export function turned(pixels, degrees) {
  const quarter = (((degrees / 90) % 4) + 4) % 4;
  if (!quarter) return pixels;
  const { width, height, channels, data } = pixels;
  const [wide, high] = quarter === 2 ? [width, height] : [height, width];
  const out = new Pixels(wide, high, channels);
  let to = 0;
  for (let y = 0; y < high; y++) {
    for (let x = 0; x < wide; x++) {
      const [sx, sy] =
        quarter === 1 ? [y, height - 1 - x] : quarter === 2 ? [width - 1 - x, height - 1 - y] : [width - 1 - y, x];
      const from = (sy * width + sx) * channels;
      for (let c = 0; c < channels; c++) out.data[to++] = data[from + c];
    }
  }
  return out;
}

// In grey, with the weights of Rec. 601 in 15 bits behind the point.
export function greyOf(pixels) {
  if (pixels.channels === 1) return pixels;
  const { width, height, data } = pixels;
  const out = new Pixels(width, height);
  for (let at = 0, from = 0; at < out.data.length; at++, from += 3) {
    out.data[at] = (data[from] * 9798 + data[from + 1] * 19235 + data[from + 2] * 3735 + 16384) >> 15;
  }
  return out;
}

// The smallest box around all that is not 0, or null.
export function inked({ width, height, data }) {
  let [left, top, right, bottom] = [width, height, -1, -1];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (!data[y * width + x]) continue;
      if (x < left) left = x;
      if (x > right) right = x;
      if (y < top) top = y;
      bottom = y;
    }
  }
  return bottom < 0 ? null : [left, top, right + 1, bottom + 1];
}
