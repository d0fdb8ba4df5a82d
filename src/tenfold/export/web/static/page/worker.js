// Reads beside the page, so that it stays smooth: pictures and drawings in, readings out.

import * as ort from "../runtime/ort.wasm.bundle.min.mjs";
import { steps } from "../reader/explain.js";
import { openNetworks } from "../reader/networks.js";
import { openPicture, PictureError } from "../reader/open.js";
import { glyphOf, Reader } from "../reader/reader.js";
import { drawn } from "../reader/strokes.js";

// Code becomes fast as it runs: a 1 is read so often before anybody asks for anything.
const WARM_UPS = 6;
const ONE = { width: 128, height: 152, strokes: [{ points: [[64, 24], [64, 128]], pen: 6 }] };

const from = (path) => new URL(`../${path}`, import.meta.url);

async function start() {
  ort.env.wasm.wasmPaths = { wasm: from("runtime/ort-wasm-simd-threaded.wasm").href };
  const facts = await (await fetchWhole("reader/facts.json")).json();
  const content = async (name) => new Uint8Array(await (await fetchWhole(`models/${name}`)).arrayBuffer());
  return new Reader(await openNetworks(ort, content, facts), facts);
}

async function fetchWhole(path) {
  const response = await fetch(from(path));
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
  return response;
}

const reader = start();
let used = false;
reader.then(
  (ready) => {
    postMessage({ ready: true });
    return warmUp(ready);
  },
  (error) => postMessage({ broken: String(error) }),
);

async function warmUp(ready) {
  for (let round = 0; round < WARM_UPS && !used; round++) {
    await ready.trace(drawn(ONE));
    await new Promise((resolve) => setTimeout(resolve)); // whoever asks meanwhile goes first
  }
}

onmessage = async ({ data: { id, drawing, file, options, inside } }) => {
  used = true;
  try {
    const { reading, trace } = await read(drawing, file, options);
    postMessage({ id, reading: await recordOf(reading, trace, inside) });
    await sendGlyphs(id, trace);
  } catch (error) {
    const known = error instanceof PictureError;
    if (!known) console.error(error);
    const name = file?.name || "drawing";
    postMessage({ id, problem: known ? error.message : `${name}: could not be read because of a fault in tenfold.` });
  }
};

async function read(drawing, file, options) {
  const ready = await reader;
  const started = performance.now();
  const trace = drawing
    ? await ready.trace(drawn(drawing), { ...options, ink: "all" })
    : await ready.trace(await openPicture(file), options);
  const seconds = (performance.now() - started) / 1000;
  const { digits } = trace.reading;
  // A drawing is by hand throughout, whatever its even strokes look like.
  const byHand = drawing ? digits.map((digit) => ({ ...digit, ink: "handwritten" })) : digits;
  return { reading: { ...trace.reading, digits: byHand, seconds }, trace };
}

// What the classifier sees of each digit is only to be looked at, so nobody waits for it: between two,
// whatever is asked next is read.
async function sendGlyphs(id, trace) {
  const glyphs = [];
  for (const number of trace.reading.digits.keys()) {
    await new Promise((resolve) => setTimeout(resolve));
    glyphs.push(base64(glyphOf(trace, number).data));
  }
  postMessage({ id, glyphs });
}

const rounded = (share) => Math.round(share * 1e4) / 1e4;

// The object that 'tenfold read --json' prints, with what the page shows besides.
async function recordOf(reading, trace, inside) {
  const record = {
    ...reading,
    lines: reading.lines.map(({ numbers, ...line }) => ({ ...line, numbers: numbers.map(withRounded) })),
    digits: reading.digits.map(digitRecord),
    marks: reading.marks.map(withRounded),
    seconds: rounded(reading.seconds),
  };
  if (!inside) return record;
  record.steps = {};
  for (const [name, canvas] of Object.entries(steps(trace))) {
    record.steps[name] = base64(new Uint8Array(await (await canvas.convertToBlob()).arrayBuffer()));
  }
  return record;
}

const withRounded = (one) => ({ ...one, confidence: rounded(one.confidence) });

function digitRecord({ digit, confidence, probabilities, box, line, ink, accepted, reason }) {
  const others = probabilities.map((probability, other) => ({ digit: other, probability }));
  const alternatives = others
    .filter((other) => other.digit !== digit && other.probability >= 0.01)
    .sort((a, b) => b.probability - a.probability)
    .map((other) => ({ ...other, probability: rounded(other.probability) }));
  return {
    digit, confidence: rounded(confidence), alternatives, box, line, ink, accepted, reason,
    probabilities: probabilities.map(rounded),
  };
}

function base64(data) {
  let text = "";
  for (let at = 0; at < data.length; at += 8192) text += String.fromCharCode(...data.subarray(at, at + 8192));
  return btoa(text);
}
