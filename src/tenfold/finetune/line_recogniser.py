"""Adapt the line recogniser: all weights, half of each batch being composed strips.

What a person's strip says is known, not where each character stands, so strings are learned (CTC);
composed strips teach their frames too, as when the network was made.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from tenfold.errors import DataError
from tenfold.evaluation.metrics.text import edit_distance
from tenfold.export.network import Network
from tenfold.finetune import choose
from tenfold.finetune.choose import ALPHAS
from tenfold.finetune.classifier import FEWEST, Adapted
from tenfold.finetune.reference import Strips, Tell
from tenfold.finetune.table import Line, fits, with_signs
from tenfold.finetune.verdict import Comparison, compare
from tenfold.finetune.weights import Layers, Weights, between, written
from tenfold.modelinfo import TAUGHT
from tenfold.reader.ctc import best_path
from tenfold.reader.networks import LineRecogniser
from tenfold.signature import CHARS, DIGITS, STRIDE, strips_of
from tenfold.synthesis.pages.hands import Stock
from tenfold.synthesis.pages.strips import Strip
from tenfold.training.pages.confidence import fit_number_confidence
from tenfold.training.pages.line import CTC_STEPS, Batch, LineTask, collate

Pixels = NDArray[np.uint8]

FOLDS = 2
BATCH = 12  # a person's strips in a batch, and as many composed ones
STEPS, PASSES = 90, 16  # most steps, and how often each sample is shown at most
RATE, CLIP, WARMUP = 2e-4, 5.0, 0.1
CHUNK = 24
PAGES = 200  # that a number's confidence is fitted on again


def adapt(
    network: Network, own: list[Line], sets: Strips, held: Stock, seed: int, allow: float,
    tell: Tell, *, pages: int = PAGES, name: str = "the lines",
) -> Adapted:  # fmt: skip
    """Adapt a line recogniser to lines.

    Parameters
    ----------
    network : Network
    own : list of Line
    sets : Strips
    held : Stock
        Digits for the pages that a number's confidence is fitted on.
    seed, allow, tell
        As for `tenfold.finetune.classifier.adapt`.
    pages : int
        How many of these pages.
    name : str
        What the lines are called.

    Raises
    ------
    DataError
        If no strip has room for its text.
    """
    old = LineRecogniser(network.content, network.where)
    plain = all(char in DIGITS for line in own for char in line.text)
    fitting = [line for line in own if fits(line)]
    if not fitting:
        raise DataError(
            f"{name}: no line of {len(own):,} can be learned from: each picture is too narrow for "
            "its text, or too long. Give pictures of one line each, cut close to it."
        )
    own = with_signs(fitting, old)
    teacher = _Teacher(network, sets, seed)
    fold = choose.folds([0] * len(own), FOLDS)
    if len(own) < FEWEST:
        fold = np.zeros(len(own), np.int64)
    likely = np.zeros((len(ALPHAS), len(own)))
    read: list[list[str]] = [[""] * len(own) for _ in ALPHAS]
    numbers = np.unique(fold)
    for number in numbers:
        tell(f"teaching, with lines held out: {number + 1} of {len(numbers)}")
        rows = np.flatnonzero(fold == number)
        others = np.flatnonzero(fold != number)
        new = teacher.taught([own[k] for k in (others if len(others) else rows)])
        for step, alpha in enumerate(ALPHAS):
            texts, scores = teacher.read(between(teacher.old, new, alpha), [own[k] for k in rows])
            likely[step, rows] = scores
            for k, text in zip(rows, texts, strict=True):
                read[step][k] = text
    tell("teaching all lines")
    new = teacher.taught(own)
    before = _right(teacher.spelled(teacher.old, sets.choose), sets.choose)
    total = sum(len(strip.text) for strip in sets.choose)

    def lost(alpha: float) -> float:
        weights = between(teacher.old, new, alpha)
        after = _right(teacher.spelled(weights, sets.choose), sets.choose)
        return float(100 * (before.sum() - after.sum()) / max(1, total))

    step = choose.held_back(choose.best(likely), allow, total, lost)
    capped = np.minimum(choose.cross_fitted(likely, fold), step)
    alike = [
        np.array([_same(each, line.text, plain) for each, line in zip(texts, own, strict=True)])
        for texts in (read[0], [read[s][k] for k, s in enumerate(capped)])
    ]
    teacher.layers.load_state_dict(between(teacher.old, new, ALPHAS[step]))
    info = replace(network.info, data=f"{network.info.data}{TAUGHT}{name}"[:10_000], results={})
    content = written(teacher.layers, info)
    tell("reading the reference set")
    reference = judged(old, LineRecogniser(content, "the new network"), sets.judge)
    if step and pages:
        tell("fitting a number's confidence")
        curve = fit_number_confidence(content, held, pages)
        content = written(teacher.layers, replace(info, string_calibration=curve))
    mine = compare(name, "lines", alike[0].astype(np.int64), alike[1].astype(np.int64))
    return Adapted(content, "all weights", ALPHAS[step], mine, reference)


def judged(old: LineRecogniser, new: LineRecogniser, judge: list[Strip]) -> Comparison:
    """Compare two model files on the characters of composed strips."""
    before, after = (_right(_spelled(network, judge), judge) for network in (old, new))
    totals = np.array([max(1, len(strip.text)) for strip in judge])
    return compare("the reference set", "characters", before, after, totals)


def _spelled(network: LineRecogniser, strips: list[Strip]) -> list[str]:
    """Return what a model file reads in strips."""
    texts = [""] * len(strips)
    order = sorted(range(len(strips)), key=lambda k: strips[k].pixels.shape[1])
    for start in range(0, len(order), CHUNK):
        rows = order[start : start + CHUNK]
        batch = collate([strips[k] for k in rows])
        for k, logits in zip(rows, network(batch.strips), strict=True):
            texts[k] = best_path(logits[: strips[k].pixels.shape[1] // STRIDE])
    return texts


def _right(texts: list[str], strips: list[Strip]) -> NDArray[np.int64]:
    """Return how many characters of each are right: those there are, less the edits needed."""
    return np.array([
        max(0, max(1, len(strip.text)) - edit_distance(text, strip.text))
        for text, strip in zip(texts, strips, strict=True)
    ])  # fmt: skip


def _same(read: str, text: str, plain: bool) -> bool:
    if plain:
        read, text = ("".join(c for c in each if c in DIGITS) for each in (read, text))
    return read == text


class _Teacher:
    """Teaches a line recogniser, each time from its old weights."""

    def __init__(self, network: Network, sets: Strips, seed: int) -> None:
        self.layers = Layers(network)
        self.old = self.layers.weights()
        # Strips of one width share a batch, so that little of it is padding.
        self.replay = sorted(sets.replay, key=lambda strip: strip.pixels.shape[1])
        self.seed = seed
        nothing = Stock(np.zeros((0, 28, 28), np.uint8), [], np.zeros(0, np.float32))
        self.task = LineTask(nothing, "train", bfloat16=False)

    def taught(self, own: list[Line]) -> Weights:
        """Return weights taught with lines, all the way."""
        self.layers.load_state_dict(self.old)
        torch.manual_seed(self.seed)
        rng = np.random.default_rng(self.seed)
        learning = [each for each in self.layers.parameters() if each.requires_grad]
        optimizer = torch.optim.AdamW(learning, RATE, weight_decay=0.0)
        steps = max(4, min(STEPS, PASSES * len(own) // BATCH))
        warmup = max(WARMUP, 2 / steps)  # PyTorch divides by zero where it is one step
        schedule = torch.optim.lr_scheduler.OneCycleLR(
            optimizer, RATE, total_steps=steps, pct_start=warmup
        )
        for step in range(steps):
            mine = [own[k] for k in rng.integers(0, len(own), BATCH)]
            first = int(rng.integers(0, max(1, len(self.replay) - BATCH + 1)))
            composed = self.replay[first : first + BATCH]
            batch = batch_of(
                [line.strip(rng) for line in mine], [line.text for line in mine], composed
            )
            loss, _ = self.task.loss(self.layers, batch, CTC_STEPS)
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(learning, CLIP)
            optimizer.step()
            if step + 1 < steps:
                schedule.step()
        return self.layers.weights()

    def read(self, weights: Weights, own: list[Line]) -> tuple[list[str], list[float]]:
        """Return what is read in lines with these weights, and how likely each line's text is."""
        strips = [Strip(line.strip(), line.text, (), ()) for line in own]
        texts, scores = [], []
        for strip, logits in zip(strips, self._frames(weights, strips), strict=True):
            texts.append(best_path(logits))
            classes = torch.tensor(
                [[CHARS.index(char) + 1 for char in strip.text]], dtype=torch.long
            )
            loss = functional.ctc_loss(
                torch.from_numpy(logits).log_softmax(1)[:, None], classes,
                torch.tensor([len(logits)]), torch.tensor([len(strip.text)]), reduction="sum",
            )  # fmt: skip
            scores.append(-min(float(loss), 50.0))  # one that is hopeless must not decide all
        return texts, scores

    def spelled(self, weights: Weights, strips: list[Strip]) -> list[str]:
        """Return what is read in strips with these weights."""
        return [best_path(logits) for logits in self._frames(weights, strips)]

    def _frames(self, weights: Weights, strips: list[Strip]) -> list[NDArray[np.float32]]:
        self.layers.load_state_dict(weights)
        out: list[NDArray[np.float32]] = [np.empty(0, np.float32)] * len(strips)
        order = sorted(range(len(strips)), key=lambda k: strips[k].pixels.shape[1])
        for start in range(0, len(order), CHUNK):
            rows = order[start : start + CHUNK]
            with torch.inference_mode():
                shown = batch_of([strips[k].pixels for k in rows], [""] * len(rows), [])
                logits = self.layers(torch.from_numpy(shown.strips)).numpy()
            for k, row in zip(rows, logits, strict=True):
                out[k] = row[: strips[k].pixels.shape[1] // STRIDE]
        return out


def batch_of(pixels: list[Pixels], texts: list[str], composed: list[Strip]) -> Batch:
    """Put strips of which the string is known before strips of which each frame is."""
    shown = strips_of([*pixels, *(strip.pixels for strip in composed)])
    width = -(-shown.shape[3] // 8) * 8
    shown = np.pad(shown, ((0, 0), (0, 0), (0, 0), (0, width - shown.shape[3])), "edge")
    frames = np.full((len(shown), width // STRIDE), -1, np.int64)
    if composed:
        known = collate(composed).frames
        frames[len(pixels) :, :] = 0
        frames[len(pixels) :, : known.shape[1]] = known[:, : width // STRIDE]
    return Batch(shown, (*texts, *(strip.text for strip in composed)), frames)
