// Several pictures: a table of what was read in each, one row per picture.

import { readPicture } from "./api.js";
import { asCsv } from "./csv.js";
import { notInText, percent } from "./result.js";

const AT_ONCE = 2; // readings asked for; more would only wait at the server
const SURE = 0.9;
const $ = (id) => document.getElementById(id);

// How sure the number is that is least sure; null where none was read.
const least = ({ lines }) => {
  const all = lines.flatMap((line) => line.numbers.map((number) => number.confidence));
  return all.length ? Math.min(...all) : null;
};

export class Table {
  // `look(entry)` is called when a person, or the first picture, asks to be seen. An entry has the
  // `file` and the promise of its `answer`: the reading and the milliseconds it took.
  constructor(look) {
    this.look = look;
    this.entries = [];
    this.waiting = [];
    this.workers = 0;
    this.closing = new AbortController();
  }

  get open() {
    return this.entries.length > 0;
  }

  add(files) {
    const first = !this.open;
    for (const file of files) {
      const entry = { file, record: null };
      entry.answer = new Promise((resolve, reject) => Object.assign(entry, { resolve, reject }));
      entry.answer.catch(() => {}); // it stands in the row; nobody else need look at it
      entry.row = this.#row(entry);
      this.entries.push(entry);
      this.waiting.push(entry);
    }
    $("rows").replaceChildren(...this.entries.map(({ row }) => row));
    $("pictures").hidden = false;
    document.body.classList.add("several");
    this.#count();
    while (this.workers < AT_ONCE && this.waiting.length) {
      this.workers += 1;
      this.#work(this.closing.signal);
    }
    if (first) this.#choose(this.entries[0]);
  }

  close() {
    this.closing.abort();
    this.closing = new AbortController();
    this.workers = 0;
    this.entries = [];
    this.waiting = [];
    $("rows").replaceChildren();
    $("pictures").hidden = true;
    $("progress").textContent = "";
    document.body.classList.remove("several");
  }

  // What the table shows, as comma-separated values.
  csv() {
    const rows = this.entries.map(({ file, record }) => [file.name, ...record.cells]);
    return asCsv([["file", "text", "confidence", "not_in_text", "problem"], ...rows]);
  }

  #row(entry) {
    const row = document.createElement("tr");
    row.setAttribute("role", "row");
    const name = document.createElement("th");
    name.setAttribute("role", "rowheader");
    const button = document.createElement("button");
    button.className = "link";
    button.textContent = entry.file.name;
    name.append(button);
    row.append(name, wide("Waiting …", "soft"));
    row.addEventListener("click", () => {
      this.#choose(entry);
      $("sheet").scrollIntoView({ block: "nearest" });
    });
    return row;
  }

  #choose(entry) {
    for (const { row } of this.entries) {
      const chosen = row === entry.row;
      row.classList.toggle("chosen", chosen);
      row.querySelector("button").setAttribute("aria-pressed", String(chosen));
    }
    this.look(entry);
  }

  async #work(signal) {
    for (let entry; !signal.aborted && (entry = this.waiting.shift()); ) {
      fill(entry, [wide("Reading …", "soft")]);
      const started = performance.now();
      try {
        const reading = await readPicture(entry.file, false, signal);
        entry.record = { cells: [reading.text, share(reading), notInText(reading).join(" "), ""] };
        fill(entry, shown(reading));
        entry.resolve({ reading, milliseconds: performance.now() - started });
      } catch (error) {
        const problem = withoutName(error.message, entry.file.name);
        entry.record = { cells: ["", "", "", problem], failed: true };
        fill(entry, [wide(problem, "problem")]);
        entry.reject(error);
      }
      if (!signal.aborted) this.#count();
    }
    if (!signal.aborted) this.workers -= 1;
  }

  #count() {
    const done = this.entries.filter(({ record }) => record);
    const failed = done.filter(({ record }) => record.failed).length;
    const all = this.entries.length;
    const sum = `${all} picture${all > 1 ? "s" : ""}${failed ? `, ${failed} not read` : ""}`;
    const ended = done.length === all;
    $("count").textContent = ended ? sum : `${done.length} of ${all} pictures read …`;
    $("csv").disabled = !ended;
    $("progress").textContent = ended ? `Done: ${sum}.` : "";
  }
}

// The name stands before it already.
function withoutName(sentence, name) {
  const bare = sentence.startsWith(`${name}: `) ? sentence.slice(name.length + 2) : sentence;
  return bare[0].toUpperCase() + bare.slice(1);
}

function share(reading) {
  const confidence = least(reading);
  return confidence === null ? "" : confidence.toFixed(4);
}

function shown(reading) {
  const confidence = least(reading);
  const sure = cell(confidence === null ? "" : percent(confidence), "sure");
  sure.classList.toggle("doubtful", confidence !== null && confidence < SURE);
  return [cell(reading.text || "—", "read"), sure, cell(notInText(reading).join(" "), "soft")];
}

function fill({ row }, cells) {
  row.replaceChildren(row.firstChild, ...cells);
}

function cell(text, kind) {
  const element = document.createElement("td");
  element.className = kind;
  element.setAttribute("role", "cell");
  element.textContent = text;
  return element;
}

function wide(text, kind) {
  const element = cell(text, kind);
  element.colSpan = 3;
  return element;
}
