// The reader: from a picture to a reading, in the order of tenfold/reader/reader.py.

import { leftOut, lineOf } from "./assemble.js";
import { findInk } from "./binarize.js";
import { PLAIN, shares } from "./confidence.js";
import { NOTHING } from "./find.js";
import { glyph } from "./glyphs.js";
import { FIELD } from "./normalize.js";
import { askClassifier, bestTurn, look, readLines } from "./pipeline.js";
import { greyOf, Pixels, turned } from "./pixels.js";
import { isDigit } from "./signature.js";
import { byInk, liesAlone, readOne } from "./single_digit.js";

export const TINY = 40;
export const DEFAULT_MIN_CONFIDENCE = 0.5;
export const DEFAULT_DIGITNESS = 0.5;

// `networks` are the functions finder, line and classifier; `facts` what their files say of
// themselves, and the reader's settings.
export class Reader {
  constructor(networks, facts) {
    this.networks = networks;
    this.facts = facts;
    this.settings = facts.settings;
  }

  // A picture has upright `pixels`, and name, width, height, scale and notes of the original. The
  // trace holds the reading and how it came about.
  async trace(picture, { layout = "auto", ink = "auto", confidence = DEFAULT_MIN_CONFIDENCE } = {}) {
    const started = performance.now();
    const work = { picture, rotation: 0, layout, confidence, started };
    if (layout === "digit" || Math.max(picture.pixels.width, picture.pixels.height) <= TINY) {
      return this.#oneDigit(work);
    }
    const { finder, line, classifier } = this.networks;
    let grey = greyOf(picture.pixels);
    let seen = await look(grey, finder, this.settings);
    const more = layout === "line" ? 0 : await bestTurn(grey, seen, finder, this.settings);
    if (more) {
      Object.assign(work, { picture: turnedPicture(picture, more), rotation: more });
      grey = greyOf(work.picture.pixels);
      seen = await look(grey, finder, this.settings);
    }
    const { lines, out, note } = await readLines(grey, seen, line, this.settings, layout === "line", ink);
    if (note) work.picture = { ...work.picture, notes: [...work.picture.notes, note] };
    const empty = !lines.some((row) => row.some(({ symbols }) => symbols.length));
    // Several digits that were left out are no lone digit.
    if (layout === "auto" && empty && out.length < 2) {
      const lone = await this.#oneDigit(work);
      if (lone.reading.lines.length || !out.length) return lone;
    }
    const rows = await askClassifier(work.picture.pixels, seen, lines, classifier, this.settings);
    return this.#finish(work, seen, lines, rows, out, null);
  }

  async #oneDigit(work) {
    const { pixels } = work.picture;
    const grey = greyOf(pixels);
    const { single_sides: sides, single_score: least_score } = this.settings;
    const ink = findInk(pixels);
    const whole = await byInk(ink, this.networks.classifier);
    const alone = liesAlone(ink, whole);
    // A network's input is taken as it is.
    const asItIs = alone && Math.max(pixels.width, pixels.height) <= TINY;
    const single = { ...this.settings, sides, least_score };
    const seen = asItIs ? NOTHING : await look(grey, this.networks.finder, single);
    const promised = work.layout === "digit";
    const answer = await readOne(pixels, grey, whole, alone, seen, this.networks, this.settings, promised);
    if (!answer) return this.#finish(work, seen, [], [], [], null);
    if (promised) answer.symbol.support = 1; // who promises a digit has said already that it is one
    return this.#finish(work, seen, [], [[answer.symbol]], [], answer.shown);
  }

  #finish({ picture, rotation, confidence, started }, seen, lines, rows, out, shown) {
    // In lines the finder says what is a digit, of a lone glyph the classifier.
    const alone = this.facts.rejection_threshold ?? DEFAULT_DIGITNESS;
    const digitness = lines.length ? this.settings.least_support : alone;
    const limits = { confidence, digitness, certainty: this.settings.certain };
    const curve = this.facts.string_calibration ?? PLAIN;
    const [texts, digits, marks, places] = [[], [], [], []];
    rows.forEach((row, r) => {
      places.push(...row.filter(({ char }) => isDigit(char)).map(({ found }) => found));
      const sure = shares(lines[r] ?? [], row, curve);
      const one = lineOf(row, sure, texts.length, limits, this.settings, picture);
      digits.push(...one.digits);
      marks.push(...one.marks);
      if (one.line) texts.push(one.line);
    });
    for (const found of out) {
      digits.push(leftOut(found, picture));
      places.push(found);
    }
    const { name: file, width, height, notes } = picture;
    const text = texts.map((line) => line.text).join("\n");
    const seconds = (performance.now() - started) / 1000;
    const reading = { file, page: null, text, lines: texts, digits, marks, width, height, rotation, notes, seconds };
    return { picture, seen, lines, reading, places, shown };
  }
}

// What the classifier sees of a digit of a trace; black where nothing.
export function glyphOf({ picture, seen, places, shown }, number) {
  const place = places[number];
  const framed = place ? glyph(picture.pixels, seen, place) : shown;
  return framed ?? new Pixels(FIELD, FIELD);
}

function turnedPicture(picture, degrees) {
  const aside = degrees % 180 !== 0;
  const [width, height] = aside ? [picture.height, picture.width] : [picture.width, picture.height];
  return { ...picture, pixels: turned(picture.pixels, degrees), width, height };
}
