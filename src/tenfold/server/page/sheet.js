// The sheet: paints ink or a picture on one canvas, and what was read there on another above it.

import { smooth } from "./smooth.js";

const SLACK = 6; // pixels around a box that still count as on it
const PAD = 5; // pixels between ink and its box
const SURE = 0.9;
const ROOM = 12; // pixels around a picture
const MOST_ZOOM = 8;
const STRUCK = "struck out";
const LOW = 34; // pixels: above lower boxes, labels would hide the line before

export class Sheet {
  constructor(root, ink, marks) {
    this.root = root;
    this.ink = ink;
    this.marks = marks;
    this.strokes = [];
    this.bitmap = null;
    this.extent = null;
    this.place = null;
    this.digits = [];
    this.between = [];
    this.chosen = -1;
    this.cursor = null;
    new ResizeObserver(() => this.#fit()).observe(root);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#fit());
    this.#fit();
  }

  #fit() {
    const dense = window.devicePixelRatio || 1;
    const { clientWidth: width, clientHeight: height } = this.root;
    for (const canvas of [this.ink, this.marks]) {
      canvas.width = Math.round(width * dense);
      canvas.height = Math.round(height * dense);
      canvas.getContext("2d").setTransform(dense, 0, 0, dense, 0, 0);
    }
    this.size = { width, height };
    if (this.bitmap) this.place = this.#within(this.extent);
    this.paint();
    this.mark();
  }

  // Strokes to show, the growing one included.
  draw(strokes) {
    this.strokes = strokes;
    this.bitmap = null;
    this.root.classList.remove("picture");
    this.paint();
  }

  // A picture to show (null: one that cannot be shown), and the width and height in which its boxes
  // are given; returns where its pixels lie on the sheet.
  show(bitmap, extent) {
    this.strokes = [];
    this.bitmap = bitmap;
    this.extent = extent;
    this.root.classList.add("picture");
    this.place = bitmap && this.#within(extent);
    this.paint();
    return this.place;
  }

