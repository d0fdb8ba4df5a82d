// Runs: started, followed while they train, kept in this browser, and looked at.

import { json, request, send, Trouble } from "/page/api.js";
import { heldOf } from "./images.js";
import { Network } from "./network.js";
import { $, announce, percent, state, tell, trouble } from "./state.js";
import { follow } from "./stream.js";

const COLOURS = 6;
const LOOSE = 3; // finished runs that stay without being kept
const KEY = "tenfold lab runs";
const MOST_KEPT = 60_000; // parameters of a network that is kept with its run

export const runs = [];
let counted = 0;
let training = null;

export class Run {
  constructor(record) {
    Object.assign(this, {
      curve: [], // an object an epoch
      predicted: "", // the digit that each validation image is taken for
      tested: "", // the same of the test images
      opened: false, // whether the test result was looked at
      layers: null,
      weights: null,
      parameters: 0,
      kept: false,
      shown: true,
      going: false,
      ended: "",
      seconds: 0,
      step: 0,
      steps: 0,
      ...record,
    });
  }

  get last() {
    return this.curve.at(-1);
  }

  network() {
    return this.weights && new Network(this.layers, this.weights);
  }
}

export async function train() {
  trouble(null);
  const used = new Set(runs.map((run) => run.colour));
  const free = [...Array(COLOURS).keys()].find((colour) => !used.has(colour));
  counted += 1;
  const colour = free ?? counted % COLOURS;
  const run = new Run({ name: `Run ${counted}`, experiment: state.experiment, colour });
  Object.assign(run, { going: true, plan: state.plan });
  training = run;
  tell("training");
  try {
    const wish = { session: session(), experiment: run.experiment };
    run.id = (await send("/v1/lab/runs", json("POST", wish))).run;
    makeRoom();
    runs.push(run);
    lookAt(run);
    announce(`${run.name}: training starts.`);
    await follow(`/v1/lab/runs/${run.id}/events`, (event) => hear(run, event));
    await run.fetching;
  } catch (error) {
    run.ended = error.message;
    trouble(error);
  }
  run.going = false;
  if (training === run) training = null;
  if (run.kept) save();
  if (!run.last) discard(run);
  tell("training");
  tell("runs");
}

// Before its first epoch a run has nothing to look at, keep or test: it leaves no trace.
function discard(run) {
  counted -= 1;
  remove(run);
}

export const now = () => training;

export async function cancel() {
  if (!training?.id) return;
  await request(`/v1/lab/runs/${training.id}`, { method: "DELETE" });
}

// One page is one session: it trains one run at a time, whoever else trains.
function session() {
  const known = sessionStorage.getItem(KEY);
  if (known) return known;
  const made = Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16)).join(
    "",
  );
  sessionStorage.setItem(KEY, made);
  return made;
}

// What a run tells; true once it has ended.
function hear(run, event) {
  if (event.event === "started") {
    Object.assign(run, { layers: event.layers, parameters: event.parameters, steps: event.steps });
  } else if (event.event === "step") {
    run.step = event.step;
    tell("progress", run);
  } else if (event.event === "epoch") {
    const { predicted, ...point } = event;
    run.curve.push(point);
    Object.assign(run, { predicted, step: (run.steps / event.epochs) * event.epoch });
    run.seconds = event.seconds;
    const every = Math.max(1, Math.round(event.epochs / 4));
    if (event.epoch % every === 0 && event.epoch < event.epochs)
      announce(
        `Epoch ${event.epoch} of ${event.epochs}: validation accuracy ${percent(event.validation_accuracy)}.`,
      );
    tell("curve", run);
  } else if (event.event === "weights") {
    run.stale = true;
    fetchWeights(run);
  } else if (event.event === "tested") {
    run.tested = event.predicted;
  } else if (event.event === "end") {
    end(run, event);
    return true;
  }
  return false;
}

function end(run, { state: how, detail }) {
  run.going = false;
  run.ended = how === "done" ? "" : how === "cancelled" ? "cancelled" : detail;
  const after = run.last
    ? ` Validation accuracy ${percent(run.last.validation_accuracy)}.`
    : " It is removed, since no epoch was finished.";
  if (how === "failed") trouble(`${run.name}: ${detail}`);
  announce(`${run.name} is ${how === "done" ? "trained" : how}.${after}`);
}

// The newest parameters; while some are on their way, later ones wait for their turn.
function fetchWeights(run) {
  run.fetching ??= (async () => {
    try {
      while (run.stale) {
        run.stale = false;
        const response = await request(`/v1/lab/runs/${run.id}/weights`);
        if (!response.ok) return;
        run.weights = new Float32Array(await response.arrayBuffer());
        if (state.run === run) tell("weights");
      }
    } catch (error) {
      if (!(error instanceof Trouble)) throw error; // the events will say so as well
    } finally {
      run.fetching = null;
    }
  })();
}

export async function lookAt(run) {
  state.run = run;
  tell("runs");
  try {
    const held = await heldOf(run.experiment);
    if (state.run !== run) return;
    Object.assign(state, { held, looked: run });
    tell("held");
    tell("weights");
    tell("curve", run);
  } catch (error) {
    trouble(error);
  }
}

// Runs that nobody keeps make room for new ones, the oldest first.
function makeRoom() {
  const loose = runs.filter((run) => !run.kept && !run.going);
  for (const old of loose.slice(0, Math.max(0, loose.length - LOOSE + 1))) remove(old);
}

export function remove(run) {
  if (runs.includes(run)) runs.splice(runs.indexOf(run), 1);
  if (run.kept) save();
  if (state.run !== run) return tell("runs");
  if (runs.length) return lookAt(runs.at(-1));
  Object.assign(state, { run: null, network: null });
  tell("runs");
  return tell("network");
}

// Kept runs lie in this browser; what they need to be looked at lies with them if it is small.
export function save() {
  const records = runs
    .filter((run) => run.kept)
    .map(({ fetching, stale, going, id, plan, weights, ...rest }) => ({
      ...rest,
      weights: weights && weights.length <= MOST_KEPT ? asText(weights) : null,
    }));
  try {
    localStorage.setItem(KEY, JSON.stringify(records));
  } catch {
    trouble("This browser has no room for more kept runs. Remove some.");
  }
}

export function restore(data) {
  try {
    for (const record of JSON.parse(localStorage.getItem(KEY) ?? "[]")) {
      if (!data.includes(record.experiment.data)) continue;
      const weights = record.weights && fromText(record.weights);
      runs.push(new Run({ ...record, weights, shown: true }));
      counted = Math.max(counted, Number(/^Run (\d+)$/.exec(record.name)?.[1] ?? 0));
    }
  } catch {
    localStorage.removeItem(KEY); // from another version
  }
  if (runs.length) lookAt(runs.at(-1));
}

function asText(weights) {
  const bytes = new Uint8Array(weights.buffer, weights.byteOffset, weights.byteLength);
  let text = "";
  for (let i = 0; i < bytes.length; i += 8192)
    text += String.fromCharCode(...bytes.subarray(i, i + 8192));
  return btoa(text);
}

function fromText(text) {
  return new Float32Array(Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer);
}
