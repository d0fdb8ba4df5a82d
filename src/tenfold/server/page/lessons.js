// Teach: save a misread glyph with its right digit, where the server takes lessons.

import { forget, learn, learned, teach, teaching, unlearn } from "./api.js";

const $ = (id) => document.getElementById(id);

// `digit()` is the digit being looked at; `trouble(error)` shows what went wrong; `readAgain()` reads
// what is on the sheet once another reader reads.
export async function offerLessons(digit, trouble, readAgain) {
  const state = await teaching().catch(() => ({ enabled: false }));
  if (!state.enabled) return;
  $("teach").hidden = false;
  const kept = []; // on the page since it was opened; the last one is taken back first
  const here = ["127.0.0.1", "localhost", "[::1]"].includes(location.hostname);
  const where = here ? "this machine" : "the server's machine";
  const tell = (count, word = "") => {
    const glyphs = `${count} glyph${count === 1 ? "" : "s"} taught`;
    $("taught").textContent = `${word}${glyphs}; all stay on ${where}, in the folder ${state.folder}.`;
    $("forget").hidden = !kept.length;
    taught = count;
    show(reader);
  };
  // Reading with what was taught: the server says how it stands, and is asked again while it learns.
  let reader = { state: "idle", message: "" };
  let taught = 0;
  let again = 0;
  const show = (state) => {
    const learning = state.state === "learning";
    const changed = !learning && reader.state !== state.state;
    reader = state;
    $("learn").hidden = learning || !taught;
    $("unlearn").hidden = state.state === "idle";
    $("unlearn").textContent = learning ? "Stop" : "Read as before";
    $("learned").textContent = learning ? "Learning what you taught; this takes a minute or more…" : state.message;
    clearTimeout(again);
    if (learning) again = setTimeout(() => learned().then(show, trouble), 1000);
    if (changed) readAgain();
  };
  for (const [name, ask] of [["learn", learn], ["unlearn", unlearn]]) {
    $(name).addEventListener("click", () => ask().then(show, trouble));
  }
  learned().then(show, () => {});
  for (let label = 0; label < 10; label++) {
    const button = document.createElement("button");
    button.textContent = label;
    button.setAttribute("aria-label", `This is a${label === 8 ? "n" : ""} ${label}`);
    button.addEventListener("click", async () => {
      try {
        const { id, count } = await teach(label, digit().glyph);
        kept.push(id);
        tell(count, `Saved as ${label}. `);
      } catch (error) {
        trouble(error);
      }
    });
    $("labels").append(button);
  }
  $("forget").addEventListener("click", async () => {
    try {
      const { count } = await forget(kept.pop());
      tell(count, "Taken back. ");
    } catch (error) {
      trouble(error);
    }
  });
  tell(state.count);
}
