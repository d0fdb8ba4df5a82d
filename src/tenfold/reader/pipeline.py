"""open → find → lines → read: what stands in a picture, before anything is refused."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from tenfold.reader import find as finding
from tenfold.reader.ctc import Network
from tenfold.reader.find import Finding, Found
from tenfold.reader.glyphs import glyph
from tenfold.reader.lines import group, parts, whole
from tenfold.reader.networks import bundled_model
from tenfold.reader.recognise import ReadPart, Symbol, read_parts, surest, without_doubles
from tenfold.reader.scaled import Classifier
from tenfold.reader.settings import Settings
from tenfold.signature import DIGIT_KINDS, HAND, PRINT, RUNNING, STRUCK

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]

# Which kinds of ink are read, by what was asked for. What is struck out never is.
WANTED = {
    "auto": (HAND, PRINT),
    "all": (HAND, PRINT, RUNNING),
    "handwritten": (HAND,),
    "printed": (PRINT, RUNNING),
}

# Shares of digits by hand, in print and in words and sentences on composed pages.
SHARES = np.array([0.57, 0.13, 0.30])
ROUNDS = 20  # of weighing; the shares no longer move

TOO_DENSE = (
    "More digits were found than are read in one picture: only the most confident were read. "
    "Cut it into several pictures to have all of them."
)

# Of DIGIT_KINDS, those that all digits of a number share.
ALIKE = {DIGIT_KINDS.index(RUNNING), DIGIT_KINDS.index(STRUCK)}


def grey_of(pixels: Pixels) -> Pixels:
    """Return a picture in grey."""
    return (
        np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), np.uint8)
        if pixels.ndim == 3
        else pixels
    )


def look(grey: Pixels, finder: finding.Network, settings: Settings) -> Finding:
    """Find the digits; look closer where they are small."""
    seen = finding.find(grey, finder, settings.sides, settings.least_score, settings.overlap)
    longest = max(grey.shape)
    if longest <= settings.sides[0] * 1.1:
        return seen
    scale = settings.sides[0] / longest
    small = [f for f in seen.found if f.height * scale < settings.fine_below]
    if seen.found and len(small) < 0.2 * len(seen.found):
        return seen
    sides = (settings.fine_side,)
    return finding.find(grey, finder, sides, settings.least_score, settings.overlap, seen)


def best_turn(grey: Pixels, seen: Finding, finder: finding.Network, settings: Settings) -> int:
    """Degrees clockwise by which the page reads better than as it lies, 0 for none."""
    lying = quality(seen)
    if not seen.found or lying >= settings.turn_below:
        return 0
    least = max(settings.turn_digits, 0.5 * len(seen.found))
    scores = {0: lying}
    for degrees in (90, 180, 270):
        turned = np.ascontiguousarray(np.rot90(grey, -degrees // 90))
        other = finding.find(turned, finder, settings.sides, settings.least_score, settings.overlap)
        scores[degrees] = quality(other) if len(other.found) >= least else 0.0
    best = max(scores, key=lambda degrees: scores[degrees])
    return best if scores[best] >= lying + settings.turn_gain else 0


def quality(seen: Finding) -> float:
    """How well a page's digits can be told as they lie, 0 to 1."""
    if not seen.found:
        return 0.0
    return float(np.mean([f.score * float(f.digits.max()) for f in seen.found]))


def read_lines(
    grey: Pixels, seen: Finding, recogniser: Network, settings: Settings, one_line: bool, ink: str
) -> tuple[list[list[ReadPart]], list[Found], str]:
    """Read the lines of a picture.

    Returns
    -------
    list of list of ReadPart
        The parts of each line.
    list of Found
        The digits that are not to be read.
    str
        What a person should know: that there is more than is read of one picture.
    """
    width = float(grey.shape[1])
    found = of_one_kind(as_on_page(seen.found, settings), settings, width)
    wanted = WANTED[ink]
    if ink == "auto" and _has_one_line(found, grey, settings):
        wanted = WANTED["all"]  # a line that fills its picture stands by itself
    elif ink == "auto" and _is_printed_page(found):
        wanted = (HAND,)
    kept = [f for f in found if f.kind in wanted]
    left_out = [f for f in found if f.kind not in wanted]
    if one_line or _has_one_line(kept, grey, settings):
        # No second line has room: all of it is shown, whether the finder saw every digit or not.
        all_parts = [[replace(whole(kept, grey), start=0.0, end=width)]] if kept or one_line else []
    else:
        all_parts = [parts(row, settings.gap, width) for row in group(kept)]
    flat = surest([part for row in all_parts for part in row], settings.most_shown)
    read = dict(zip(map(id, flat), read_parts(grey, flat, seen, recogniser, settings), strict=True))
    chosen = [[read[id(part)] for part in row if id(part) in read] for row in all_parts]
    lines = [row for row in chosen if row]
    dense = len(seen.found) >= finding.MOST or len(flat) < sum(map(len, all_parts))
    return without_doubles(lines), left_out, TOO_DENSE if dense else ""


