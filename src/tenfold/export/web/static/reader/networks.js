// The three networks, run by ONNX Runtime Web on one thread.

import { FIELD } from "./normalize.js";
import { FINE, KINDS, PLACE, PLACES, STRIP } from "./signature.js";

// `ort` is the runtime, `content(name)` gives a model file's bytes, `facts` the classifier's temperature.
export async function openNetworks(ort, content, { temperature }) {
  ort.env.wasm.numThreads = 1;
  const options = { executionProviders: ["wasm"], graphOptimizationLevel: "all" };
  const open = async (name) => ort.InferenceSession.create(await content(name), options);
  const [finder, line, digits] = [await open("finder.onnx"), await open("line.onnx"), await open("digits.onnx")];
  return {
    // Planes of a picture to kinds of ink at half its size and places at a quarter: logits.
    async finder(planes, width, height) {
      const x = new ort.Tensor("float32", planes, [1, planes.length / (width * height), height, width]);
      const { kinds, places } = await finder.run({ x });
      check(kinds, [1, KINDS, height / FINE, width / FINE]);
      check(places, [1, PLACES, height / PLACE, width / PLACE]);
      return { kinds: kinds.data, places: places.data };
    },
    // Normalised strips to logits of their frames.
    async line(strips, count, width) {
      const x = new ort.Tensor("float32", strips, [count, 1, STRIP, width]);
      return (await line.run({ x })).frames.data;
    },
    // Framed glyphs to the probabilities of the ten digits, and how much each looks like any digit.
    async classifier(glyphs) {
      const levels = new Uint8Array(glyphs.length * FIELD * FIELD);
      glyphs.forEach(({ data }, k) => levels.set(data, k * FIELD * FIELD));
      const images = new ort.Tensor("uint8", levels, [glyphs.length, FIELD, FIELD]);
      const { logits, digitness } = await digits.run({ images });
      return glyphs.map((_, k) => {
        const chances = soften(logits.data.subarray(k * 10, k * 10 + 10), temperature);
        return { chances, digitness: digitness ? digitness.data[k] : Math.max(...chances) };
      });
    },
  };
}

function check({ dims }, wanted) {
  if (dims.join() !== wanted.join()) throw new Error(`the finder answers ${dims}, not ${wanted}`);
}

function soften(logits, temperature) {
  const scaled = logits.map((logit) => logit / temperature);
  const top = Math.max(...scaled);
  const odds = scaled.map((value) => Math.exp(value - top));
  const total = odds.reduce((all, value) => all + value, 0);
  return odds.map((value) => value / total);
}
