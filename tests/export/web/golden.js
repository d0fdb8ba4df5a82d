// Runs the page's own functions on what Python was given, and says where the answers differ.

const TYPES = { u8: Uint8Array, i32: Int32Array, f32: Float32Array, f64: Float64Array };

function decode(value, Pixels) {
  if (value === null || typeof value !== "object") return value;
  if (Array.isArray(value)) return value.map((one) => decode(one, Pixels));
  if (value.$) {
    const bytes = Uint8Array.from(atob(value.data), (letter) => letter.charCodeAt(0));
    const data = new TYPES[value.$](bytes.buffer);
    return value.width === undefined ? data : new Pixels(value.width, value.height, value.channels, data);
  }
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, decode(one, Pixels)]));
}

// The largest difference, how many numbers differ of how many; Infinity where the shapes do.
function compare(got, want, path = "") {
  const one = (most, where = path) => ({ most, count: most ? 1 : 0, all: 1, path: most ? where : "" });
  if (want !== null && typeof want === "object") {
    if (got === null || typeof got !== "object") return one(Infinity);
    const ordered = ArrayBuffer.isView(want) || Array.isArray(want);
    if (ordered && got.length !== want.length) return one(Infinity, `${path}: ${got.length}, not ${want.length}`);
    const total = { most: 0, count: 0, all: 0, path: "" };
    for (const key of Object.keys(want)) {
      const own = compare(got[key], want[key], `${path}.${key}`);
      total.count += own.count;
      total.all += own.all;
      if (own.most > total.most) Object.assign(total, { most: own.most, path: own.path });
    }
    return total;
  }
  if (got === want) return one(0);
  const off = Math.abs(got - want);
  return one(typeof want !== "number" || Number.isNaN(off) ? Infinity : off, `${path}: ${got}, not ${want}`);
}

// Cases name a module below `base`, a function, what it takes and what Python answered.
export async function check(cases, base) {
  const { Pixels } = await import(`${base}/pixels.js`);
  const out = [];
  for (const { title, module, name, args, want } of cases) {
    const own = await import(`${base}/${module}`);
    try {
      const got = await own[name](...args.map((one) => decode(one, Pixels)));
      out.push({ title, ...compare(got, decode(want, Pixels)) });
    } catch (error) {
      out.push({ title, most: Infinity, count: 1, all: 1, path: String(error.stack) });
    }
  }
  return out;
}
