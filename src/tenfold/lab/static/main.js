// The lab: asks what there is, and joins its parts.

import { send } from "/page/api.js";
import { offerBreaking } from "./broken.js";
import { offerChallenges } from "./challenges.js";
import { offerCode } from "./code.js";
import { heldOf } from "./images.js";
import { offerInside } from "./inside.js";
import { offerList } from "./list.js";
import { offerMaps } from "./maps.js";
import { offerMatrix } from "./matrix.js";
import { cancel, restore, train } from "./runs.js";
import { offerSettings } from "./settings.js";
import { offerSheet, show, take } from "./sheet.js";
import { $, on, state, tell, trouble } from "./state.js";

// In the order in which they hear of a change: maps compute what inside and challenges show.
offerBreaking();
offerSheet();
offerMaps();
offerInside();
offerMatrix();
offerList();
offerChallenges();
offerCode();

$("settings").addEventListener("submit", (event) => {
  event.preventDefault();
  train();
});
$("cancel").addEventListener("click", () => cancel().catch(trouble));

matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => tell("network"));

show(new Float32Array(64), null);
try {
  state.about = await send("/v1/lab", {});
  on("experiment", ofTheirSize);
  offerSettings(state.about);
  restore(state.about.data);
  if (!state.run) await take();
} catch (error) {
  trouble(error);
}
document.documentElement.dataset.ready = "true";

// Before anything is trained, the sheet has the size of the data that is chosen.
async function ofTheirSize() {
  if (state.run) return;
  try {
    const held = await heldOf(state.experiment);
    if (state.run || state.held === held) return;
    state.held = held;
    tell("held");
  } catch (error) {
    trouble(error);
  }
}
