// How an item is shown: a field with its snippet, a page with a form, or what is left at the end.

import { bytes } from "/page/api.js";
import { percent } from "/page/result.js";

export const $ = (id) => document.getElementById(id);
const SECTIONS = ["item", "page", "rest"];

export const spelt = (value) => (value ? [...value].join(" ") : "nothing");
export const named = (value) => (value === null || value === "" ? "blank" : value);

export function only(section) {
  for (const id of SECTIONS) $(id).hidden = id !== section;
  $("trouble").hidden = $("settle").hidden = true;
}

// An image of bytes; the one before it is let go.
export function picture(image, blob) {
  if (image.src.startsWith("blob:")) URL.revokeObjectURL(image.src);
  if (blob) image.src = URL.createObjectURL(blob);
  else image.removeAttribute("src");
  image.hidden = !blob;
}

export function showField(item, words) {
  only("item");
  $("name").textContent = item.field;
  $("words").textContent = words;
  const content = item.snippet ? new Blob([bytes(item.snippet)], { type: "image/png" }) : null;
  picture($("snippet"), content);
  $("snippet").alt = `What is written in ${item.field}`;
  $("bare").hidden = content !== null;
  $("from").textContent = `${item.source}, page ${item.number}`;
  $("label").textContent = `${item.field}, ${item.source} page ${item.number}`;
  $("why").textContent = why(item);
  const other = item.runner_up === null && !item.tick;
  $("runner").disabled = other;
  $("runner-up").textContent = other
    ? "No runner-up"
    : `${named(item.runner_up)} · ${share(item.runner_up_probability)}`;
  $("whole").disabled = !item.pictured;
  enter(item.value);
  const said = item.value === null ? "nothing read" : `read ${spelt(item.value)}`;
  $("live").textContent = `${item.field}: ${said}, ${share(item.probability)}.`;
}

const share = (probability) => percent(probability).replace(/\.\d /, " ");

function why(item) {
  const sure = item.value === null && !item.tick ? "Nothing was read." : `${share(item.probability)} sure.`;
  return item.reason ? `${sure} ${item.reason[0].toUpperCase()}${item.reason.slice(1)}.` : sure;
}

// The proposed value, selected, so that digits take its place.
export function enter(value) {
  $("value").value = value ?? "";
  $("value").focus({ preventScroll: true });
  $("value").select();
}

export function showSettle(sentence, keep, mine) {
  $("settled").textContent = sentence;
  for (const [id, text, key] of [["keep", keep, "Enter"], ["mine", mine, "m"]]) {
    const kbd = document.createElement("kbd");
    kbd.textContent = key;
    $(id).replaceChildren(`${text} `, kbd);
    $(id).hidden = !text;
  }
  $("settle").hidden = false;
}

export function showPage(item, about, blob) {
  only("page");
  $("page-why").textContent = item.reason ? `${item.reason[0].toUpperCase()}${item.reason.slice(1)}.` : "";
  picture($("page-picture"), blob);
  $("page-bare").hidden = blob !== null;
  $("page-from").textContent = `${item.source}, page ${item.number}`;
  const pages = Array.from({ length: about.pages }, (_, index) => new Option(`${index + 1}`));
  $("template-page").replaceChildren(...pages);
  $("which").hidden = about.pages < 2;
  showInputs(about);
  $("live").textContent = `A page that was not aligned: ${item.source}, page ${item.number}.`;
}

export function showInputs(about) {
  const page = Number($("template-page").value);
  const rows = about.fields.filter((field) => field.page === page).map((field) => {
    const label = document.createElement("label");
    const name = document.createElement("b");
    name.textContent = field.name;
    const input = document.createElement("input");
    input.name = field.name;
    if (field.kind === "tick") input.dataset.tick = ""; // where x is a tick
    else input.inputMode = "decimal";
    label.append(name, field.words ? ` ${field.words}` : "", input);
    return label;
  });
  $("inputs").replaceChildren(...rows);
  rows[0]?.querySelector("input").focus();
}

const many = (count, one, more = `${one}s`) => `${count.toLocaleString("en")} ${count === 1 ? one : more}`;

export function showSummary(summary, progress) {
  only("rest");
  $("rest-name").textContent = progress.decided ? "Done." : "Nothing is doubtful.";
  const seen = summary.fields ? summary.seen / summary.fields : 0;
  const rows = [
    `A person saw ${many(summary.seen, "field")} of ${summary.fields.toLocaleString("en")} (${percent(seen)}), and changed ${summary.changed.toLocaleString("en")}.`,
    `Among the others, ${errors(summary.expected_errors)} to be expected.`,
  ];
  const audit = summary.audit;
  if (audit) {
    rows.push(
      `Audit: ${audit.wrong} of ${many(audit.seen, "sure field")} ${audit.wrong === 1 ? "was" : "were"} wrong, ` +
        `${percent(audit.rate)} (95 % interval ${percent(audit.low)} to ${percent(audit.high)}).`,
    );
  }
  $("figures").replaceChildren(...rows.map(line));
  $("again").hidden = true;
  $("rest").focus();
}

const errors = (count) => (count < 0.05 ? "hardly an error is" : `${count.toFixed(1)} errors are`);

export function showWaiting(skipped, elsewhere) {
  only("rest");
  $("rest-name").textContent = skipped ? `${many(skipped, "item")} skipped.` : "Others are at the last ones.";
  const rows = [];
  if (elsewhere) {
    rows.push(`${many(elsewhere, "item")} ${elsewhere === 1 ? "is" : "are"} open in another window. What is not decided there comes back here.`);
  }
  $("figures").replaceChildren(...rows.map(line));
  $("again").hidden = !skipped;
  if (skipped) $("again").focus();
  else $("rest").focus();
}

function line(text) {
  const row = document.createElement("li");
  row.textContent = text;
  return row;
}
