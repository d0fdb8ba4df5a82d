// The answer: the text, its numbers and how sure they are, what was refused or left out and why, each
// digit with its glyph and probabilities.

import { bytes } from "./api.js";

const SIDE = 28;
const LONG = 7; // characters that fit beside the buttons in large type
const LONGER = 13; // and in smaller
const LINES = 4; // that leave room for the digits below
const SURE = 0.9;
const STRUCK = "struck out";
const LEFT_OUT = { [STRUCK]: "Struck out", printed: "Print, left out" };
const SPOKEN = { ".": "point", ",": "comma", "-": "minus", "/": "slash", ":": "colon" };
const $ = (id) => document.getElementById(id);

export const percent = (share) =>
  share >= 0.9995 ? "> 99.9 %" : share < 0.0005 ? "0 %" : `${(100 * share).toFixed(1)} %`;

export class Result {
  // `choose(index)` is called when a person looks at a digit.
  constructor(choose) {
    this.choose = choose;
    this.chosen = -1;
    this.reading = null;
    this.spoken = 0;
    for (let digit = 0; digit < 10; digit++) {
      const row = document.createElement("li");
      row.append(tag("span", digit), document.createElement("i"), tag("span", ""));
      $("bars").append(row);
    }
  }

  get digit() {
    return this.reading?.digits[this.chosen];
  }

  clear(note) {
    this.reading = null;
    this.chosen = -1;
    for (const id of ["found", "inside", "answer"]) $(id).hidden = true;
    this.tell(note);
  }

  // Say something below the text, and to screen readers.
  tell(note) {
    $("note").textContent = note;
    this.#say(note);
  }

  show(reading, milliseconds) {
    this.reading = reading;
    this.#text(reading.text);
    const note = summary(reading);
    $("note").textContent = `${note} ${time(milliseconds)}.`;
    this.#say(`${reading.text ? `Read ${spoken(reading.text)}.` : ""} ${note}`);
    $("found").hidden = reading.digits.length === 0;
    this.#numbers(reading);
    this.#list(reading.digits);
    this.look(this.chosen < reading.digits.length && this.chosen >= 0 ? this.chosen : worst(reading));
  }

  #text(text) {
    const output = $("text");
    output.textContent = text || "—";
    output.classList.toggle("empty", !text);
    const lines = text.split("\n");
    const longest = Math.max(...lines.map((line) => line.length));
    output.classList.toggle("long", longest > LONG || lines.length > 1);
    output.classList.toggle("longer", longest > LONGER || lines.length > LINES);
    $("copy").disabled = !text;
    $("answer").hidden = $("inside").hidden = false;
  }

  // Screen readers hear the answer once the hand rests, not after every stroke.
  #say(sentence) {
    clearTimeout(this.spoken);
    this.spoken = setTimeout(() => ($("live").textContent = sentence), 600);
  }

  // How sure each number is; of a digit that stands alone, it is told below.
  #numbers({ lines, text }) {
    const numbers = lines.flatMap((line) => line.numbers);
    const items = numbers.map(({ text, confidence }) => {
      const item = document.createElement("li");
      item.append(tag("b", text), ` ${percent(confidence)}`);
      item.classList.toggle("doubtful", confidence < SURE);
      return item;
    });
    $("numbers").replaceChildren(...items);
    $("numbers").hidden = text.length < 2;
  }

  #list(digits) {
    const held = $("digits").contains(document.activeElement);
    $("digits").replaceChildren(...digits.map((digit, index) => this.#chip(digit, index)));
    if (held) $("digits").children[Math.min(this.chosen, digits.length - 1)]?.firstChild.focus();
  }

  #chip(digit, index) {
    const button = document.createElement("button");
    const glyph = document.createElement("canvas");
    paint(glyph, digit.glyph);
    button.append(glyph, tag(digit.reason === STRUCK ? "s" : "span", sign(digit)));
    button.classList.toggle("refused", !digit.accepted);
    button.classList.toggle("doubtful", digit.accepted && digit.confidence < SURE);
    button.setAttribute("aria-label", `${index + 1}: ${words(digit)}`);
    button.addEventListener("pointerenter", () => this.choose(index));
    button.addEventListener("focus", () => this.choose(index));
    button.addEventListener("click", () => this.choose(index));
    const item = document.createElement("li");
    item.append(button);
    return item;
  }

  // Show one digit in detail; -1 keeps the one shown.
  look(index) {
    if (!this.reading?.digits[index]) return;
    this.chosen = index;
    [...$("digits").children].forEach((item, at) =>
      item.firstChild.setAttribute("aria-pressed", String(at === index)),
    );
    const digit = this.digit;
    paint($("glyph"), digit.glyph);
    $("glyph").setAttribute("aria-label", "What the network saw, 28 by 28 pixels");
    $("what").textContent = digit.accepted ? digit.digit : (LEFT_OUT[digit.reason] ?? "Refused");
    $("why").textContent = why(digit);
    $("bars").classList.toggle("refused", !digit.accepted);
    [...$("bars").children].forEach((row, at) => {
      const share = digit.probabilities[at];
      row.classList.toggle("best", at === digit.digit);
      row.children[1].style.setProperty("--share", share);
      row.children[1].style.setProperty("--some", share >= 0.0005 ? 1 : 0);
      row.children[2].textContent = percent(share);
    });
  }
}

