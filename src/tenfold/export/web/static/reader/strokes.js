// Draw strokes as dark ink on white paper: what a pen left on a canvas becomes a picture.

import { Pixels } from "./pixels.js";

const PENS_TO_A_SIDE = 24; // the pen of who names none, as a part of the shorter side
const OFFSET = 0.625; // from a stroke's coordinates to the canvas's, as the server draws them

export function drawn({ width, height, strokes }) {
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.fillStyle = "#fff";
  context.fillRect(0, 0, width, height);
  context.translate(OFFSET, OFFSET);
  context.lineCap = context.lineJoin = "round";
  for (const { points, pen } of strokes) {
    context.lineWidth = pen || Math.min(width, height) / PENS_TO_A_SIDE;
    context.beginPath();
    context.moveTo(...points[0]);
    for (const point of points.length > 1 ? points.slice(1) : points) context.lineTo(...point);
    context.stroke();
  }
  const { data } = context.getImageData(0, 0, width, height);
  const grey = Uint8Array.from({ length: width * height }, (_, k) => data[4 * k]);
  return { pixels: new Pixels(width, height, 1, grey), name: "drawing", width, height, scale: 1, notes: [] };
}
