// Small arithmetic that NumPy has and JavaScript has not.

export const clip = (value, least, most) => Math.min(Math.max(value, least), most);

// To the nearest integer, halves to the even one, as Python and OpenCV round.
export function rint(value) {
  const low = Math.floor(value);
  const rest = value - low;
  if (rest < 0.5) return low;
  if (rest > 0.5) return low + 1;
  return low % 2 === 0 ? low : low + 1;
}

export const sum = (values) => values.reduce((total, value) => total + value, 0);

export const mean = (values) => sum(values) / values.length;

// Quantile with linear interpolation; `share` from 0 to 1.
export function quantile(values, share) {
  const sorted = Float64Array.from(values).sort();
  const place = share * (sorted.length - 1);
  const below = Math.floor(place);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below] + (place - below) * (sorted[above] - sorted[below]);
}

export const median = (values) => quantile(values, 0.5);

// Quantile of whole levels from their histogram.
export function quantileOfCounts(counts, share) {
  let total = 0;
  for (const count of counts) total += count;
  const place = share * (total - 1);
  const below = Math.floor(place);
  const low = levelAt(counts, below);
  const high = levelAt(counts, Math.min(below + 1, total - 1));
  return low + (place - below) * (high - low);
}

function levelAt(counts, rank) {
  let seen = 0;
  for (let level = 0; level < counts.length; level++) {
    seen += counts[level];
    if (seen > rank) return level;
  }
  return counts.length - 1;
}

export function argmax(values) {
  let best = 0;
  for (let at = 1; at < values.length; at++) if (values[at] > values[best]) best = at;
  return best;
}

export function logAddExp(a, b) {
  if (a === -Infinity) return b;
  if (b === -Infinity) return a;
  return a > b ? a + Math.log1p(Math.exp(b - a)) : b + Math.log1p(Math.exp(a - b));
}

// Shares in proportion to exponentials, as floats of 32 bits.
export function softmax(logits) {
  const top = Math.max(...logits);
  const odds = Float32Array.from(logits, (logit) => Math.exp(logit - top));
  const total = sum(odds);
  return odds.map((value) => value / total);
}

// Slope of the straight line that fits points best.
export function slopeOf(points) {
  const [x, y] = [mean(points.map(([px]) => px)), mean(points.map(([, py]) => py))];
  const spread = sum(points.map(([px]) => (px - x) ** 2));
  return sum(points.map(([px, py]) => (px - x) * (py - y))) / spread;
}

export function leastBy(values, key) {
  let best = null;
  let least = Infinity;
  for (const value of values) {
    const own = key(value);
    if (best === null || own < least) [best, least] = [value, own];
  }
  return best;
}

export const sortedBy = (values, key) => {
  const keyed = [...values].map((value) => [key(value), value]);
  return keyed.sort(([a], [b]) => a - b).map(([, value]) => value);
};
