// Challenges; the page itself tells when one is met.

import { best } from "./network.js";
import { fitting } from "./maps.js";
import { runs } from "./runs.js";
import { show } from "./sheet.js";
import { $, announce, grouped, make, on, percent, state } from "./state.js";

const CHANGED = 0.05; // ink that has changed by less is the same to the eye
const KEY = "tenfold lab challenges";

const trained = () => runs.filter((run) => run.last && !run.going);
const found = (run, text) => run && `${run.name}: ${text(run)}`;

// Each: `met` answers with how it was met, or nothing; `says` how far it is.
const CHALLENGES = [
  {
    name: "A 3 that becomes an 8",
    task: "Start from a 3 that the network classifies as 3, and change as few pixels as you can until it says 8. Can you do it with three?",
    start: () => startFrom(3),
    says: () => onSheet(3),
    met: () =>
      state.picture?.label === 3 &&
      reads() === 8 &&
      changed() &&
      `with ${change()}`,
  },
  {
    name: "Fool it at 99 %",
    task: "Start from any validation image, change at most one pixel in ten, and make the network say a wrong digit with 99 % confidence.",
    start: () => startFrom(null),
    says: () => onSheet(state.picture?.label),
    met: () => {
      const { picture } = state;
      if (!picture || picture.label === null || !changed() || changed() > picture.size ** 2 / 10)
        return "";
      const digit = reads();
      return (
        digit !== null &&
        digit !== picture.label &&
        confidence() >= 0.99 &&
        `a ${picture.label} classified as ${digit} with ${percent(confidence())} confidence, ${change()}`
      );
    },
  },
  {
    name: "Small and good",
    task: "Reach 95 % validation accuracy with fewer than 5,000 parameters.",
    met: () =>
      found(
        trained().find((run) => fair(run) && run.parameters < 5000 && accuracy(run) >= 0.95),
        (run) => `${percent(accuracy(run))} with ${grouped(run.parameters)} parameters`,
      ),
  },
  {
    name: "In three epochs",
    task: "Reach 94 % validation accuracy in three epochs. It comes down to the learning rate, the batch and the optimizer.",
    met: () =>
      found(
        trained().find(
          (run) =>
            (fair(run) && run.curve[2]?.validation_accuracy >= 0.94) ||
            (fair(run) && run.experiment.epochs <= 3 && accuracy(run) >= 0.94),
        ),
        (run) => `${percent((run.curve[2] ?? run.last).validation_accuracy)} after three epochs`,
      ),
  },
  {
    name: "By heart",
    task: "Shuffle the training labels and still reach 50 % training accuracy: the network memorises labels that mean nothing. Watch the validation accuracy.",
    met: () =>
      found(
        trained().find((run) => run.experiment.shuffled && run.last.accuracy >= 0.5),
        (run) =>
          `${percent(run.last.accuracy)} training accuracy, ${percent(accuracy(run))} validation accuracy`,
      ),
  },
  {
    name: "Hard to break",
    task: "Add 50 % noise to the weights and keep 90 % validation accuracy. Which network can take it?",
    met: () =>
      state.broken &&
      Number($("noise").value) >= 50 &&
      state.brokenAccuracy >= 0.9 &&
      fair(state.run) &&
      `${state.run.name} keeps ${percent(state.brokenAccuracy)}`,
  },
];

const fair = (run) => !run.experiment.shuffled;
const accuracy = (run) => run.last.validation_accuracy;
const usable = () => state.network && state.picture && fitting(state.network, state.picture);
const reads = () => (usable() && !state.broken ? best(state.activations.at(-1).data) : null);
const confidence = () => state.activations.at(-1).data[reads()];

function changed() {
  const { ink, start } = state.picture;
  return start ? ink.filter((value, i) => Math.abs(value - start[i]) > CHANGED).length : 0;
}

const change = () => `${changed()} ${changed() === 1 ? "pixel" : "pixels"} changed`;

function onSheet(label) {
  if (!usable() || label === null || state.picture.label !== label) return "";
  const digit = reads();
  if (digit === null) return "Repair the network first.";
  return `${change()}; the network says ${digit} with ${percent(confidence())} confidence.`;
}

// Put an image on the sheet that the network classifies correctly: of its kind, the one that it is
// least confident of.
function startFrom(label) {
  const { network, held } = state;
  if (!network) return announce("Train a network first.");
  let chosen = null;
  for (let i = 0; i < Math.min(held.validation.count, 200); i++) {
    const digit = held.validation.labels[i];
    if (label !== null && digit !== label) continue;
    const probabilities = network.probabilities(held.validation.ink(i));
    if (best(probabilities) !== digit) continue;
    if (!chosen || probabilities[digit] < chosen.p) chosen = { i, digit, p: probabilities[digit] };
  }
  if (!chosen)
    return announce(`The network misclassifies every ${label ?? "image"}. Train it for longer.`);
  show(held.validation.ink(chosen.i), chosen.digit);
  $("sheet").scrollIntoView({ block: "center" });
  return $("sheet").focus({ preventScroll: true });
}

const met = new Map();

export function offerChallenges() {
  try {
    for (const [name, how] of JSON.parse(localStorage.getItem(KEY) ?? "[]")) met.set(name, how);
  } catch {
    localStorage.removeItem(KEY);
  }
  $("challenges").append(...CHALLENGES.map(item));
  on("picture network training", look);
  look();
}

function item({ name, task, start }) {
  const parts = [make("h3", {}, name), make("p", {}, task), make("p", { className: "so-far" })];
  if (start) {
    const button = make("button", {
      className: "quiet",
      textContent: "Start",
      "aria-label": `Start: ${name}`,
    });
    button.addEventListener("click", start);
    parts.push(button);
  }
  return make("li", {}, ...parts);
}

function look() {
  CHALLENGES.forEach((challenge, i) => {
    const how = challenge.met();
    if (how && met.get(challenge.name) !== how) {
      if (!met.has(challenge.name)) announce(`Challenge met: ${challenge.name}, ${how}.`);
      met.set(challenge.name, how);
      try {
        localStorage.setItem(KEY, JSON.stringify([...met]));
      } catch {
        // it is remembered until the page is closed
      }
    }
    const element = $("challenges").children[i];
    element.classList.toggle("met", met.has(challenge.name));
    const done = met.has(challenge.name) ? `Done: ${met.get(challenge.name)}. ` : "";
    element.querySelector(".so-far").textContent = done + (challenge.says?.() ?? "");
  });
}
