// What the parts of the page share, and how one tells the others that it has changed.

export const state = {
  about: null, // data at hand, limits
  experiment: null, // what the form says
  plan: null, // its layers, parameters and code
  held: null, // validation and test images of the data that is looked at
  run: null, // the run that is looked at
  looked: null, // the same, once the images that belong to it are here
  network: null, // its network, broken or not
  activations: null, // what it makes of the image on the sheet, layer by layer
  broken: false, // whether it is
  brokenAccuracy: 0, // what is left of its accuracy
  brokenPredicted: null, // and what it takes the first validation images for
  picture: null, // { size, ink: Float32Array of 0 to 1, label: digit or null, start: ink or null }
};

const listeners = new Map();

export function on(names, listener) {
  for (const name of names.split(" "))
    listeners.set(name, [...(listeners.get(name) ?? []), listener]);
}

export function tell(name, detail) {
  for (const listener of listeners.get(name) ?? []) listener(detail);
}

export const $ = (id) => document.getElementById(id);

// An element with properties, attributes (aria-…, data-…) and children.
export function make(name, properties = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (key.includes("-") || key === "role" || key === "for") element.setAttribute(key, value);
    else element[key] = value;
  }
  element.append(...children);
  return element;
}

export const percent = (share, places = 1) => `${(100 * share).toFixed(places)} %`;

// A number with a comma for the thousands.
export const grouped = (number) => number.toLocaleString("en");

// Said to screen readers, once nothing else is being said.
export function announce(text) {
  $("live").textContent = text;
}

export function trouble(error) {
  $("trouble").textContent = error?.message ?? error ?? "";
  $("trouble").hidden = !error;
}
