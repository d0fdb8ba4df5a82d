// A form is drawn: each change is checked and, with a filled-in sheet, tried; a file comes of it when saved.

import { bytes, json, request, send, Trouble } from "/page/api.js";
import { Board } from "./board.js";
import { Form } from "./form.js";
import { $, Panel } from "./panel.js";

const BASE = "/v1/form";
const CHECK = 250; // milliseconds of rest before the form is checked
const TRY = 600; // and before it is read again
const LARGER = 1.25;
const NOT_YET = "Not saved yet";
const NEW = [0.2, 0.03]; // width and height of a new field

let about = null;
let digest = "";
let saved = ""; // the form as the file has it
let problems = new Map(); // sentences by a field's id
let general = [];
let read = new Map(); // what was read by a field's id
let tried = null; // the last answer
let sheet = ""; // the name of the file that is tried
let unsaved = NOT_YET; // or what came of saving
const timers = {};
const latest = { check: 0, try: 0 };

const form = new Form(changed, chose);
const board = new Board(form);
const panel = new Panel(form, (field) => {
  form.choose(field);
  board.seen();
});

const state = () => JSON.stringify([form.title, form.fields.map(({ table }) => table)]);

function show() {
  board.show(problems, read);
  panel.show(problems, read, general);
  $("undo").disabled = !form.undoable;
  if (about) $("saved").textContent = state() === saved ? "Saved" : unsaved;
}

function changed() {
  unsaved = NOT_YET;
  show();
  later("check", CHECK, check);
  if (sheet) later("try", TRY, tryOut);
}

function chose() {
  if (String(form.page) !== $("page").value) turn(form.page);
  show();
  panel.seen();
}

function later(what, pause, work) {
  clearTimeout(timers[what]);
  timers[what] = setTimeout(() => doing(work), pause);
}

async function doing(work) {
  try {
    await work();
    $("trouble").hidden = true;
  } catch (error) {
    if (!(error instanceof Trouble)) console.error(error);
    $("trouble").textContent = error.message;
    $("trouble").hidden = false;
  }
}

function take(found, ids) {
  problems = new Map();
  general = [];
  for (const { field, text } of found) {
    if (field === null) general.push(text);
    else problems.set(ids[field], [...(problems.get(ids[field]) ?? []), text]);
  }
}

async function check() {
  const [turn, ids] = [++latest.check, form.fields.map(({ id }) => id)];
  const answer = await send(`${BASE}/check`, json("POST", { fields: form.sent }));
  if (turn !== latest.check) return;
  take(answer.problems, ids);
  show();
}

async function save(insist = false) {
  clearTimeout(timers.check);
  latest.check++;
  const [before, ids] = [state(), form.fields.map(({ id }) => id)];
  const body = { fields: form.sent, title: form.title, digest, insist };
  const answer = await send(BASE, json("POST", body));
  take(answer.problems, ids);
  $("changed").hidden = !answer.changed;
  if (answer.changed) {
    $("changed-why").textContent = `${answer.changed} Nothing was written.`;
    return show();
  }
  if (answer.saved) {
    digest = answer.digest;
    form.saved(ids);
    saved = before;
    show();
    $("live").textContent = "Saved.";
    return;
  }
  const count = answer.problems.length;
  unsaved = `Not saved: ${count} thing${count > 1 ? "s" : ""} to mend`;
  show();
  const first = answer.problems.find(({ field }) => field !== null);
  if (first) {
    form.choose(form.fields.find(({ id }) => id === ids[first.field]));
    board.seen();
  }
}

async function sendSheet(file) {
  if (!file) return;
  const data = new FormData();
  data.append("file", file, file.name || "sheet");
  $("tried").textContent = `Reading ${file.name} …`;
  sheet = (await send(`${BASE}/sheet`, { method: "POST", body: data })).name;
  $("sheet-page").value = 1;
  await tryOut();
  if (tried?.status === "read") see(true);
}

async function tryOut() {
  const turn = ++latest.try;
  const ids = new Map(form.fields.map(({ id, table }) => [table.name, id]));
  const order = form.fields.map(({ id }) => id);
  $("tried").textContent = `Reading ${sheet} …`;
  const body = { fields: form.sent, page: Number($("sheet-page").value) || 1 };
  const answer = await send(`${BASE}/try`, json("POST", body)).catch((error) => {
    $("tried").textContent = `${sheet} was not read.`;
    throw error;
  });
  if (turn !== latest.try) return;
  tried = answer;
  if (answer.problems.length) {
    take(answer.problems, order);
    $("tried").textContent = "It is read again when what is wrong with the form is mended.";
    return show();
  }
  read = new Map(answer.fields.map((one) => [ids.get(one.name), one]));
  $("sheet-which").hidden = answer.count < 2;
  $("sheet-page").max = answer.count;
  $("see").hidden = !answer.picture;
  const image = $("filled");
  if (image.src.startsWith("blob:")) URL.revokeObjectURL(image.src);
  if (answer.status === "read") {
    image.src = URL.createObjectURL(new Blob([bytes(answer.picture)], { type: "image/jpeg" }));
    const sure = answer.fields.filter(({ status }) => status === "ok" || status === "blank").length;
    $("tried").textContent = `${sheet}, page ${answer.page} of the form: ${sure} of ${answer.fields.length} fields are sure.`;
  } else {
    see(false);
    $("see").hidden = true;
    const what = answer.status === "not aligned" ? "not laid on the form" : "not read";
    $("tried").textContent = `${sheet} was ${what}: ${answer.reason.replace(/\.$/, "")}.`;
  }
  show();
  $("filled").hidden = !seeing();
}