function tag(name, text) {
  const element = document.createElement(name);
  element.textContent = text;
  return element;
}

function sign(digit) {
  return digit.accepted || digit.reason in LEFT_OUT ? digit.digit : "✕";
}

function why(digit) {
  const { accepted, confidence, reason, ink } = digit;
  if (accepted) return `${percent(confidence)} sure, ${ink}`;
  const likeliest = `the likeliest digit is ${digit.digit}`;
  return reason in LEFT_OUT ? likeliest : `${reason}; ${likeliest}`;
}

function words(digit) {
  if (!digit.accepted) return `${digit.reason in LEFT_OUT ? "left out" : "refused"}, ${digit.reason}`;
  const print = digit.ink === "printed" ? ", printed" : "";
  return `${digit.digit}, ${percent(digit.confidence)} sure${print}`;
}

function summary({ digits, marks, notes }) {
  const parts = [];
  if (!digits.length) parts.push("No ink found.");
  const read = digits.filter((digit) => digit.accepted).length;
  if (read) parts.push(`${read} digit${read > 1 ? "s" : ""}.`);
  parts.push(...notInText({ digits, marks }));
  return [...parts, ...notes.map((note) => `${note[0].toUpperCase()}${note.slice(1)}${note.endsWith(".") ? "" : "."}`)].join(" ");
}

// What was refused, and what was left out, and why; a sentence each.
export function notInText({ digits, marks }) {
  const refused = digits.filter(({ accepted, reason }) => !accepted && !(reason in LEFT_OUT));
  const parts = [];
  if (refused.length) {
    const reasons = [...new Set(refused.map((digit) => digit.reason))].join(" or ");
    parts.push(`${refused.length} refused: ${reasons}.`);
  }
  const leftOut = [
    ...digits.filter(({ reason }) => reason in LEFT_OUT).map(({ reason }) => reason),
    ...marks.filter((mark) => !mark.in_text).map(({ text }) => `“${text}”`),
  ];
  if (leftOut.length) parts.push(`Left out: ${counted(leftOut)}.`);
  return parts;
}

function counted(things) {
  const counts = new Map();
  for (const thing of things) counts.set(thing, (counts.get(thing) ?? 0) + 1);
  return [...counts].map(([thing, count]) => `${count} ${thing}`).join(", ");
}

function spoken(text) {
  const one = (number) => [...number].map((letter) => SPOKEN[letter] ?? letter).join(" ");
  return text.split(/\s/).map(one).join(", ");
}

function time(milliseconds) {
  return milliseconds < 1000
    ? `${Math.max(1, Math.round(milliseconds))} ms`
    : `${(milliseconds / 1000).toFixed(1)} s`;
}

// The digit most in doubt is the one worth a look.
function worst({ digits }) {
  const sure = (digit) => (digit.accepted ? digit.confidence : 2);
  return digits.reduce((best, digit, at) => (sure(digit) < sure(digits[best]) ? at : best), 0);
}

// A reader that works beside the page gives a glyph later than the reading; the last one asked stays.
async function paint(canvas, glyph) {
  canvas.width = canvas.height = SIDE;
  canvas.glyph = glyph;
  const levels = typeof glyph === "string" ? glyph : await glyph;
  if (canvas.glyph !== glyph) return;
  const image = new ImageData(SIDE, SIDE);
  bytes(levels).forEach((level, at) => image.data.set([level, level, level, 255], 4 * at));
  canvas.getContext("2d").putImageData(image, 0, 0);
}
