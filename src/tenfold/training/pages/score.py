"""How well the finder and the line recogniser do on composed pages and strips that are held out."""

from __future__ import annotations

import cv2
import numpy as np

from tenfold.evaluation.metrics.text import edit_distance
from tenfold.reader.ctc import best_path
from tenfold.reader.find import Found, find
from tenfold.reader.networks import Finder, LineRecogniser
from tenfold.signature import DIGIT_KINDS, FINE
from tenfold.synthesis.pages.canvas import Placed
from tenfold.synthesis.pages.hands import Stock
from tenfold.synthesis.pages.pages import SIDE, PageMaker
from tenfold.synthesis.pages.strips import StripMaker
from tenfold.training.pages.finder import LARGEST, SMALLEST
from tenfold.training.pages.line import collate

INK = ("hand", "print", "running", "sign", "struck")  # kinds of ink as `canvas` numbers them
LEAST, OVERLAP = 0.3, 0.4  # a found digit's score, and what it shares with its true box
SEED = 1  # of what is measured on: always the same pages

Box = tuple[float, float, float, float]


def score_line(content: bytes, stock: Stock, count: int) -> dict[str, float]:
    """Measure a line recogniser's model file on so many strips of held-out hands and fonts.

    Returns
    -------
    dict
        ``strings_right``, the share of strips read without a fault; ``character_error``, edits per
        true character; ``strips``, how many.
    """
    network = LineRecogniser(content, "the new model")
    maker = StripMaker(stock, "validation", SEED)
    right = edits = characters = 0
    for _ in range(count):
        strip = maker.strip()
        logits = network(collate([strip]).strips)[0]
        read = best_path(logits[: strip.pixels.shape[1] // 2])
        right += read == strip.text
        edits += edit_distance(read, strip.text)
        characters += len(strip.text)
    return {
        "strings_right": right / count,
        "character_error": edits / max(1, characters),
        "strips": count,
    }


def score_finder(content: bytes, stock: Stock, count: int) -> dict[str, float]:
    """Measure a finder's model file on so many pages of held-out hands and fonts.

    Returns
    -------
    dict
        ``precision`` and ``recall`` of digits: one is found where the found box's middle lies in
        the true one and both share 0.4 of what they cover; ``kind_hand`` and so on, the share of
        the found digits of a kind that are called so; ``ink_f1_hand`` and so on, the F1 of each
        kind's pixels; ``pages``, how many.
    """
    network = Finder(content, "the new model")
    maker = PageMaker(stock, "validation", SEED)
    hits = false = missed = 0
    called, there = np.zeros(len(INK)), np.zeros(len(INK))
    overlap, found, true = (np.zeros(len(INK)) for _ in range(3))
    for _ in range(count):
        page = maker.page()
        seen = find(page.pixels, network, (SIDE,), LEAST, OVERLAP)
        own = match(seen.found, page.placed)
        hits, false, missed = hits + len(own[0]), false + own[1], missed + own[2]
        for one, mark in own[0]:
            there[mark.kind] += 1
            called[mark.kind] += one.kind == mark.kind
        half = (page.pixels.shape[1] // FINE, page.pixels.shape[0] // FINE)
        for kind, mask in enumerate(page.masks):
            ink = cv2.resize(mask, half, interpolation=cv2.INTER_AREA) > 127
            inked = seen.levels[0].kinds[kind] > 0.5
            overlap[kind] += (ink & inked).sum()
            found[kind] += inked.sum()
            true[kind] += ink.sum()
    f1 = 2 * overlap / np.maximum(1, found + true)
    return {
        "precision": hits / max(1, hits + false),
        "recall": hits / max(1, hits + missed),
        **{f"kind_{INK[k]}": float(called[k] / max(1.0, there[k])) for k in DIGIT_KINDS},
        **{f"ink_f1_{name}": float(value) for name, value in zip(INK, f1, strict=True)},
        "pages": count,
    }


def match(
    found: list[Found], placed: tuple[Placed, ...]
) -> tuple[list[tuple[Found, Placed]], int, int]:
    """Pair digits found with true ones; count those found where none is, and those missed.

    Digits too small or too large to be taught count neither way.
    """
    marks = [mark for mark in placed if mark.char.isdigit()]
    digits = [mark.box for mark in marks]
    taught = [SMALLEST <= bottom - top <= LARGEST for _, top, _, bottom in digits]
    free = set(range(len(digits)))
    hits, false = [], 0
    for one in sorted(found, key=lambda one: -one.score):
        box = (one.x, one.y, one.right, one.bottom)
        middle = ((box[0] + box[2]) / 2, (box[1] + box[3]) / 2)
        options = [(shared(box, digits[k]), k) for k in free if _inside(middle, digits[k])]
        share, best = max(options, default=(0.0, -1))
        if share >= OVERLAP:
            free.remove(best)
            if taught[best]:
                hits.append((one, marks[best]))
        elif all(taught[k] for _, k in options):
            false += 1
    return hits, false, sum(taught[k] for k in free)


def shared(one: Box, other: Box) -> float:
    """Intersection over union of two boxes.

    Examples
    --------
    >>> shared((0, 0, 2, 2), (0, 1, 2, 3))
    0.3333333333333333
    """
    wide = min(one[2], other[2]) - max(one[0], other[0])
    tall = min(one[3], other[3]) - max(one[1], other[1])
    both = max(0.0, wide) * max(0.0, tall)
    areas = sum((right - left) * (bottom - top) for left, top, right, bottom in (one, other))
    return both / max(areas - both, 1e-9)


def _inside(point: tuple[float, float], box: Box) -> bool:
    return box[0] <= point[0] <= box[2] and box[1] <= point[1] <= box[3]
