// Look inside: what each step made of the picture.

import { bytes } from "./api.js";

const STEPS = [
  ["picture", "Picture", "as the reader was given it"],
  ["paper", "Paper", "grey, along the colour in which the ink stands out"],
  ["ink", "Ink", "what is darker than the paper around it"],
  ["lines", "Lines", "the marks, framed in one colour for each line; then each becomes a glyph"],
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
