// From the points of a pen to a smooth line: a quadratic curve through the middles of neighbouring
// points, as short straight pieces. The screen and the reader are given the same pieces.

const PIECE = 3; // pixels

export function smooth(points) {
  if (points.length < 3) return points;
  const line = [points[0]];
  let from = points[0];
  for (let i = 1; i < points.length - 1; i++) {
    const bend = points[i];
    const to = i === points.length - 2 ? points[i + 1] : middle(bend, points[i + 1]);
    curve(line, from, bend, to);
    from = to;
  }
  return line;
}

function middle([ax, ay], [bx, by]) {
  return [(ax + bx) / 2, (ay + by) / 2];
}

function curve(line, [ax, ay], [bx, by], [cx, cy]) {
  const length = Math.hypot(bx - ax, by - ay) + Math.hypot(cx - bx, cy - by);
  const pieces = Math.max(1, Math.ceil(length / PIECE));
  for (let piece = 1; piece <= pieces; piece++) {
    const t = piece / pieces;
    const a = (1 - t) * (1 - t);
    const b = 2 * t * (1 - t);
    line.push([a * ax + b * bx + t * t * cx, a * ay + b * by + t * t * cy]);
  }
}
