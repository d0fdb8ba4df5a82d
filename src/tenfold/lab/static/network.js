// A trained network, computed here: forward, and the very sum behind any number in it.

export class Network {
  // layers: as the server describes them; weights: all parameters in their order.
  constructor(layers, weights) {
    let offset = 0;
    const take = (shape) => {
      const length = shape.length ? shape.reduce((a, b) => a * b) : 0;
      return weights.subarray(offset, (offset += length));
    };
    this.layers = layers.map((layer) => ({
      ...layer,
      w: take(layer.weight),
      b: take(layer.bias),
    }));
    this.weights = weights;
    this.before = (ink) => ink; // what is done to an image first; breaking it changes that
  }

  // All that is computed on the way: the image, then what each layer gives, as { shape, data }.
  forward(ink) {
    const size = Math.round(Math.sqrt(ink.length));
    const all = [{ shape: [1, size, size], data: this.before(ink) }];
    for (const layer of this.layers) {
      all.push({ shape: layer.out, data: COMPUTE[layer.kind](all.at(-1), layer) });
    }
    return all;
  }

  probabilities(ink) {
    return this.forward(ink).at(-1).data;
  }

  // Multiplications for one image.
  get work() {
    return this.layers.reduce((sum, { kind, out, w }) => {
      const places = kind === "conv" ? out[1] * out[2] : 1;
      return sum + places * w.length;
    }, 0);
  }
}

const COMPUTE = {
  times: ({ data }, { number }) => data.map((value) => value * number),
  relu: ({ data }) => data.map((value) => Math.max(0, value)),
  flatten: ({ data }) => data,
  softmax: ({ data }) => {
    const most = Math.max(...data);
    const powers = data.map((value) => Math.exp(value - most));
    const sum = powers.reduce((a, b) => a + b, 0);
    return powers.map((value) => value / sum);
  },
  dense: ({ data }, { out: [units], w, b }) => {
    const given = new Float32Array(units);
    for (let unit = 0; unit < units; unit++) {
      let sum = b[unit];
      for (let i = 0, at = unit * data.length; i < data.length; i++) sum += w[at + i] * data[i];
      given[unit] = sum;
    }
    return given;
  },
  pool: ({ shape: [, height, width], data }, { out: [channels, h, wide] }) => {
    const given = new Float32Array(channels * h * wide);
    for (let c = 0, at = 0; c < channels; c++)
      for (let y = 0; y < h; y++)
        for (let x = 0; x < wide; x++, at++) {
          const corner = (c * height + 2 * y) * width + 2 * x;
          given[at] = Math.max(
            data[corner],
            data[corner + 1],
            data[corner + width],
            data[corner + width + 1],
          );
        }
    return given;
  },
  // (channels, height, width), read as (height, width, channels).
  swap: ({ shape: [c, h, w], data }) => {
    const given = new Float32Array(data.length);
    for (let x = 0, at = 0; x < w; x++)
      for (let channel = 0; channel < c; channel++)
        for (let y = 0; y < h; y++, at++) given[at] = data[(channel * h + y) * w + x];
    return given;
  },
  conv: (input, layer) => {
    const [outs, h, wide] = layer.out;
    const [ins, height, width] = input.shape;
    const { w, b, padding } = layer;
    const given = new Float32Array(outs * h * wide);
    for (let o = 0; o < outs; o++) {
      const plane = given.subarray(o * h * wide, (o + 1) * h * wide).fill(b[o]);
      for (let i = 0; i < ins; i++)
        for (let k = 0; k < 9; k++) {
          const factor = w[(o * ins + i) * 9 + k];
          const [dy, dx] = [Math.floor(k / 3) - padding, (k % 3) - padding];
          const [left, right] = [Math.max(0, -dx), Math.min(wide, width - dx)];
          for (let y = Math.max(0, -dy); y < Math.min(h, height - dy); y++) {
            const from = (i * height + y + dy) * width + dx;
            for (let x = left; x < right; x++) plane[y * wide + x] += factor * input.data[from + x];
          }
        }
    }
    return given;
  },
};

// The sum behind one number: { terms: [{ what, value, weight, channel, place }], bias, result }.
// A term's value times its weight is what it adds; `place` is its index in the layer's input.
export function explain(all, layer, number, index) {
  const input = all[number];
  const result = all[number + 1].data[index];
  const [value, weight] = [input.data, layer.w];
  if (layer.kind === "dense") {
    const at = index * value.length;
    const terms = Array.from(value, (v, i) => ({ value: v, weight: weight[at + i], place: i }));
    return { terms, bias: layer.b[index], result };
  }
  if (layer.kind === "conv") return { ...window(input, layer, index), result };
  if (layer.kind === "pool") {
    const [c, y, x] = place(layer.out, index);
    const [, height, width] = input.shape;
    const corner = (c * height + 2 * y) * width + 2 * x;
    const four = [corner, corner + 1, corner + width, corner + width + 1];
    return { terms: four.map((at) => ({ value: value[at], place: at })), result };
  }
  if (layer.kind === "softmax") {
    return { terms: Array.from(value, (v, i) => ({ value: v, place: i })), result };
  }
  const [c, y, x] = layer.kind === "swap" ? place(layer.out, index) : [];
  const [, height, width] = input.shape;
  const from = layer.kind === "swap" ? (y * height + x) * width + c : index;
  return { terms: [{ value: value[from], place: from, weight: layer.number }], result };
}

function window(input, layer, index) {
  const [o, y, x] = place(layer.out, index);
  const [ins, height, width] = input.shape;
  const terms = [];
  for (let channel = 0; channel < ins; channel++)
    for (let k = 0; k < 9; k++) {
      const row = y + Math.floor(k / 3) - layer.padding;
      const column = x + (k % 3) - layer.padding;
      const inside = row >= 0 && row < height && column >= 0 && column < width;
      const at = inside ? (channel * height + row) * width + column : -1; // -1: paper around it
      terms.push({
        value: inside ? input.data[at] : 0,
        weight: layer.w[(o * ins + channel) * 9 + k],
        channel,
        place: at,
      });
    }
  return { terms, bias: layer.b[o] };
}

// From an index to (channel, row, column).
export function place([, height, width], index) {
  const plane = height * width;
  const rest = index % plane;
  return [Math.floor(index / plane), Math.floor(rest / width), rest % width];
}

export function best(probabilities) {
  return probabilities.reduce((most, p, digit) => (p > probabilities[most] ? digit : most), 0);
}
