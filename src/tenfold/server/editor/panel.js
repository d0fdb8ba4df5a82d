// What the chosen field may hold, and the list of all fields.

import { bytes } from "/page/api.js";

export const $ = (id) => document.getElementById(id);
const FILE = /\.(csv|tsv|txt)(:[^:]*)?$/i;
const SIDES = ["left", "top", "width", "height"];
const numbered = (text) => (text === "" ? undefined : Number(text));
const listed = (text) => {
  const parts = text.split(/[,;]/).map((part) => part.trim()).filter(Boolean);
  return parts.length ? parts : undefined;
};

// How a key of a table is written into its input, and read from it.
const KEYS = {
  name: { show: (value) => value ?? "", take: (text) => text.trim() },
  digits: {
    show: (value) => String(value ?? ""),
    take: (text) => (/^\d+$/.test(text.trim()) ? Number(text) : text.trim() || undefined),
  },
  comb: {
    show: (value, { digits }) => (value === true ? String(digits ?? "").split("-").at(-1).trim() : value || ""),
    take: numbered,
  },
  decimals: { show: (value) => value ?? "", take: numbered },
  pattern: { show: (value) => value ?? "", take: (text) => text.trim() || undefined },
  one_of: {
    show: (value) => (Array.isArray(value) ? value.join(", ") : (value ?? "")),
    take: (text) => (FILE.test(text.trim()) ? text.trim() : listed(text)),
  },
  checksum: { show: (value) => value ?? "", take: (text) => text || undefined },
  sum_of: { show: (value) => (value ?? []).join(", "), take: listed },
  date: { show: (value) => value ?? "", take: (text) => text.trim() || undefined },
  group: { show: (value) => value ?? "", take: (text) => text.trim() || undefined },
};

export class Panel {
  #shown = null; // the field whose inputs these are

  // `choose(field)` is called where one of the list is pressed.
  constructor(form, choose) {
    this.form = form;
    for (const [key, { take }] of Object.entries(KEYS)) {
      typed($(key), () => form.chosen && form.set(key, take($(key).value)));
    }
    for (const key of ["optional", "unique"]) {
      $(key).addEventListener("change", () => form.set(key, $(key).checked || undefined));
    }
    for (const key of ["low", "high"]) typed($(key), () => this.#range());
    for (const key of SIDES) $(key).addEventListener("change", () => this.#place());
    $("kind").addEventListener("change", () => form.setKind($("kind").value));
    typed($("title"), () => form.setTitle($("title").value));
    $("panel").addEventListener("submit", (event) => event.preventDefault());
    $("list").addEventListener("click", (event) => {
      const button = event.target.closest("button");
      if (button) choose(form.fields.find(({ id }) => id === Number(button.dataset.id)));
    });
  }

  #range() {
    const ends = [$("low").value, $("high").value];
    this.form.set("range", ends.every((end) => end === "") ? undefined : ends.map((end) => (end === "" ? null : Number(end))));
  }

  #place() {
    const box = SIDES.map((key) => Number($(key).value) / 100);
    this.form.place(...box, "panel");
    this.form.rest();
  }

  show(problems, read, general) {
    const { chosen, title } = this.form;
    $("panel").hidden = !chosen;
    if (chosen) this.#fields(chosen);
    said($("wrong"), (chosen && problems.get(chosen.id)) ?? []);
    said($("all"), general);
    this.#read(chosen && read.get(chosen.id));
    if (document.activeElement !== $("title")) $("title").value = title;
    this.#list(problems, read);
  }

  #fields({ id, table }) {
    const same = this.#shown === id;
    this.#shown = id;
    const tick = table.kind === "tick";
    $("kind").value = tick ? "tick" : "number";
    $("numbers").hidden = tick;
    $("ticks").hidden = !tick;
    const fill = (key, value) => {
      // What is being typed stays as it is typed.
      if (!(same && document.activeElement === $(key))) $(key).value = value;
    };
    for (const [key, { show }] of Object.entries(KEYS)) fill(key, show(table[key], table));
    fill("low", table.range?.[0] ?? "");
    fill("high", table.range?.[1] ?? "");
    for (const key of ["optional", "unique"]) $(key).checked = Boolean(table[key]);
    SIDES.forEach((key, k) => fill(key, Math.round(1e4 * table.box[k]) / 100));
    const groups = new Set(this.form.fields.map((field) => field.table.group).filter(Boolean));
    $("groups").replaceChildren(...[...groups].map((group) => new Option(group)));
  }

  #read(one) {
    $("read").hidden = !one;
    if (!one) return;
    const image = $("snippet");
    if (image.src.startsWith("blob:")) URL.revokeObjectURL(image.src);
    image.hidden = !one.snippet;
    if (one.snippet) image.src = URL.createObjectURL(new Blob([bytes(one.snippet)], { type: "image/png" }));
    image.alt = `What is written in ${one.name}`;
    $("value").textContent = one.value ?? (one.status === "blank" ? "blank" : "nothing");
    $("status").textContent = `${one.status}, ${(100 * one.probability).toFixed(1)} %`;
    $("status").className = one.status;
    const other = one.runner_up === null ? "" : `Next: ${one.runner_up}.`;
    const why = one.reason && `${one.reason[0].toUpperCase()}${one.reason.slice(1)}.`;
    $("why").textContent = [why, other].filter(Boolean).join(" ");
  }

  #list(problems, read) {
    const { fields, chosen } = this.form;
    $("count").textContent = fields.length === 1 ? "1 field" : `${fields.length} fields`;
    const list = $("list");
    while (list.children.length > fields.length) list.lastChild.remove();
    while (list.children.length < fields.length) list.append(row());
    fields.forEach(({ id, table }, k) => {
      const item = list.children[k];
      const [button, one] = [item.firstChild, read.get(id)];
      button.dataset.id = id;
      item.classList.toggle("chosen", id === chosen?.id);
      button.setAttribute("aria-current", String(id === chosen?.id));
      const [name, says, wrong] = button.children;
      name.textContent = table.name;
      says.textContent = one ? `${one.value ?? ""} ${one.status}`.trim() : table.kind === "tick" ? "tick" : "";
      says.className = `says ${one?.status ?? ""}`;
      wrong.textContent = (problems.get(id) ?? []).join(" ");
    });
  }

  // The chosen field's row, where the list is long.
  seen() {
    const row = $("list").querySelector(".chosen");
    if (row) $("list").scrollTop = Math.max(0, row.offsetTop - $("list").offsetTop - 80);
  }
}

// At every letter, and where a browser fills in or clears the whole.
function typed(input, work) {
  for (const kind of ["input", "change"]) input.addEventListener(kind, work);
}

function row() {
  const [item, button] = [document.createElement("li"), document.createElement("button")];
  button.append(...["b", "span", "small"].map((kind) => document.createElement(kind)));
  item.append(button);
  return item;
}

function said(list, sentences) {
  list.hidden = !sentences.length;
  list.replaceChildren(
    ...sentences.map((sentence) => Object.assign(document.createElement("li"), { textContent: sentence })),
  );
}
