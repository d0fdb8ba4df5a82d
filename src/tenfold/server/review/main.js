// The review: one item after the other, by keys alone or by buttons.

import { Trouble } from "/page/api.js";
import { Server } from "./ask.js";
import { leftOver, Pace } from "./pace.js";
import {
  $, enter, named, picture, showField, showInputs, showPage, showSettle, showSummary,
  showWaiting,
} from "./show.js";

const LOOK_AGAIN = 4000; // milliseconds between looks for what others give back
const server = new Server((sentence) => {
  $("gone").textContent = sentence;
  $("gone").hidden = !sentence;
});
const pace = new Pace();
const skipped = { field: new Set(), page: new Set() };
let about = null;
let queue = [];
let current = null; // the item that is shown; null at the end
let settling = null; // what to do about a conflict, or a value that the template does not allow
let busy = false; // while an answer is awaited; keys pressed meanwhile wait in `ahead`
let ahead = [];
let timer = 0;

// Do one thing at a time; what is typed meanwhile is not lost.
async function doing(work) {
  if (busy) return;
  wait(true);
  $("trouble").hidden = true;
  try {
    await work();
  } catch (error) {
    if (!(error instanceof Trouble)) console.error(error);
    $("trouble").textContent = error.message;
    $("trouble").hidden = false;
  }
  wait(false);
  while (ahead.length && !busy) press(ahead.shift());
}

function wait(on) {
  busy = on;
  document.querySelector("main").setAttribute("aria-busy", String(on));
}

function far(progress) {
  const all = progress.decided + progress.open;
  $("bar").max = all || 1;
  $("bar").value = progress.decided;
  $("bar").setAttribute("aria-valuetext", `${progress.decided} of ${all}`);
  const left = progress.open ? leftOver(pace, progress.open) : "";
  $("far").textContent = `${progress.decided} of ${all}${left && ` · ${left}`}`;
}

async function next() {
  clearTimeout(timer);
  settling = null;
  if (!queue.length) {
    const answer = await server.items(skipped);
    queue = answer.items;
    far(answer.progress);
    if (!queue.length) return rest(answer.progress);
  }
  await show(queue.shift());
}

async function show(item) {
  current = item;
  settling = null;
  pace.begin();
  if (item.kind === "field") {
    const field = about.fields.find(({ name }) => name === item.field);
    item.tick = field.kind === "tick"; // whose other value may be that it is blank
    showField(item, field.words);
  } else {
    showPage(item, about, item.pictured ? await server.picture(item.page) : null);
  }
}

// Nothing is left for this window: others may still give something back.
async function rest(progress) {
  current = null;
  const passed = skipped.field.size + skipped.page.size;
  const mine = Math.min(passed, progress.open);
  if (!progress.open) return showSummary(await server.summary(), progress);
  showWaiting(mine, progress.elsewhere);
  if (progress.elsewhere) timer = setTimeout(() => doing(next), LOOK_AGAIN);
}

function again() {
  skipped.field.clear();
  skipped.page.clear();
  return doing(next);
}

// Decide about the field that is shown, and go on if that could be saved.
function decide(value, more = {}) {
  const item = current;
  return doing(async () => {
    const answer = await server.decide({ field: item.id, value, ...more });
    far(answer.progress);
    if (answer.saved) {
      pace.end();
      return next();
    }
    settle(answer, value, (how) => decide(value, how));
  });
}

// `redo(how)` says it once more: in knowledge of the other decision, or against the template.
function settle(answer, value, redo) {
  if (answer.conflict) {
    const { action, value: theirs, reviewer, seconds, id } = answer.conflict;
    const said = action === "left out" ? "left the page out" : action === "entered" ? "entered the page" : `said ${named(theirs)}`;
    const when = seconds < 90 ? `${Math.round(seconds)} seconds` : `${Math.round(seconds / 60)} minutes`;
    const yours = value === undefined ? "" : ` You said ${named(value)}.`;
    settling = { keep: () => doing(next), mine: () => redo({ replaces: id, insist: true }) };
    showSettle(`${reviewer} ${said} ${when} ago.${yours}`, `Keep what ${reviewer} said`, "Take mine");
  } else {
    settling = { value, keep: () => redo({ insist: true }), mine: null };
    showSettle(`${answer.objection} Mend it, or press Enter to keep it.`, "Keep it all the same", "");
  }
  $("live").textContent = $("settled").textContent;
}

function accept() {
  if (!current) return $("again").hidden ? undefined : again();
  if (current.kind === "page") return acceptPage();
  const value = $("value").value.trim();
  if (settling && (settling.mine || settling.value === value)) return settling.keep();
  return decide(value || null);
}

function acceptPage() {
  const inputs = [...$("inputs").querySelectorAll("input")];
  const place = inputs.indexOf(document.activeElement);
  if (place >= 0 && place < inputs.length - 1) return inputs[place + 1].focus();
  const values = Object.fromEntries(inputs.map((input) => [input.name, input.value.trim() || null]));
  const same = JSON.stringify(values);
  if (settling && (settling.mine || settling.value === same)) return settling.keep();
  return decidePage(Number($("template-page").value), values, same);
}

