// What has been drawn: strokes, and every state before, so that even Clear can be taken back.

import { smooth } from "./smooth.js";

const SCALE = 0.5; // of the screen's pixels: finer brings the reader nothing and costs it time
const MARGIN = 24; // pixels of bare paper around the ink, for the reader to know the paper by
const LEAST = 64; // pixels: a picture smaller than 40 is taken to hold a single digit
const MOST = 2048; // pixels: the server draws no larger pictures

export class Drawing {
  #states = [[]];
  #now = 0;

  get strokes() {
    return this.#states[this.#now];
  }

  get empty() {
    return this.strokes.length === 0;
  }

  get canUndo() {
    return this.#now > 0;
  }

  get canRedo() {
    return this.#now < this.#states.length - 1;
  }

  add(stroke) {
    this.#push([...this.strokes, stroke]);
  }

  clear() {
    if (!this.empty) this.#push([]);
  }

  undo() {
    if (this.canUndo) this.#now -= 1;
  }

  redo() {
    if (this.canRedo) this.#now += 1;
  }

  #push(strokes) {
    this.#states = [...this.#states.slice(0, this.#now + 1), strokes];
    this.#now += 1;
  }
}

// The picture the reader is asked about: the ink and its margin, and how to get back from its
// pixels to those of the screen.
export function asPicture(strokes) {
  const lines = strokes.map(({ points, pen }) => ({ points: smooth(points), pen }));
  const { left, top, right, bottom } = extent(lines);
  const scale = Math.min(SCALE, (MOST - 2 * MARGIN) / Math.max(right - left, bottom - top));
  const side = (from, to) => Math.max(LEAST, Math.ceil((to - from) * scale) + 2 * MARGIN);
  const width = side(left, right);
  const height = side(top, bottom);
  const x = left - (width / scale - (right - left)) / 2;
  const y = top - (height / scale - (bottom - top)) / 2;
  const round = (value) => Math.round(value * 100) / 100;
  return {
    place: { x, y, scale },
    body: {
      width,
      height,
      strokes: lines.map(({ points, pen }) => ({
        points: points.map(([px, py]) => [round((px - x) * scale), round((py - y) * scale)]),
        pen: Math.max(0.5, round(pen * scale)),
      })),
    },
  };
}

function extent(lines) {
  const box = { left: Infinity, top: Infinity, right: -Infinity, bottom: -Infinity };
  for (const { points, pen } of lines) {
    for (const [x, y] of points) {
      box.left = Math.min(box.left, x - pen / 2);
      box.top = Math.min(box.top, y - pen / 2);
      box.right = Math.max(box.right, x + pen / 2);
      box.bottom = Math.max(box.bottom, y + pen / 2);
    }
  }
  return box;
}