def as_on_page(found: Sequence[Found], settings: Settings) -> list[Found]:
    """Weigh the kinds of each digit by how frequent they are on its page, and how large.

    A page of print makes a doubtful digit print, a page by hand makes it one by hand. What is
    printed has few sizes, which differ from those of a hand. So the digits are seen as a mixture
    whose kinds have a share and a normal distribution of the height's logarithm each, found by
    expectation maximisation (Dempster et al. 1977, Saerens et al. 2002). It starts from the shares
    of composed pages and from sizes as varied as the page's and more, which count as some digits
    seen. Of what is struck out, people have less than composed pages, on every page alike.
    """
    if not found:
        return []
    own, struck = np.split(np.array([f.kinds for f in found]), [-1], axis=1)
    struck = struck * settings.struck_share
    struck, own = struck / (struck + own.sum(axis=1, keepdims=True)), own + 1e-6
    trusted, kinds = settings.kind_trust * np.log(own), own / own.sum(axis=1, keepdims=True)
    height = np.log([[f.height] for f in found])
    wide = height.var() + settings.page_spread
    for _ in range(ROUNDS):
        weight = kinds * (1 - struck)
        count = weight.sum(axis=0)
        mean = (weight * height).sum(axis=0) / np.maximum(count, 1e-9)
        off = (height - mean) ** 2
        spread = (weight * off).sum(axis=0) + settings.page_sizes * wide
        spread /= count + settings.page_sizes
        shares = (count + settings.page_shares * SHARES) / SHARES
        likely = trusted + np.log(shares) - (off / spread + np.log(spread)) / 2
        kinds = np.exp(likely - likely.max(axis=1, keepdims=True))
        kinds /= kinds.sum(axis=1, keepdims=True)
    both = np.concatenate([kinds * (1 - struck), struck], axis=1).astype(np.float32)
    return [replace(f, kinds=row) for f, row in zip(found, both, strict=True)]


def of_one_kind(found: Sequence[Found], settings: Settings, width: float) -> list[Found]:
    """Let digits that stand together decide together whether they are struck out, or in a sentence.

    Nobody strikes out one digit of a number, or sets one in a sentence: a digit that differs from
    the mean of its neighbours was seen wrongly. By hand or in print, each decides for itself, as
    people fill in what is printed.
    """
    out = []
    for row in group(found):
        for part in parts(row, settings.apart, width):
            common = int(np.mean([f.kinds for f in part.found], axis=0).argmax())
            out += [_as_neighbours(f, common) for f in part.found]
    return out


def _as_neighbours(found: Found, common: int) -> Found:
    """Return a digit that is struck out, or in a sentence, if and only if its neighbours are."""
    own = int(found.kinds.argmax())
    if own == common or not {own, common} & ALIKE:
        return found
    kinds = np.zeros_like(found.kinds)
    allowed = [common] if common in ALIKE else [k for k in range(len(kinds)) if k not in ALIKE]
    kinds[allowed] = found.kinds[allowed]
    return replace(found, kinds=kinds)


def _is_printed_page(found: Sequence[Found]) -> bool:
    """Whether most print stands in words and sentences: then its tables belong to it as well."""
    kinds = [f.kind for f in found]
    return kinds.count(RUNNING) > kinds.count(PRINT)


def _has_one_line(kept: list[Found], grey: Pixels, settings: Settings) -> bool:
    """Whether digits are so high that a second line has no room."""
    if len(kept) < settings.line_digits:
        return False
    return bool(np.median([f.height for f in kept]) > settings.line_height * grey.shape[0])