function decidePage(templatePage, values, shown, more = {}) {
  const page = current.page;
  return doing(async () => {
    const decision = { page, template_page: templatePage, values, ...more };
    const answer = await server.decidePage(decision);
    far(answer.progress);
    if (answer.saved) {
      pace.end();
      queue = queue.filter((item) => item.page !== page);
      return next();
    }
    const redo = (how) => decidePage(templatePage, values, shown, how);
    settle(answer, shown, redo);
  });
}

const leaveOut = () => current && decidePage(null, {}, undefined);

function skip() {
  if (!current) return;
  skipped[current.kind].add(current.id);
  return doing(next);
}

function undo() {
  return doing(async () => {
    const answer = await server.undo();
    far(answer.progress);
    if (!answer.item) {
      $("live").textContent = $("why").textContent = "There is nothing to take back.";
      return;
    }
    if (current) queue.unshift(current);
    skipped[answer.item.kind].delete(answer.item.id);
    await show(answer.item);
  });
}

function runnerUp() {
  if (current?.kind !== "field" || $("runner").disabled) return;
  const other = current.runner_up ?? "";
  enter($("value").value === other ? current.value : other);
}

async function wholeSheet() {
  if (!current?.pictured) return;
  const blob = await server.picture(current.page);
  picture($("sheet-picture"), blob);
  const box = current.box;
  $("sheet-box").hidden = !box;
  if (box) {
    const [left, top, width, height] = box.map((share) => `${100 * share}%`);
    Object.assign($("sheet-box").style, { left, top, width, height });
  }
  $("sheet-view").returnValue = "";
  $("sheet-view").showModal();
  $("sheet-scroll").focus();
  if (box) $("sheet-box").scrollIntoView({ block: "center" });
}

$("sheet-view").addEventListener("close", () => {
  if ($("sheet-view").returnValue === "leave") leaveOut();
  else if (current?.kind === "field") $("value").focus();
});

const KEYS = {
  Enter: accept,
  Tab: skip,
  b: () => current?.kind === "field" && decide(null),
  r: runnerUp,
  u: undo,
  s: () => doing(wholeSheet),
  m: () => settling?.mine?.(),
};

// One key: a command, or a digit for the entry box.
function press(key) {
  if (KEYS[key]) return KEYS[key]();
  if (key === "x" && current?.kind === "page") return leaveOut();
  if (current?.kind === "field" && key.length === 1) {
    // The first digit takes the place of what was proposed.
    const box = $("value");
    box.focus({ preventScroll: true });
    box.setRangeText(key, box.selectionStart, box.selectionEnd, "end");
  }
}

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if ($("names").open || $("asks").open) return;
  const { key, target } = event;
  if ($("sheet-view").open) {
    if (key !== "s" && key !== "x") return;
    event.preventDefault();
    return $("sheet-view").close(key === "x" ? "leave" : "");
  }
  const entry = target.matches("#value, #inputs input");
  if (key === "Tab" && (event.shiftKey || !entry)) return; // on to the other controls
  if (key === "Enter" && target.matches("button, select")) return; // it is pressed itself
  if (server.away) return event.preventDefault();
  if (busy) {
    event.preventDefault();
    if (key.length === 1 || KEYS[key]) ahead.push(key);
    return;
  }
  const out = key === "x" && current?.kind === "page" && !("tick" in target.dataset);
  if (!KEYS[key] && !out && (entry || key.length > 1)) return; // the box takes it as it is
  if (key === "m" && !settling?.mine) return;
  event.preventDefault();
  press(key);
}

function rename() {
  $("reviewer").value = server.reviewer;
  $("names").returnValue = "";
  $("names").showModal();
}

$("names").addEventListener("close", () => {
  const name = $("reviewer").value.trim();
  if ($("names").returnValue === "use" && name) server.name(name, true);
  $("who").textContent = server.reviewer;
});

addEventListener("pagehide", () => server.release());
addEventListener("keydown", onKey);
$("value").addEventListener("input", () => {
  if (settling && !settling.mine) $("settle").hidden = true;
});
$("entries").addEventListener("submit", (event) => {
  event.preventDefault();
  acceptPage();
});
$("template-page").addEventListener("change", () => showInputs(about));
for (const [id, work] of [
  ["accept", accept], ["runner", runnerUp], ["blank", KEYS.b], ["skip", skip], ["undo", undo],
  ["whole", KEYS.s], ["keep", () => settling?.keep()], ["mine", KEYS.m], ["again", again],
  ["rest-undo", undo], ["page-undo", undo], ["page-skip", skip], ["leave", leaveOut],
  ["who", rename],
]) $(id).addEventListener("click", work);

doing(async () => {
  about = await server.about();
  if (!server.reviewer) server.name(about.reviewer, false);
  $("who").textContent = server.reviewer;
  $("title").textContent = about.title;
  document.title = `${about.title}: review`;
  await next();
});
