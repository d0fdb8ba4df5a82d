// The form as it looks, with its fields on it: drawn, dragged and resized with mouse, pen, finger or keys.

import { $ } from "./panel.js";

const STEP = 0.001; // of the page, for one press of an arrow
const TEN = 10; // times as far with Ctrl
const DRAWN = 6; // pixels: a shorter drag is a click
const CORNERS = ["nw", "ne", "sw", "se"];
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

export class Board {
  #boxes = new Map(); // by a field's id
  #drag = null;
  #zoom = 1;

  constructor(form) {
    this.form = form;
    this.drawing = false;
    const paper = $("paper");
    paper.addEventListener("pointerdown", (event) => this.#down(event));
    paper.addEventListener("pointermove", (event) => this.#move(event));
    paper.addEventListener("pointerup", (event) => this.#up(event));
    paper.addEventListener("pointercancel", () => this.#cancel());
    $("boxes").addEventListener("focusin", (event) => {
      const box = event.target.closest(".box");
      if (box) form.choose(form.fields.find(({ id }) => id === Number(box.dataset.id)));
    });
  }

  draw(on) {
    this.drawing = on;
    $("draw").setAttribute("aria-pressed", String(on));
    $("paper").classList.toggle("drawing", on);
  }

  zoom(factor) {
    const board = $("board");
    const before = [board.scrollLeft + board.clientWidth / 2, board.scrollTop + board.clientHeight / 2];
    const old = this.#zoom;
    this.#zoom = Math.min(6, Math.max(0.5, this.#zoom * factor));
    $("paper").style.width = `${100 * this.#zoom}%`;
    const grown = this.#zoom / old;
    board.scrollTo(before[0] * grown - board.clientWidth / 2, before[1] * grown - board.clientHeight / 2);
  }

  // The middle of what is seen, as shares of the page.
  get middle() {
    const [board, paper] = [$("board").getBoundingClientRect(), $("paper").getBoundingClientRect()];
    const bottom = Math.min(board.bottom, paper.bottom, innerHeight);
    const top = Math.max(board.top, paper.top, 0);
    return [
      ((Math.max(board.left, paper.left) + Math.min(board.right, paper.right)) / 2 - paper.left) / paper.width,
      ((top + bottom) / 2 - paper.top) / paper.height,
    ];
  }

  focus() {
    this.#boxes.get(this.form.chosen?.id)?.focus({ preventScroll: true });
  }

  seen() {
    this.#boxes.get(this.form.chosen?.id)?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  // Show all fields of the page: `problems` and `read` by a field's id.
  show(problems, read) {
    const shown = this.form.shown;
    const kept = new Set(shown.map(({ id }) => id));
    for (const [id, box] of this.#boxes) {
      if (kept.has(id)) continue;
      box.remove();
      this.#boxes.delete(id);
    }
    shown.forEach((field, place) => {
      let box = this.#boxes.get(field.id);
      if (!box) this.#boxes.set(field.id, (box = boxOf(field.id)));
      const at = $("boxes").children[place];
      if (at !== box) $("boxes").insertBefore(box, at ?? null); // as the list has them, for Tab
      this.#fill(box, field, problems.get(field.id), read.get(field.id));
    });
  }

  #fill(box, { id, table }, wrong, read) {
    const [left, top, width, height] = table.box.map((part) => `${100 * part}%`);
    Object.assign(box.style, { left, top, width, height });
    const chosen = id === this.form.chosen?.id;
    box.classList.toggle("chosen", chosen);
    box.classList.toggle("tick", table.kind === "tick");
    box.classList.toggle("bad", Boolean(wrong?.length));
    box.setAttribute("aria-pressed", String(chosen));
    const said = read ? `, ${read.value ?? "blank"}, ${read.status}` : "";
    box.setAttribute("aria-label", `Field ${table.name}${said}${wrong?.length ? `, ${wrong[0]}` : ""}`);
    const [name, value] = [box.querySelector("b"), box.querySelector("span")];
    name.textContent = table.name;
    value.textContent = read ? (read.value ?? (read.status === "blank" ? "" : "?")) : "";
    value.className = read?.status ?? "";
  }

  #at(event) {
    const paper = $("paper").getBoundingClientRect();
    return [(event.clientX - paper.left) / paper.width, (event.clientY - paper.top) / paper.height];
  }

  #down(event) {
    if (event.button !== 0 || this.#drag) return;
    const box = event.target.closest(".box");
    const field = box && this.form.fields.find(({ id }) => id === Number(box.dataset.id));
    const touch = event.pointerType === "touch";
    const start = this.#at(event);
    const from = [event.clientX, event.clientY];
    if (field && !this.drawing) {
      // A finger that scrolls the page begins on boxes too: it moves the chosen one alone.
      if (touch && field !== this.form.chosen) return void this.form.choose(field);
      this.form.choose(field);
      box.focus({ preventScroll: true });
      this.#drag = { what: event.target.dataset.at ?? "move", start, from, box: [...field.table.box] };
    } else if (!touch || this.drawing) {
      this.#drag = { what: "draw", start, from };
    } else return;
    event.preventDefault();
    $("paper").setPointerCapture(event.pointerId);
  }

  #move(event) {
    const drag = this.#drag;
    if (!drag) return;
    const far = Math.hypot(event.clientX - drag.from[0], event.clientY - drag.from[1]);
    if (!drag.begun && far < DRAWN) return;
    drag.begun = true;
    const now = this.#at(event).map((share) => Math.min(1, Math.max(0, share)));
    if (drag.what === "draw") return rubber(drag.start, now);
    const [dx, dy] = [now[0] - drag.start[0], now[1] - drag.start[1]];
    this.form.place(...moved(drag.box, drag.what, dx, dy), drag.what);
  }

  #up(event) {
    const drag = this.#drag;
    this.#cancel();
    if (!drag) return;
    this.form.rest();
    if (drag.what !== "draw") return;
    if (!drag.begun) return void this.form.choose(null);
    const [left, top, right, bottom] = corners(drag.start, this.#at(event));
    this.form.add([left, top, right - left, bottom - top]);
    this.draw(false);
    this.focus();
  }

  #cancel() {
    this.#drag = null;
    $("rubber").hidden = true;
  }

  // An arrow moves the chosen field, with Shift it resizes it; returns whether it was one.
  key(event) {
    const way = ARROWS[event.key];
    if (!way || !this.form.chosen) return false;
    const far = STEP * (event.ctrlKey || event.metaKey ? TEN : 1);
    const [left, top, width, height] = this.form.chosen.table.box;
    const [dx, dy] = way.map((part) => part * far);
    if (event.shiftKey) {
      const more = [Math.min(width + dx, 1 - left), Math.min(height + dy, 1 - top)];
      this.form.place(left, top, ...more, "keys resize");
    } else this.form.place(left + dx, top + dy, width, height, "keys");
    this.seen();
    return true;
  }
}

function boxOf(id) {
  const box = document.createElement("div");
  box.className = "box";
  box.dataset.id = id;
  box.tabIndex = 0;
  box.setAttribute("role", "button");
  box.append(document.createElement("b"), document.createElement("span"));
  for (const at of CORNERS) {
    const corner = document.createElement("i");
    corner.dataset.at = at;
    box.append(corner);
  }
  return box;
}

function moved([left, top, width, height], what, dx, dy) {
  if (what === "move") return [left + dx, top + dy, width, height];
  const first = [what.includes("w") ? left + dx : left, what.includes("n") ? top + dy : top];
  const last = [left + width + (what.includes("e") ? dx : 0), top + height + (what.includes("s") ? dy : 0)];
  const [x, y, right, bottom] = corners(first, last);
  return [x, y, right - x, bottom - y];
}

function corners(one, other) {
  const inside = (share) => Math.min(1, Math.max(0, share));
  const [x, y] = [0, 1].map((k) => [inside(one[k]), inside(other[k])].sort((a, b) => a - b));
  return [x[0], y[0], x[1], y[1]];
}

function rubber(one, other) {
  const [left, top, right, bottom] = corners(one, other);
  const style = { left, top, width: right - left, height: bottom - top };
  for (const [key, part] of Object.entries(style)) $("rubber").style[key] = `${100 * part}%`;
  $("rubber").hidden = false;
}
