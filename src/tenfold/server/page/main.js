// The page: joins pen, sheet, server and answer.

import { readDrawing, readPicture, Trouble } from "./api.js";
import { asPicture, Drawing } from "./drawing.js";
import { asPng, showSteps } from "./inside.js";
import { offerLessons } from "./lessons.js";
import { Pen } from "./pen.js";
import { acceptPictures, asBitmap } from "./pictures.js";
import { Result } from "./result.js";
import { Sheet } from "./sheet.js";

const REST = 150; // milliseconds between readings while the pen is down
const $ = (id) => document.getElementById(id);

const drawing = new Drawing();
const sheet = new Sheet($("sheet"), $("ink"), $("marks"));
const result = new Result(look);
let picture = null; // the file being looked at, or null while drawing
let growing = null; // the stroke under the pen
let timer = 0;
let asking = null;

new Pen($("ink"), {
  width: () => Number($("pen").value),
  active: () => picture === null,
  draw(stroke) {
    growing = stroke;
    sheet.draw([...drawing.strokes, stroke]);
    $("hint").hidden = true;
    timer ||= setTimeout(readStrokes, REST);
  },
  done(stroke) {
    growing = null;
    drawing.add(stroke);
    changed();
  },
  hover(point) {
    const index = point ? sheet.under(point) : -1;
    if (index >= 0) look(index);
  },
  cursor: (at, down) => sheet.point(at && { at, down }),
});

function look(index) {
  result.look(index);
  sheet.choose(index);
}

function changed() {
  $("trouble").hidden = true;
  sheet.draw(drawing.strokes);
  refreshTools();
  readStrokes();
}

function refreshTools() {
  $("hint").hidden = picture !== null || !drawing.empty;
  $("undo").disabled = picture !== null || !drawing.canUndo;
  $("redo").disabled = picture !== null || !drawing.canRedo;
  $("pen").disabled = picture !== null;
  $("clear").disabled = drawing.empty;
  $("clear").hidden = picture !== null;
  $("close").hidden = picture === null;
}

async function readStrokes() {
  clearTimeout(timer);
  timer = 0;
  const strokes = growing ? [...drawing.strokes, growing] : drawing.strokes;
  if (!strokes.length) {
    forgetAnswer();
    return;
  }
  const { place, body } = asPicture(strokes);
  await ask(
    (inside, signal) => readDrawing(body, inside, signal),
    () => place,
  );
}

async function readFile(file) {
  picture = file;
  clearTimeout(timer);
  timer = 0;
  $("trouble").hidden = true;
  sheet.answer(null, null);
  refreshTools();
  result.clear("Reading …");
  await ask((inside, signal) => readPicture(file, inside, signal), async (reading) => {
    const again = () => readPicture(file, true).then(({ steps }) => asPng(steps.picture));
    const bitmap = await asBitmap(file, reading.rotation).catch(async () =>
      asBitmap(await again(), 0),
    );
    return sheet.show(bitmap, reading);
  });
}

// Ask for a reading and show it; who asks later overtakes. `locate(reading)` says where it lies.
async function ask(request, locate) {
  asking?.abort();
  const mine = (asking = new AbortController());
  const started = performance.now();
  try {
    const reading = await request($("inside").open, mine.signal);
    const place = await locate(reading);
    if (mine.signal.aborted) return;
    show(reading, place, performance.now() - started);
  } catch (error) {
    if (mine.signal.aborted) return;
    if (picture) closePicture();
    trouble(error);
  }
}

function show(reading, place, milliseconds) {
  result.show(reading, milliseconds);
  sheet.answer(reading, place);
  sheet.choose(result.chosen);
  if (reading.steps) showSteps(reading.steps);
}

function forgetAnswer() {
  asking?.abort();
  sheet.answer(null, null);
  result.clear("What you write is read here.");
}

function closePicture() {
  picture = null;
  forgetAnswer();
  changed();
}

function trouble(error) {
  if (!(error instanceof Trouble)) console.error(error);
  $("trouble").textContent = error.message;
  $("trouble").hidden = false;
}

function history(step) {
  if (picture !== null) return;
  drawing[step]();
  changed();
}

$("undo").addEventListener("click", () => history("undo"));
$("redo").addEventListener("click", () => history("redo"));
$("clear").addEventListener("click", () => history("clear"));
$("close").addEventListener("click", closePicture);
$("inside").addEventListener("toggle", () => {
  if ($("inside").open) picture === null ? readStrokes() : readFile(picture);
});
$("copy").addEventListener("click", async () => {
  try {
    await copy(result.reading.text);
    result.tell("Copied.");
  } catch (error) {
    trouble(error);
  }
});
$("json").addEventListener("click", () => download(result.reading));
addEventListener("keydown", (event) => {
  if (!(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== "z") return;
  if (event.target.matches("input[type=password]")) return; // it has an undo of its own
  event.preventDefault();
  history(event.shiftKey ? "redo" : "undo");
});
acceptPictures(readFile);
offerLessons(() => result.digit, trouble);

async function copy(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  // Without HTTPS, browsers lend no clipboard to other machines' pages; a selection they still copy.
  getSelection().selectAllChildren($("text"));
  document.execCommand("copy");
}

// The object that 'tenfold read --json' prints, without what only this page needs.
function download(reading) {
  const { steps: _steps, ...plain } = reading;
  plain.digits = plain.digits.map(({ glyph: _glyph, probabilities: _all, ...digit }) => digit);
  const link = document.createElement("a");
  const blob = new Blob([`${JSON.stringify(plain)}\n`], { type: "application/json" });
  link.href = URL.createObjectURL(blob);
  link.download = "reading.json";
  link.click();
  URL.revokeObjectURL(link.href);
}
