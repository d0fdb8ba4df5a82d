// Look inside: what each step made of the picture.

import { bytes } from "./api.js";

const STEPS = [
  ["picture", "Picture", "as the reader was given it"],
  ["paper", "Paper", "in grey"],
  ["ink", "Ink", "digits by hand in blue, print in green, signs in pink, struck out in red"],
  ["lines", "Lines", "the digits found, framed in one colour for each line"],
  ["strips", "Strips", "what was cut out of the lines, and the string read in it"],
];

export function showSteps(steps) {
  const box = document.getElementById("steps");
  for (const image of box.querySelectorAll("img")) URL.revokeObjectURL(image.src);
  box.replaceChildren(
    ...STEPS.map(([key, name, text], number) => {
      const image = document.createElement("img");
      image.src = URL.createObjectURL(asPng(steps[key]));
      image.alt = `${name}: ${text}`;
      const caption = document.createElement("figcaption");
      const title = document.createElement("b");
      title.textContent = `${number + 1} ${name}`;
      caption.append(title, `: ${text}.`);
      const figure = document.createElement("figure");
      figure.append(image, caption);
      return figure;
    }),
  );
}

export function asPng(base64) {
  return new Blob([bytes(base64)], { type: "image/png" });
}
