// What the page asks the server, patiently: one that is gone is asked again until it is back.

import { json, request, send, Trouble } from "/page/api.js";

const PAUSE = 1000; // milliseconds before the next try
const WINDOW = "tenfold-window";
const REVIEWER = "tenfold-reviewer";
const BASE = "/v1/review";

// This window goes on with what it has leased when it is loaded again.
function own() {
  let name = sessionStorage.getItem(WINDOW);
  if (!name) {
    const drawn = crypto.getRandomValues(new Uint8Array(12));
    name = [...drawn].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    sessionStorage.setItem(WINDOW, name);
  }
  return name;
}

export class Server {
  // `gone(sentence)` is called when the server does not answer, and with "" when it does again.
  constructor(gone) {
    this.window = own();
    this.gone = gone;
    this.away = false;
    this.reviewer = localStorage.getItem(REVIEWER) ?? "";
  }

  name(reviewer, stays) {
    this.reviewer = reviewer;
    if (stays) localStorage.setItem(REVIEWER, reviewer);
  }

  about = () => this.#patiently(() => send(BASE), "fields");
  items = (skipped) => this.#post("items", { fields: [...skipped.field], pages: [...skipped.page] });
  decide = (decision) => this.#post("fields", decision);
  decidePage = (decision) => this.#post("pages", decision);
  undo = () => this.#post("undo", {});
  summary = () => this.#patiently(() => send(`${BASE}/summary`), "fields");

  // Once, as the window closes: what is leased to it goes to others.
  release() {
    const body = { window: this.window, reviewer: this.reviewer };
    return send(`${BASE}/release`, { ...json("POST", body), keepalive: true }).catch(() => {});
  }

  // The picture of a page; null where none was kept.
  async picture(page) {
    const answer = await this.#patiently(() => request(`${BASE}/pages/${page}/picture`));
    return answer.ok ? answer.blob() : null;
  }

  #post(what, record) {
    const body = { ...record, window: this.window, reviewer: this.reviewer };
    return this.#patiently(() => send(`${BASE}/${what}`, json("POST", body)), "progress");
  }

  // `sign` is what every answer holds: one that was cut off as the server ended does not.
  async #patiently(ask, sign = null) {
    for (;;) {
      try {
        const answer = await ask();
        if (sign !== null && !(sign in answer)) throw new Trouble("cut off", 0, true);
        if (this.away) this.gone("");
        this.away = false;
        return answer;
      } catch (error) {
        if (!error.gone) throw error;
        this.away = true;
        this.gone("The server does not answer. What you said last is kept here and saved when it is back.");
        await new Promise((resolve) => setTimeout(resolve, PAUSE));
      }
    }
  }
}
