// Runs the page's own functions on what Python was given, and says where the answers differ.

const TYPES = { u8: Uint8Array, i32: Int32Array, f32: Float32Array, f64: Float64Array };

function decode(value, Pixels) {
  if (value === null || typeof value !== "object") return value;
  if (Array.isArray(value)) return value.map((one) => decode(one, Pixels));
  if (value.$ === "Infinity") return Infinity;
  if (value.$) {
    const bytes = Uint8Array.from(atob(value.data), (letter) => letter.charCodeAt(0));
    const data = new TYPES[value.$](bytes.buffer);
    return value.width === undefined ? data : new Pixels(value.width, value.height, value.channels, data);
  }
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, decode(one, Pixels)]));
}

// The largest difference, and how many numbers differ at all; Infinity where the shapes do.
function compare(got, want, path = "") {
  if (want !== null && typeof want === "object") {
    if (got === null || typeof got !== "object") return { most: Infinity, count: 1, path };
    if (ArrayBuffer.isView(want) || Array.isArray(want)) {
      if (got.length !== want.length) return { most: Infinity, count: 1, path: `${path}.length ${got.length}/${want.length}` };
    }
    let all = { most: 0, count: 0, path: "" };
    for (const key of Object.keys(want)) {
      const one = compare(got[key], want[key], `${path}.${key}`);
      all = { most: Math.max(all.most, one.most), count: all.count + one.count, path: one.most > all.most ? one.path : all.path };
    }
    return all;
  }
  if (typeof want !== "number") return { most: got === want ? 0 : Infinity, count: got === want ? 0 : 1, path: `${path} ${got}/${want}` };
  if (got === want) return { most: 0, count: 0, path: "" };
  const most = Math.abs(got - want);
  return { most: Number.isNaN(most) ? Infinity : most, count: 1, path: `${path} ${got}/${want}` };
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
      out.push({ title, most: Infinity, count: 1, path: String(error.stack) });
    }
  }
  return out;
}
