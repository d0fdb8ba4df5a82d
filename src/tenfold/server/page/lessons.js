// Teach: save a misread glyph with its right digit, where the server takes lessons.

import { forget, teach, teaching } from "./api.js";

const $ = (id) => document.getElementById(id);

// `digit()` is the digit being looked at; `trouble(error)` shows what went wrong.
export async function offerLessons(digit, trouble) {
  const state = await teaching().catch(() => ({ enabled: false }));
  if (!state.enabled) return;
  $("teach").hidden = false;
  let last = null;
  const tell = (count, word = "") => {
    const glyphs = `${count} glyph${count === 1 ? "" : "s"} in ${state.folder}`;
    $("taught").textContent = `${word}${glyphs}; they stay on this machine.`;
    $("forget").hidden = last === null;
  };
  for (let label = 0; label < 10; label++) {
    const button = document.createElement("button");
    button.textContent = label;
    button.setAttribute("aria-label", `This is a ${label}`);
    button.addEventListener("click", async () => {
      try {
        const { id, count } = await teach(label, digit().glyph);
        last = id;
        tell(count, `Saved as ${label}. `);
      } catch (error) {
        trouble(error);
      }
    });
    $("labels").append(button);
  }
  $("forget").addEventListener("click", async () => {
    try {
      const { count } = await forget(last);
      last = null;
      tell(count, "Taken back. ");
    } catch (error) {
      trouble(error);
    }
  });
  tell(state.count);
}