def ask_classifier(
    pixels: Pixels,
    seen: Finding,
    lines: list[list[ReadPart]],
    model: Classifier,
    settings: Settings,
) -> list[list[Symbol]]:
    """Return each line's symbols, from left to right, after the classifier was heard.

    It speaks for digits that stand apart and are not sure already, and for digits that the finder
    saw and the line recogniser passed over. Where both look at the same glyph their
    log-probabilities are added, the classifier's with less weight: it sees the ink better, the
    line recogniser what lies around it. One that was fine-tuned is asked about sure digits too, as
    somebody has taught it what the line recogniser never saw: what it says otherwise than the
    bundled one is added with full weight.
    """
    taught = model.info.fine_tuned
    rows = [_with_unread(line, settings) for line in lines]
    asked: list[tuple[int, int, Pixels]] = []
    for r, row in enumerate(rows):
        for k, symbol in enumerate(row):
            found = symbol.found
            sure = symbol.confidence >= settings.sure and not taught
            if found is None or sure or not _stands_apart(row, k):
                continue
            near = [other.found for other in row[max(0, k - 1) : k + 2] if other.found is not None]
            framed = glyph(pixels, seen, found, near)
            if framed is not None:
                asked.append((r, k, framed))
    if asked:
        glyphs = np.stack([image for *_, image in asked])
        chances, digitness = model.predict_with_digitness(glyphs)
        logs = settings.join * np.log(chances + 1e-4)
        if taught:
            before, _ = bundled_model().predict_with_digitness(glyphs)
            logs = logs + np.log(chances + 1e-4) - np.log(before + 1e-4)
        for (r, k, _), own, like in zip(asked, logs, digitness, strict=True):
            if like >= settings.join_digitness:
                rows[r][k] = _joined(rows[r][k], own, float(like))
    return without_weak([[s for s in row if s.confidence > 0] for row in rows], settings)


def without_weak(rows: list[list[Symbol]], settings: Settings) -> list[list[Symbol]]:
    """Take all support from lines far less sure than the page's surest number.

    Grain, edges and letters give a digit here and there, and seldom a sure one; the fewer stand
    together, the surer they must be.
    """
    sureness = []
    for row in rows:
        digits = [s.confidence * s.support for s in row if s.char.isdigit()]
        sureness.append((float(np.mean(digits)) if digits else 0.0, len(digits)))
    best = max((sure for sure, count in sureness if count >= settings.number), default=0.0)
    out = []
    for row, (sure, count) in zip(rows, sureness, strict=True):
        weak = count > 0 and sure < best * (settings.weak + settings.weak_alone / count)
        out.append(
            [
                replace(s, support=0.0, certainty=0.0) if weak and s.char.isdigit() else s
                for s in row
            ]
        )
    return out


def _with_unread(line: list[ReadPart], settings: Settings) -> list[Symbol]:
    """Return a line's symbols with those that were found and not read, of confidence 0."""
    row = []
    for read in line:
        own = list(read.symbols)
        middles = [s.box[0] + s.box[2] / 2 for s in own]
        for found in read.part.found:
            x, reach = found.middle[0], 0.5 * max(found.width, 0.3 * read.part.height)
            if found.score >= settings.unread and all(abs(m - x) > reach for m in middles):
                box = (found.x, found.y, found.width, found.height)
                digit, score = str(int(found.digits.argmax())), found.score
                chances = found.digits
                own.append(Symbol(digit, box, chances, 0.0, score, found.kind, 0.0, found))
        row += sorted(own, key=lambda s: s.box[0] + s.box[2] / 2)
    return row


def _joined(symbol: Symbol, logs: Floats, digitness: float) -> Symbol:
    """Return a symbol on which line recogniser and classifier were both heard."""
    if symbol.confidence > 0:
        logs = np.log(symbol.probabilities + 1e-4) + logs
    joined = np.exp(logs - logs.max())
    joined /= joined.sum()
    # That there is a digit at all: by the line recogniser, or by finder and classifier together.
    there = 1 - (1 - symbol.certainty) * (1 - symbol.support * digitness)
    char, confidence = str(int(joined.argmax())), float(joined.max()) * there
    return replace(symbol, char=char, probabilities=joined, confidence=confidence)


def _stands_apart(row: list[Symbol], k: int) -> bool:
    """Whether a digit's box is clear of its neighbours'."""
    left, right = row[k].box[0], row[k].box[0] + row[k].box[2]
    clear = 0.02 * row[k].box[3]
    before = row[k - 1].box[0] + row[k - 1].box[2] if k else -np.inf
    after = row[k + 1].box[0] if k + 1 < len(row) else np.inf
    return bool(before < left - clear and after > right + clear)
