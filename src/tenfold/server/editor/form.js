// The form that is drawn: its fields as tables of TOML, which one is chosen, and what can be undone.

const MOST_UNDONE = 200;
const PLACES = 1e5; // of a box, as the file has it
const OF_NUMBERS = ["digits", "comb", "range", "decimals", "pattern", "one_of", "unique", "checksum", "sum_of", "date"];
const LEAST = 0.004; // of the page: nothing smaller is drawn
export const share = (value) => Math.round(value * PLACES) / PLACES;

export class Form {
  #next = 0;
  #undone = [];
  #last = ""; // what was changed last: of one slide of a box one step is undone

  // `changed()` is called after each change, `chose()` when another field is chosen.
  constructor(changed, chose) {
    this.changed = changed;
    this.chose = chose;
    this.fields = [];
    this.chosen = null;
    this.title = "";
    this.page = 1;
  }

  load(tables, title) {
    this.fields = tables.map((table, origin) => ({ id: this.#next++, table, origin }));
    this.title = title;
    this.#undone = [];
    this.chosen = this.fields.find(({ table }) => page(table) === this.page) ?? null;
  }

  // The file was saved with these fields: each comes from its place there now.
  saved(ids) {
    const places = new Map(ids.map((id, place) => [id, place]));
    for (const { fields } of [this, ...this.#undone])
      for (const field of fields) field.origin = places.get(field.id) ?? null;
  }

  get sent() {
    return this.fields.map(({ table, origin }) => ({ table, origin }));
  }

  get shown() {
    return this.fields.filter(({ table }) => page(table) === this.page);
  }

  get undoable() {
    return this.#undone.length > 0;
  }

  choose(field) {
    if (this.chosen === field) return;
    this.chosen = field;
    this.#last = "";
    if (field) this.page = page(field.table);
    this.chose();
  }

  // Set or, with undefined, remove a key of the chosen field.
  set(key, value) {
    if (JSON.stringify(this.chosen.table[key]) === JSON.stringify(value)) return;
    this.#keep(`${this.chosen.id} ${key}`);
    if (value === undefined) delete this.chosen.table[key];
    else this.chosen.table[key] = value;
    this.changed();
  }

  setKind(kind) {
    this.#keep("kind");
    const { table } = this.chosen;
    if (kind === "tick") {
      for (const key of OF_NUMBERS) delete table[key];
      table.kind = kind;
    } else {
      delete table.group;
      delete table.kind;
    }
    this.changed();
  }

  setTitle(title) {
    if (title === this.title) return;
    this.#keep("title");
    this.title = title;
    this.changed();
  }

  // Move or resize the chosen field; it stays on the page.
  place(left, top, width, height, slide = "place") {
    this.#keep(`${this.chosen.id} ${slide}`);
    this.chosen.table.box = bounded(left, top, width, height);
    this.changed();
  }

  add(box, more = {}) {
    this.#keep("");
    const table = { name: this.#name(more.name ?? "field"), page: this.page, ...more };
    table.name = this.#name(table.name);
    table.box = bounded(...box);
    const field = { id: this.#next++, table, origin: null };
    this.fields.splice(this.chosen ? this.fields.indexOf(this.chosen) + 1 : this.fields.length, 0, field);
    this.chosen = field;
    this.changed();
    this.chose();
  }

  double() {
    const { box: [left, top, width, height], ...more } = structuredClone(this.chosen.table);
    const below = top + 2.2 * height < 1 ? top + 1.2 * height : top - 1.2 * height;
    this.add([left, below, width, height], more);
  }

  remove() {
    if (!this.chosen) return;
    this.#keep("");
    const place = this.fields.indexOf(this.chosen);
    this.fields.splice(place, 1);
    const near = this.fields[place] ?? this.fields[place - 1] ?? null;
    this.chosen = near && page(near.table) === this.page ? near : null;
    this.changed();
    this.chose();
  }

  undo() {
    const before = this.#undone.pop();
    if (!before) return;
    this.#last = "";
    this.fields = before.fields;
    this.title = before.title;
    this.chosen = this.fields.find(({ id }) => id === before.chosen) ?? null;
    if (this.chosen) this.page = page(this.chosen.table);
    this.changed();
    this.chose();
  }

  #keep(what) {
    if (what && what === this.#last) return;
    this.#last = what;
    const fields = structuredClone(this.fields);
    this.#undone.push({ fields, title: this.title, chosen: this.chosen?.id });
    if (this.#undone.length > MOST_UNDONE) this.#undone.shift();
  }

  // The end of a slide: the next one is undone by itself.
  rest() {
    this.#last = "";
  }

  #name(wanted) {
    const taken = new Set(this.fields.map(({ table }) => table.name));
    if (wanted !== "field" && !taken.has(wanted)) return wanted;
    const stem = wanted.replace(/_\d+$/, "");
    for (let number = 1; ; number++) if (!taken.has(`${stem}_${number}`)) return `${stem}_${number}`;
  }
}

const page = (table) => table.page ?? 1;

function bounded(left, top, width, height) {
  const wide = Math.min(1, Math.max(LEAST, width));
  const tall = Math.min(1, Math.max(LEAST, height));
  const at = (place, size) => Math.min(1 - size, Math.max(0, place));
  return [at(left, wide), at(top, tall), wide, tall].map(share);
}
