// The images that no run learns from: the validation set, and the test set.

import { json, request, Trouble } from "/page/api.js";

const known = new Map();

// { size, validation: { count, ink(i), labels }, test: the same }; fetched once for each data set.
export function heldOf(experiment) {
  const key = experiment.data === "digits" ? "digits" : `mnist ${experiment.images}`;
  if (!known.has(key)) {
    const coming = load(experiment);
    known.set(key, coming);
    coming.catch(() => known.delete(key));
  }
  return known.get(key);
}

async function load(experiment) {
  const response = await request("/v1/lab/images", json("POST", experiment));
  if (!response.ok) throw new Trouble((await response.json()).detail);
  const count = Number(response.headers.get("Tenfold-Validation"));
  const size = experiment.data === "digits" ? 8 : 28;
  const bytes = new Uint8Array(await response.arrayBuffer());
  const each = size * size + 1;
  const split = count * each;
  return {
    size,
    validation: part(bytes.subarray(0, split), size, count),
    test: part(bytes.subarray(split), size, (bytes.length - split) / each),
  };
}

function part(bytes, size, count) {
  const pixels = size * size;
  return {
    count,
    labels: bytes.subarray(count * pixels),
    ink: (i) => Float32Array.from(bytes.subarray(i * pixels, (i + 1) * pixels), (v) => v / 255),
  };
}
