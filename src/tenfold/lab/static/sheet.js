// The sheet: an image of the network's own size, drawn pixel by pixel, by mouse, finger or keys.

import { paint } from "./paint.js";
import { $, announce, make, on, state, tell } from "./state.js";
import { heldOf } from "./images.js";

const REACH = { 8: 0.95, 28: 1.9 }; // how far from the pen's line ink goes, in pixels
const FULL = { 8: 0.35, 28: 0.75 }; // and how far it is full
const KEYS = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };

let last = null; // where the pen was
let cursor = null; // the pixel that the keys are at
let next = 0; // which image of the validation set comes next

export function offerSheet() {
  const sheet = $("sheet");
  sheet.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    if (event.isTrusted) sheet.setPointerCapture(event.pointerId);
    last = at(event);
    stroke(last, last);
  });
  sheet.addEventListener("pointermove", (event) => {
    if (!last) return;
    const all = event.getCoalescedEvents?.() ?? [];
    for (const one of all.length ? all : [event]) {
      const to = at(one);
      stroke(last, to);
      last = to;
    }
  });
  for (const end of ["pointerup", "pointercancel"])
    sheet.addEventListener(end, () => (last = null));
  sheet.addEventListener("keydown", key);
  sheet.addEventListener("focus", () => {
    if (sheet.matches(":focus-visible")) cursor ??= [3, 3];
    draw();
  });
  sheet.addEventListener("blur", () => {
    cursor = null;
    draw();
  });
  $("erase").addEventListener("click", () => {
    const pressed = $("erase").getAttribute("aria-pressed") !== "true";
    $("erase").setAttribute("aria-pressed", String(pressed));
  });
  $("clear").addEventListener("click", () => show(new Float32Array(state.picture.size ** 2), null));
  $("take").addEventListener("click", take);
  on("picture", draw);
  on("held", fit);
}

// Show an image: of the data, with its label, or one drawn.
export function show(ink, label) {
  const size = Math.round(Math.sqrt(ink.length));
  state.picture = {
    size,
    ink: Float32Array.from(ink),
    label,
    start: label === null ? null : Float32Array.from(ink),
  };
  tell("picture");
}

// After the data changed, an image of its size takes the place of another's.
function fit() {
  if (state.picture?.size !== state.held.size) {
    next = 0;
    take();
  }
}

// The next image of the validation set that shows the digit asked for.
export async function take() {
  const held = state.held ?? (await heldOf(state.experiment));
  state.held = held;
  const { count, labels, ink } = held.validation;
  const wanted = $("which").value;
  for (let tried = 0; tried < count; tried++) {
    const i = next++ % count;
    if (wanted === "any" || labels[i] === Number(wanted)) return show(ink(i), labels[i]);
  }
}

function at(event) {
  const box = $("sheet").getBoundingClientRect();
  const { size } = state.picture;
  return [
    ((event.clientX - box.left) / box.width) * size,
    ((event.clientY - box.top) / box.height) * size,
  ];
}

function stroke(from, to) {
  const { size, ink } = state.picture;
  const erase = $("erase").getAttribute("aria-pressed") === "true";
  const [reach, full] = [REACH[size], FULL[size]];
  for (let y = 0, i = 0; y < size; y++)
    for (let x = 0; x < size; x++, i++) {
      const distance = toLine([x + 0.5, y + 0.5], from, to);
      const amount = Math.min(1, Math.max(0, (reach - distance) / (reach - full)));
      if (amount) ink[i] = erase ? Math.min(ink[i], 1 - amount) : Math.max(ink[i], amount);
    }
  tell("picture");
}

function toLine([x, y], [ax, ay], [bx, by]) {
  const [dx, dy] = [bx - ax, by - ay];
  const length = dx * dx + dy * dy;
  const share = length ? Math.min(1, Math.max(0, ((x - ax) * dx + (y - ay) * dy) / length)) : 0;
  return Math.hypot(x - ax - share * dx, y - ay - share * dy);
}

function key(event) {
  const move = KEYS[event.key];
  const { size, ink } = state.picture;
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (!move && event.key !== " ") return;
  event.preventDefault();
  cursor ??= [3, 3];
  const inside = (value) => Math.min(size - 1, Math.max(0, value));
  if (move) cursor = [inside(cursor[0] + move[0]), inside(cursor[1] + move[1])];
  const i = cursor[0] * size + cursor[1];
  if (event.key === " ") {
    ink[i] = ink[i] >= 1 ? 0 : Math.min(1, ink[i] + 0.5); // none, half, full, none
    tell("picture");
  }
  draw();
  const pixel = `Row ${cursor[0] + 1}, column ${cursor[1] + 1}, ${Math.round(100 * ink[i])} % ink.`;
  announce(`${pixel} ${$("verdict").textContent}`);
}

function draw() {
  const { size, ink, label } = state.picture;
  paint($("sheet"), ink, size, { ink: true });
  $("cell").classList.toggle("grid", size === 8); // more lines would hide what is drawn
  $("cell").replaceChildren(...(cursor ? [outline(cursor, size)] : []));
  $("sheet-says").textContent = says(label, ink.some(Boolean), `${size}×${size} pixels`);
}

// Around the pixel that the keys are at.
function outline([row, column], size) {
  const mark = make("i");
  mark.style.inset = `${(100 * row) / size}% auto auto ${(100 * column) / size}%`;
  mark.style.width = mark.style.height = `${100 / size}%`;
  return mark;
}

function says(label, inked, pixels) {
  if (label !== null) return `A ${label} from the validation set, ${pixels}. Change it as you like.`;
  if (inked) return `Your own image, ${pixels}.`;
  return "Draw a digit with the mouse, a finger or a stylus, or with the arrow keys and space.";
}
