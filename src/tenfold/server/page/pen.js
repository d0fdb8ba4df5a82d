// The pen: pointer events (mouse, touch, stylus) and, for who uses neither, the keyboard.

const NEAR = 1.2; // pixels: points closer than that only make the line tremble
const STEP = 8; // pixels a key moves the pen; a quarter of that with shift
const MOVES = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
  Home: [-1, -1],
  PageUp: [1, -1],
  End: [-1, 1],
  PageDown: [1, 1],
};

// Calls `draw(stroke)` while a stroke grows and `done(stroke)` when it ends; `hover(point)` while
// the pen moves without drawing, with null when it leaves; `cursor(point, down)` for the keys.
export class Pen {
  constructor(canvas, { width, active, draw, done, hover, cursor }) {
    this.canvas = canvas;
    this.calls = { width, active, draw, done, hover, cursor };
    this.stroke = null;
    this.pointer = null;
    this.at = null;
    canvas.addEventListener("pointerdown", (event) => this.#down(event));
    canvas.addEventListener("pointermove", (event) => this.#move(event));
    canvas.addEventListener("pointerup", (event) => this.#up(event));
    canvas.addEventListener("pointercancel", (event) => this.#up(event));
    canvas.addEventListener("pointerleave", () => hover(null));
    canvas.addEventListener("keydown", (event) => this.#key(event));
    canvas.addEventListener("blur", () => this.#leave());
  }

  #point(event) {
    const box = this.canvas.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }

  #down(event) {
    if (!this.calls.active()) {
      this.calls.hover(this.#point(event));
      return;
    }
    if (this.pointer !== null || event.button !== 0) return;
    this.#leave();
    this.pointer = event.pointerId;
    // Events that a program makes have no pointer to capture.
    if (event.isTrusted) this.canvas.setPointerCapture(event.pointerId);
    this.stroke = { points: [this.#point(event)], pen: this.calls.width() };
    this.calls.hover(null);
    this.calls.draw(this.stroke);
  }

  #move(event) {
    if (event.pointerId !== this.pointer) {
      if (this.pointer === null) this.calls.hover(this.#point(event));
      return;
    }
    // Between two frames a pen reports many points; the browser hands them over together.
    const all = event.getCoalescedEvents?.() ?? [];
    for (const one of all.length ? all : [event]) this.#add(this.#point(one));
    this.calls.draw(this.stroke);
  }

  #add([x, y]) {
    const [lastX, lastY] = this.stroke.points.at(-1);
    if (Math.hypot(x - lastX, y - lastY) >= NEAR) this.stroke.points.push([x, y]);
  }

  #up(event) {
    if (event.pointerId !== this.pointer) return;
    this.pointer = null;
    this.#finish();
  }

  #finish() {
    const stroke = this.stroke;
    this.stroke = null;
    if (stroke) this.calls.done(stroke);
  }

  #key(event) {
    if (!this.calls.active() || event.ctrlKey || event.metaKey || event.altKey) return;
    const move = MOVES[event.key];
    if (!move && event.key !== " " && event.key !== "Escape") return;
    if (event.key === "Escape" && !this.stroke) return;
    event.preventDefault();
    const box = this.canvas.getBoundingClientRect();
    this.at ??= [box.width / 2, box.height / 2];
    if (move) this.#step(move, event.shiftKey ? STEP / 4 : STEP, box);
    else if (this.stroke) this.#finish();
    else if (event.key === " ") {
      this.stroke = { points: [[...this.at]], pen: this.calls.width() };
      this.calls.draw(this.stroke);
    }
    this.calls.cursor(this.at, this.stroke !== null);
  }

  #step([dx, dy], step, box) {
    const inside = (value, most) => Math.min(Math.max(value, 0), most);
    const [x, y] = this.at;
    this.at = [inside(x + dx * step, box.width), inside(y + dy * step, box.height)];
    if (!this.stroke) return;
    this.#add(this.at);
    this.calls.draw(this.stroke);
  }

  #leave() {
    if (this.pointer === null) this.#finish();
    if (this.at) this.calls.cursor(null, false);
  }
}
