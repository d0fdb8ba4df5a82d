// The page: joins pen, sheet, server and answer.

import { readDrawing, readPicture, Trouble } from "./api.js";
import { asPicture, Drawing } from "./drawing.js";
import { asPng, showSteps } from "./inside.js";
import { offerLessons } from "./lessons.js";
import { Pen } from "./pen.js";
import { acceptPictures, turned } from "./pictures.js";
import { Result } from "./result.js";
import { Sheet } from "./sheet.js";
import { Table } from "./table.js";

const REST = 150; // milliseconds between readings while the pen is down
const $ = (id) => document.getElementById(id);

const drawing = new Drawing();
const sheet = new Sheet($("sheet"), $("ink"), $("marks"));
const result = new Result(look);
const table = new Table(lookAt);
let picture = null; // the one being looked at, or null while drawing
let growing = null; // the stroke under the pen
let timer = 0;
let asking = null;

new Pen($("ink"), {
  width: () => Number($("pen").value),
  active: () => picture === null,
  draw(stroke) {
    growing = stroke;
    sheet.draw([...drawing.strokes, stroke]);
    $("hint").hidden = $("example").hidden = true;
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
  $("hint").hidden = $("example").hidden = picture !== null || !drawing.empty;
  $("called").hidden = picture === null;
  $("unshown").hidden = true;
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
  const signal = overtake();
  const started = performance.now();
  try {
    const reading = await readDrawing(body, $("inside").open, signal);
    if (!signal.aborted) show(reading, place, performance.now() - started);
  } catch (error) {
    if (!signal.aborted) trouble(error);
  }
}

// One picture is looked at by itself, several get a table; while it is open, others join it.
function take(files) {
  if (files.length > 1 || table.open) table.add(files);
  else {
    const signal = overtake();
    lookAt({ file: files[0], answer: timed(files[0], signal) }, signal);
  }
}

async function timed(file, signal) {
  const started = performance.now();
  const reading = await readPicture(file, $("inside").open, signal);
  return { reading, milliseconds: performance.now() - started };
}

// Show a picture, and what was read in it as soon as that is known, or why nothing was.
async function lookAt(entry, signal = overtake()) {
  const { file } = (picture = entry);
  clearTimeout(timer);
  timer = 0;
  $("trouble").hidden = true;
  $("called").textContent = $("unshown-name").textContent = file.name;
  result.clear("Reading …");
  refreshTools();
  const seen = createImageBitmap(file).catch(() => null); // null: TIFF, PDF, no picture at all
  sheet.answer(null, null);
  sheet.show(null);
  seen.then((bitmap) => bitmap && !signal.aborted && sheet.show(bitmap, bitmap));
  try {
    const answer = await entry.answer;
    const asked = $("inside").open || !(await seen); // what cannot be shown, is shown as it was read
    const reading =
      asked && !answer.reading.steps ? await readPicture(file, true, signal) : answer.reading;
    const bitmap = (await seen)
      ? turned(await seen, reading.rotation)
      : await createImageBitmap(asPng(reading.steps.picture));
    if (signal.aborted) return;
    show(reading, sheet.show(bitmap, reading), answer.milliseconds);
  } catch (error) {
    const bitmap = await seen;
    if (signal.aborted) return;
    $("unshown").hidden = bitmap !== null;
    result.clear("Not read.");
    trouble(error);
  }
}

function readAgain() {
  if (picture === null) return readStrokes();
  const { file } = picture;
  const signal = overtake();
  return lookAt({ file, answer: timed(file, signal) }, signal);
}

// Who asks later overtakes: what was asked before is shown no more.
function overtake() {
  asking?.abort();
  asking = new AbortController();
  return asking.signal;
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
  table.close();
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
  if ($("inside").open) picture === null ? readStrokes() : lookAt(picture);
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
$("csv").addEventListener("click", () => save(table.csv(), "readings.csv", "text/csv"));
addEventListener("keydown", (event) => {
  if (!(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== "z") return;
  if (event.target.matches("input[type=password]")) return; // it has an undo of its own
  event.preventDefault();
  history(event.shiftKey ? "redo" : "undo");
});
acceptPictures(take);
offerLessons(() => result.digit, trouble, readAgain);

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
  save(`${JSON.stringify(plain)}\n`, "reading.json", "application/json");
}

function save(text, name, type) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type }));
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}
