// Numbers as pixels: ink on paper, and weights or activations that may be negative.

const MINUS = [43, 108, 214];
const PLUS = [226, 112, 22];

// Paint numbers, row by row. Ink: 0 to 1, white on black as the data has it. Signed: what is 0 has
// the colour of the paper, what is positive is orange, negative blue, each up to `most`.
export function paint(canvas, values, columns, { ink = false, most } = {}) {
  const rows = Math.ceil(values.length / columns);
  if (canvas.width !== columns || canvas.height !== rows)
    Object.assign(canvas, { width: columns, height: rows });
  const context = canvas.getContext("2d");
  const image = context.createImageData(columns, rows);
  const limit = most ?? largest(values);
  const ground = ink ? null : paper();
  for (let i = 0; i < values.length; i++)
    image.data.set(ink ? grey(values[i]) : signed(values[i], limit, ground), 4 * i);
  context.putImageData(image, 0, 0);
}

export function largest(values) {
  let most = 1e-6;
  for (const value of values) most = Math.max(most, Math.abs(value));
  return most;
}

function grey(value) {
  const level = Math.round(255 * Math.min(1, Math.max(0, value)));
  return [level, level, level, 255];
}

function signed(value, limit, ground) {
  const share = Number.isFinite(value) ? Math.min(1, Math.abs(value) / limit) : 1;
  const colour = value < 0 ? MINUS : PLUS;
  return [...ground.map((level, i) => level + (colour[i] - level) * share), 255];
}

let known = null;

function paper() {
  return (known ??= matchMedia("(prefers-color-scheme: dark)").matches
    ? [42, 42, 44]
    : [246, 245, 241]);
}

matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => (known = null));

// A number for people: three digits that matter, and a minus that reads as one.
export function figure(value) {
  if (!Number.isFinite(value)) return "no number";
  const size = Math.abs(value);
  const text =
    size >= 1000 || (size && size < 0.001)
      ? size.toExponential(1)
      : size.toFixed(size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3);
  return value < 0 && Number(text) !== 0 ? `−${text}` : text;
}
