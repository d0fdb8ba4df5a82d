// From digits found to lines, and from lines to straight strips; see tenfold/reader/lines.py.

import { clip, mean, median, quantile, rint, slopeOf, sortedBy } from "./numbers.js";
import { crop } from "./pixels.js";
import { shrink } from "./resize.js";
import { DIGIT, STRIP } from "./signature.js";
import { warp } from "./warp.js";

export const REACH = 6;
export const OFF = 0.5;
export const RATIO = 2.2;
export const LYING = 0.8;
export const BEND = 0.08;
export const MARGIN = 1.1;
export const LONGEST = 2400;
export const FILLS = 0.62;

// The y of a part's middle line.
export const at = (part, x) => part.y + part.slope * (x - part.x);

// Lines from top to bottom, each from left to right.
export function group(found) {
  if (!found.length) return [];
  const slope = pageSlope(found);
  let lines = chains(found.map((one) => [one]), slope, 2 * REACH);
  lines = chains(lines, slope, Infinity);
  const level = ({ middle: [x, y] }) => y - slope * x;
  return sortedBy(lines, (line) => median(line.map(level)));
}

// Median direction from each digit to its nearest neighbour on the right.
function pageSlope(found) {
  const slopes = [];
  for (const one of found) {
    let [least, slope] = [Infinity, 0];
    for (const other of found) {
      const [dx, dy] = [other.middle[0] - one.middle[0], other.middle[1] - one.middle[1]];
      const [low, high] = [Math.min(one.height, other.height), Math.max(one.height, other.height)];
      const near = dx > 0.35 * high && dx < REACH * high && Math.abs(dy) < 0.4 * dx + 0.1 * high;
      const cost = dx + 3 * Math.abs(dy);
      if (near && high < RATIO * low && cost < least) [least, slope] = [cost, dy / dx];
    }
    if (least < Infinity) slopes.push(slope);
  }
  return slopes.length < 2 ? 0 : clip(median(slopes), -0.4, 0.4);
}

// Join what goes on from each other over gaps of up to so many digit heights; each round joins all
// pairs that are each other's nearest, until there are none.
function chains(lines, slope, reach) {
  for (;;) {
    const ends = lines.map((line) => endsOf(line, slope));
    const after = lines.map(() => [-1, Infinity]);
    const before = lines.map(() => [-1, Infinity]);
    for (let i = 0; i < lines.length; i++) {
      for (let j = 0; j < lines.length; j++) {
        const cost = i === j ? Infinity : gap(ends[i], ends[j], reach);
        if (cost < after[i][1]) after[i] = [j, cost];
        if (cost < before[j][1]) before[j] = [i, cost];
      }
    }
    const taken = new Set();
    const joined = [];
    after.forEach(([j], i) => {
      if (j < 0 || before[j][0] !== i || taken.has(i) || taken.has(j)) return;
      joined.push([...lines[i], ...lines[j]]);
      taken.add(i).add(j);
    });
    if (!joined.length) return lines;
    lines = [...joined, ...lines.filter((_, k) => !taken.has(k))];
  }
}

function endsOf(line, slope) {
  return {
    tall: tallOf(line),
    first: line[0].middle,
    last: line.at(-1).middle,
    left: line[0].x,
    right: line.at(-1).right,
    on: direction(line.slice(-4), slope),
    start: direction(line.slice(0, 4), slope),
  };
}

// How far one line ends before another begins, in pixels; infinite if that is elsewhere.
function gap(one, other, reach) {
  const ahead = one.on.y + one.on.slope * (other.first[0] - one.on.x);
  const back = other.start.y + other.start.slope * (one.last[0] - other.start.x);
  const off = Math.min(Math.abs(ahead - other.first[1]), Math.abs(back - one.last[1]));
  const wide = other.left - one.right;
  const [low, high] = [Math.min(one.tall, other.tall), Math.max(one.tall, other.tall)];
  const fits = off < OFF * low && high < RATIO * low && wide > -LYING * low && wide < reach * high;
  return fits && other.first[0] > one.last[0] ? wide + 2 * off : Infinity;
}

// A point and the slope of a line's last, or first, four digits.
function direction(part, slope) {
  const points = part.map(({ middle }) => middle);
  const own = points.length >= 4 ? clip(slopeOf(points), slope - BEND, slope + BEND) : slope;
  return { x: mean(points.map(([x]) => x)), y: mean(points.map(([, y]) => y)), slope: own };
}

