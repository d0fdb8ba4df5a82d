// Every setting as code: tenfold, PyTorch, Keras, to copy.

import { $, announce, on, state } from "./state.js";

const NAMES = ["tenfold", "pytorch", "keras"];
let chosen = NAMES[0];

export function offerCode() {
  for (const name of NAMES) {
    const tab = $(`tab-${name}`);
    tab.addEventListener("click", () => choose(name));
    tab.addEventListener("keydown", (event) => {
      const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (!by) return;
      event.preventDefault();
      const next = NAMES[(NAMES.indexOf(name) + by + NAMES.length) % NAMES.length];
      choose(next);
      $(`tab-${next}`).focus();
    });
  }
  $("copy").addEventListener("click", copy);
  on("plan", draw);
}

function choose(name) {
  chosen = name;
  draw();
}

function draw() {
  for (const name of NAMES) {
    $(`tab-${name}`).setAttribute("aria-selected", String(name === chosen));
    $(`tab-${name}`).tabIndex = name === chosen ? 0 : -1;
  }
  $("code-panel").setAttribute("aria-labelledby", `tab-${chosen}`);
  $("code").textContent = state.plan?.code[chosen] ?? "";
}

async function copy() {
  if (navigator.clipboard) await navigator.clipboard.writeText($("code").textContent);
  else {
    // Without HTTPS, browsers lend no clipboard to other machines' pages; a selection they still copy.
    getSelection().selectAllChildren($("code"));
    document.execCommand("copy");
  }
  announce("Copied.");
  $("copied").textContent = "Copied.";
  setTimeout(() => ($("copied").textContent = ""), 2000);
}