  #within({ width, height }) {
    const fit = Math.min(
      (this.size.width - 2 * ROOM) / width,
      (this.size.height - 2 * ROOM) / height,
      MOST_ZOOM,
    );
    const x = (this.size.width - width * fit) / 2;
    const y = (this.size.height - height * fit) / 2;
    return { x, y, scale: 1 / fit };
  }

  paint() {
    const context = this.ink.getContext("2d");
    context.clearRect(0, 0, this.size.width, this.size.height);
    if (this.bitmap) {
      const { x, y, scale } = this.place;
      const { width, height } = this.extent;
      context.imageSmoothingEnabled = scale > 0.35; // enlarged pixels are to be seen as pixels
      context.drawImage(this.bitmap, x, y, width / scale, height / scale);
      return;
    }
    context.lineCap = context.lineJoin = "round";
    context.strokeStyle = getComputedStyle(this.ink).color;
    for (const { points, pen } of this.strokes) {
      const line = smooth(points);
      context.lineWidth = pen;
      context.beginPath();
      context.moveTo(...line[0]);
      for (const point of line) context.lineTo(...point);
      context.stroke();
    }
  }

  // What was read, or null; `place` leads from its pixels to the sheet's.
  answer(reading, place) {
    this.digits = reading?.digits ?? [];
    this.between = reading?.marks ?? [];
    this.place = place;
    this.mark();
  }

  choose(index) {
    this.chosen = index;
    this.mark();
  }

  point(cursor) {
    this.cursor = cursor;
    this.mark();
  }

  box(digit) {
    const { x, y, scale } = this.place;
    const [left, top, width, height] = digit.box.map((value) => value / scale);
    return [left + x - PAD, top + y - PAD, width + 2 * PAD, height + 2 * PAD];
  }

  // Which digit lies under a point, or -1; of several the smallest.
  under([x, y]) {
    let best = -1;
    let least = Infinity;
    this.digits.forEach((digit, index) => {
      const [left, top, width, height] = this.box(digit);
      const inside =
        x > left - SLACK && x < left + width + SLACK && y > top - SLACK && y < top + height + SLACK;
      if (inside && width * height < least) [best, least] = [index, width * height];
    });
    return best;
  }

  mark() {
    const context = this.marks.getContext("2d");
    context.clearRect(0, 0, this.size.width, this.size.height);
    const style = getComputedStyle(this.root);
    const colour = (name) => style.getPropertyValue(name).trim();
    const last = (index) => (index === this.chosen ? 1 : 0); // what is looked at lies on top
    const order = [...this.digits.keys()].sort((a, b) => last(a) - last(b));
    for (const index of order) {
      const digit = this.digits[index];
      const name = digit.accepted ? (digit.confidence < SURE ? "--doubt" : "--accent") : "--refused";
      this.#box(context, digit, colour(name), colour("--paper"), index === this.chosen);
    }
    for (const mark of this.between) {
      this.#underline(context, mark, colour(mark.in_text ? "--accent" : "--refused"), colour("--paper"));
    }
    if (this.cursor) this.#cross(context, colour("--accent"));
  }

  #box(context, digit, colour, paper, chosen) {
    const [x, y, width, height] = this.box(digit);
    context.lineWidth = chosen ? 2.5 : 1.5;
    context.strokeStyle = colour;
    context.setLineDash(digit.accepted ? [] : [4, 4]);
    context.beginPath();
    context.roundRect(x, y, width, height, 5);
    if (digit.reason === STRUCK) {
      context.moveTo(x, y);
      context.lineTo(x + width, y + height);
      context.moveTo(x, y + height);
      context.lineTo(x + width, y);
    }
    if (this.bitmap) this.#halo(context, paper);
    context.stroke();
    context.setLineDash([]);
    const label = digit.accepted ? String(digit.digit) : digit.reason;
    context.font = `600 ${digit.accepted ? 14 : 12}px system-ui, sans-serif`;
    const wide = context.measureText(label).width + 10;
    // Side by side, reasons would hide each other.
    if (!chosen && (!digit.accepted || height < LOW)) return;
    const above = y - 22 >= 0 ? y - 22 : Math.min(y + height + 2, this.size.height - 20);
    this.#label(context, label, [x, above, wide], colour, paper);
  }

  // What stands between digits has its sign below; above are theirs.
  #underline(context, mark, colour, paper) {
    const [x, y, width, height] = this.box(mark);
    const below = Math.min(y + height, this.size.height - 22);
    context.lineWidth = 2;
    context.strokeStyle = colour;
    context.setLineDash(mark.in_text ? [] : [4, 4]);
    context.beginPath();
    context.moveTo(x, below);
    context.lineTo(x + width, below);
    if (this.bitmap) this.#halo(context, paper);
    context.stroke();
    context.setLineDash([]);
    context.font = "600 16px system-ui, sans-serif";
    const wide = context.measureText(mark.text).width + 10;
    this.#label(context, mark.text, [x + (width - wide) / 2, below + 2, wide], colour, paper);
  }

  #label(context, text, [x, y, wide], colour, paper) {
    const left = Math.max(0, Math.min(x, this.size.width - wide));
    context.fillStyle = colour;
    context.beginPath();
    context.roundRect(left, y, wide, 20, 5);
    context.fill();
    context.fillStyle = paper;
    context.textBaseline = "middle";
    context.fillText(text, left + 5, y + 10.5);
  }

  // A photo may have any colour; beside this rim every line shows.
  #halo(context, paper) {
    context.save();
    context.strokeStyle = paper;
    context.lineWidth += 2;
    context.setLineDash([]);
    context.globalAlpha = 0.7;
    context.stroke();
    context.restore();
  }

  #cross(context, colour) {
    const [x, y] = this.cursor.at;
    context.strokeStyle = colour;
    context.lineWidth = 2;
    context.beginPath();
    context.arc(x, y, this.cursor.down ? 4 : 9, 0, 2 * Math.PI);
    context.moveTo(x - 14, y);
    context.lineTo(x + 14, y);
    context.moveTo(x, y - 14);
    context.lineTo(x, y + 14);
    context.stroke();
  }
}