const seeing = () =>
  $("see").getAttribute("aria-pressed") === "true" && tried?.status === "read" && tried.page === form.page;

function see(on) {
  $("see").setAttribute("aria-pressed", String(on));
  if (on && tried.page !== form.page) {
    form.page = tried.page;
    form.choose(null);
    doing(() => turn(tried.page));
    show();
  }
  $("filled").hidden = !seeing();
}

async function turn(page) {
  form.page = page;
  $("page").value = page;
  $("filled").hidden = !seeing();
  const { width, height } = about.pages[page - 1];
  Object.assign($("blank"), { width, height });
  $("blank").style.height = "auto";
  const answer = await request(`${BASE}/pages/${page}`);
  if (!answer.ok) throw new Trouble("The picture of this page cannot be loaded.");
  const blob = await answer.blob();
  if (form.page !== page) return;
  if ($("blank").src.startsWith("blob:")) URL.revokeObjectURL($("blank").src);
  $("blank").src = URL.createObjectURL(blob);
}

function add() {
  const [x, y] = board.middle;
  form.add([x - NEW[0] / 2, y - NEW[1] / 2, ...NEW]);
  board.focus();
  board.seen();
}

function remove() {
  const name = form.chosen?.table.name;
  form.remove();
  board.focus();
  if (name) $("live").textContent = `${name} deleted.`;
}

function double() {
  if (!form.chosen) return;
  form.double();
  board.focus();
  board.seen();
}

const KEYS = { n: add, d: double, Delete: remove, Backspace: remove };

function onKey(event) {
  const { key, target } = event;
  if ($("asks").open) return;
  const command = event.ctrlKey || event.metaKey;
  const typing = target.matches("input, select, textarea");
  if (command && key.toLowerCase() === "s") {
    event.preventDefault();
    return void doing(() => save());
  }
  if (command && key.toLowerCase() === "z" && !event.shiftKey && !typing) {
    event.preventDefault();
    return void undo();
  }
  if (typing) {
    if (key === "Escape" || (key === "Enter" && target.matches("#panel input"))) {
      event.preventDefault();
      board.focus();
    }
    return;
  }
  const box = target.matches(".box");
  if (box && board.key(event)) return event.preventDefault();
  if (command || event.altKey) return;
  if (box && key === "Enter") {
    event.preventDefault();
    $("name").focus();
    return void $("name").select();
  }
  if (key === "Escape" && board.drawing) return board.draw(false);
  if (KEYS[key] && (box || key === "n")) {
    event.preventDefault();
    KEYS[key]();
  }
}

function undo() {
  form.undo();
  board.focus();
}

async function load() {
  about = await send(BASE);
  digest = about.digest;
  $("file").textContent = about.file;
  document.title = `${about.file}: tenfold`;
  $("page").replaceChildren(...about.pages.map((_, k) => new Option(k + 1, k + 1)));
  $("which").hidden = about.pages.length < 2;
  form.load(about.fields, about.title);
  saved = digest ? state() : "";
  read = new Map();
  show();
  $("changed").hidden = true;
  await turn(Math.min(form.page, about.pages.length));
  await check();
}

addEventListener("keydown", onKey);
addEventListener("keyup", (event) => event.key.startsWith("Arrow") && form.rest());
addEventListener("beforeunload", (event) => about && state() !== saved && event.preventDefault());
for (const place of [$("drop"), $("board")]) {
  const over = (on) => (event) => {
    event.preventDefault();
    place.classList.toggle("over", on);
  };
  place.addEventListener("dragover", over(true));
  place.addEventListener("dragleave", over(false));
  place.addEventListener("drop", (event) => {
    over(false)(event);
    const [file] = event.dataTransfer.files;
    doing(() => sendSheet(file));
  });
}
$("sheet").addEventListener("change", () => {
  const [file] = $("sheet").files;
  $("sheet").value = ""; // the same one may be chosen again
  doing(() => sendSheet(file));
});
$("sheet-page").addEventListener("change", () => doing(tryOut));
$("page").addEventListener("change", () => {
  form.page = Number($("page").value);
  form.choose(null);
  doing(() => turn(form.page));
  show();
});
for (const [id, work] of [
  ["save", () => doing(() => save())], ["overwrite", () => doing(() => save(true))],
  ["reload", () => doing(load)], ["undo", undo], ["new", add], ["double", double],
  ["delete", remove], ["draw", () => board.draw(!board.drawing)],
  ["in", () => board.zoom(LARGER)], ["out", () => board.zoom(1 / LARGER)],
  ["see", () => see($("see").getAttribute("aria-pressed") !== "true")],
]) $(id).addEventListener("click", work);

doing(load).then(() => document.querySelector("main").setAttribute("aria-busy", "false"));
