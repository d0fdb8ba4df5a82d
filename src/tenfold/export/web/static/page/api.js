// Ask the reader, which runs in this browser. Answers are objects; troubles are sentences.

const SOON = 300; // milliseconds after which a person is told that the reader is being loaded

export class Trouble extends Error {}

const worker = new Worker(new URL("worker.js", import.meta.url), { type: "module" });
const waiting = []; // what was asked and not begun; the worker gets one thing at a time
const looked = new Map(); // readings whose glyphs are still to come, by number
let asked = null;
let broken = null;
let last = 0;

worker.addEventListener("message", ({ data }) => {
  if (data.ready) tellLoaded();
  else if (data.broken) stop(data.broken);
  else if (data.glyphs) {
    looked.get(data.id)(data.glyphs);
    looked.delete(data.id);
  } else {
    const { resolve, reject } = asked;
    asked = null;
    if (data.problem) reject(new Trouble(data.problem));
    else resolve(withGlyphs(data));
    next();
  }
});
worker.addEventListener("error", (event) => stop(event.message));

// Without its parts, nothing that was asked or will be asked is answered.
function stop(why) {
  console.error(why);
  broken = new Trouble("The reader could not be loaded. Reload the page while you are online.");
  tellLoaded();
  for (const one of [asked, ...waiting.splice(0)]) one?.reject(broken);
  asked = null;
}

// The glyph of each digit is a promise: it comes a little later.
function withGlyphs({ id, reading }) {
  const glyphs = new Promise((resolve) => looked.set(id, resolve));
  reading.digits.forEach((digit, number) => (digit.glyph = glyphs.then((all) => all[number])));
  return reading;
}

function ask(message, signal) {
  return new Promise((resolve, reject) => {
    if (broken) return reject(broken);
    waiting.push({ message: { id: ++last, ...message }, signal, resolve, reject });
    if (!asked) next();
  });
}

// Who asks later overtakes: what was given up meanwhile is not read at all.
function next() {
  while (!asked && waiting.length) {
    const one = waiting.shift();
    if (one.signal?.aborted) one.reject(one.signal.reason);
    else {
      asked = one;
      worker.postMessage(one.message);
    }
  }
}

export const readDrawing = (drawing, inside, signal) => ask({ drawing, inside }, signal);
export const readPicture = (file, inside, signal) => ask({ file, inside }, signal);

// There is no server to keep lessons, or to learn from them.
export const teaching = async () => ({ enabled: false });
export { teaching as teach, teaching as forget, teaching as learn, teaching as learned, teaching as unlearn };

export function bytes(base64) {
  return Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
}

const note = document.getElementById("note");
const before = note.textContent;
const LOADING = "The reader is being loaded, once …";
const telling = setTimeout(() => note.textContent === before && (note.textContent = LOADING), SOON);

function tellLoaded() {
  clearTimeout(telling);
  document.documentElement.dataset.reader = broken ? "broken" : "ready";
  if (note.textContent === LOADING) note.textContent = before;
}
