// Ask the server. Answers are objects; troubles are sentences.

const KEY = "tenfold-token";
const TRIES = 5; // where the server is busy

export class Trouble extends Error {
  // `again`: seconds after which the server says to try again, or 0; `gone`: it does not answer.
  constructor(sentence, again = 0, gone = false) {
    super(sentence);
    this.again = again;
    this.gone = gone;
  }
}

export async function send(path, options = {}) {
  const response = await request(path, options);
  const record = await response.json().catch(() => ({}));
  if (!response.ok) {
    const again = Number(response.headers.get("Retry-After"));
    throw new Trouble(record.detail ?? `The server answered ${response.status}.`, again);
  }
  return record;
}

export async function request(path, options = {}) {
  const token = sessionStorage.getItem(KEY);
  const headers = { ...options.headers };
  if (token) headers.Authorization = `Bearer ${token}`;
  let response;
  try {
    response = await fetch(path, { ...options, headers });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Trouble("The server does not answer. Is it still running?", 0, true);
  }
  if (response.status === 401 && (await askForToken(token))) return request(path, options);
  return response;
}

let asked = null; // while it is being asked for, all wait for the same answer

function askForToken(refused) {
  if (sessionStorage.getItem(KEY) !== refused) return true; // another one has come since
  asked ??= showDialog(refused).finally(() => (asked = null));
  return asked;
}

async function showDialog(refused) {
  const [dialog, field] = [document.getElementById("asks"), document.getElementById("token")];
  document.getElementById("asked").textContent = refused
    ? "The server did not take that token."
    : "This server asks for a token.";
  field.value = dialog.returnValue = "";
  dialog.showModal();
  await new Promise((resolve) => dialog.addEventListener("close", resolve, { once: true }));
  const token = field.value.trim();
  if (dialog.returnValue !== "use" || !token) return false;
  sessionStorage.setItem(KEY, token);
  return true;
}

export function json(method, body, signal) {
  const headers = { "Content-Type": "application/json" };
  return { method, headers, body: JSON.stringify(body), signal };
}

function query(inside) {
  return `include=probabilities&include=glyphs${inside ? "&include=steps" : ""}`;
}

// The server bounds its queue, and says when to come again.
async function read(inside, options) {
  for (let left = TRIES; ; left--) {
    try {
      return await send(`/v1/read?${query(inside)}`, options);
    } catch (error) {
      if (!error.again || !left) throw error;
      await new Promise((resolve) => setTimeout(resolve, 1000 * error.again));
      options.signal.throwIfAborted();
    }
  }
}

export function readDrawing(drawing, inside, signal) {
  return read(inside, json("POST", drawing, signal));
}

export function readPicture(file, inside, signal) {
  const form = new FormData();
  form.append("file", file, file.name || "picture");
  return read(inside, { method: "POST", body: form, signal });
}

export const teaching = () => send("/v1/teach", {});
export const teach = (digit, glyph) => send("/v1/teach", json("POST", { digit, glyph }));
export const forget = (id) => send(`/v1/teach/${id}`, { method: "DELETE" });

export const learned = () => send("/v1/learn", {});
export const learn = () => send("/v1/learn", json("POST", {}));
export const unlearn = () => send("/v1/learn", { method: "DELETE" });

export function bytes(base64) {
  return Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
}