const tallOf = (found) => quantile(found.map(({ height }) => height), 0.6);

const extent = (points) => {
  const xs = points.map(([x]) => x);
  return Math.max(...xs) - Math.min(...xs);
};

// Cut a line at gaps wider than so many digit heights; the picture is so wide.
export function parts(line, widest, width) {
  const tall = tallOf(line);
  const points = line.map(({ middle }) => middle);
  const groups = [[line[0]]];
  line.slice(1).forEach((b, k) => {
    const a = line[k];
    if (b.x - a.right > widest * Math.max(tall, a.height, b.height)) groups.push([]);
    groups.at(-1).push(b);
  });
  const slanted = line.length >= 3 && extent(points) > 2.5 * tall;
  const slope = slanted ? clip(slopeOf(points), -0.5, 0.5) : 0;
  return groups.map((own, k) => {
    const height = own.length > 1 ? tallOf(own) : 0.5 * (tallOf(own) + tall);
    const middles = own.map(({ middle }) => middle);
    const bent = own.length >= 5 && extent(middles) > 4 * height;
    const least = Math.max(k ? groups[k - 1].at(-1).right : -Infinity, 0);
    const most = Math.min(k + 1 < groups.length ? groups[k + 1][0].x : Infinity, width);
    return {
      found: own,
      height,
      start: Math.max(own[0].x - MARGIN * height, least),
      end: Math.min(own.at(-1).right + MARGIN * height, most),
      x: mean(middles.map(([x]) => x)),
      y: mean(middles.map(([, y]) => y)),
      slope: bent ? clip(slopeOf(middles), -0.5, 0.5) : slope,
      least,
      most,
    };
  });
}

// All of a picture that holds one line, as one part.
export function whole(found, { width, height }) {
  if (found.length) return parts(sortedBy(found, (one) => one.x), Infinity, width)[0];
  const [x, y] = [width / 2, height / 2];
  return { found: [], height: FILLS * height, start: 0, end: width, x, y, slope: 0, least: 0, most: width };
}

// How many columns a part's strip has, a multiple of 4.
export function columns(part, factor = 1) {
  const wide = rint(((part.end - part.start) * DIGIT * factor) / part.height);
  return 4 * Math.ceil(clip(wide, 8, LONGEST) / 4);
}

// Cut a part out as a straight strip, 48 pixels high: so many times larger than normal, and leaning
// so much further to the right.
export function cut(grey, part, factor, lean = 0) {
  const scale = Math.min((DIGIT * factor) / part.height, LONGEST / Math.max(1, part.end - part.start));
  const { source, left, top, zoom } = shrunk(grey, part, scale);
  const cos = 1 / Math.hypot(1, part.slope);
  const sin = part.slope * cos;
  const inner = zoom / scale; // pixels of the source per column
  const origin = [part.start * zoom - left, at(part, part.start) * zoom - top];
  const along = [cos * inner, sin * inner];
  const across = [-sin * inner + lean * along[0], cos * inner + lean * along[1]];
  const row = (k) => [along[k], across[k], origin[k] - across[k] * (STRIP / 2)];
  return warp(source, [row(0), row(1)], columns(part, factor), STRIP);
}

// The part's surroundings, averaged down where the strip is smaller than the picture.
function shrunk(grey, part, scale) {
  const reach = part.height * 2.5;
  const ends = [at(part, part.start), at(part, part.end)];
  const [low, high] = [Math.min(...ends) - reach, Math.max(...ends) + reach];
  const left = Math.max(0, Math.trunc(part.start - reach));
  const top = Math.max(0, Math.trunc(low));
  const right = Math.min(grey.width, Math.max(left + 1, Math.trunc(part.end + reach) + 1));
  const bottom = Math.min(grey.height, Math.max(top + 1, Math.trunc(high) + 1));
  const window = crop(grey, left, top, right, bottom);
  const zoom = Math.min(1, scale * 1.5);
  if (!(zoom < 0.9)) return { source: window, left, top, zoom: 1 };
  const size = [window.width, window.height].map((side) => Math.max(1, rint(side * zoom)));
  return { source: shrink(window, ...size), left: left * zoom, top: top * zoom, zoom };
}
