"""The networks that come with tenfold: classifier, finder and line recogniser.

Each is opened once, when first needed; they never change, and threads may share them.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from tenfold.model import Model, open_model
from tenfold.modelfile import open_session, run, wrong_answers
from tenfold.reader.scaled import Classifier
from tenfold.signature import CHARS, FINE, KINDS, PLACE, PLACES, STRIDE, STRIP

DIGITS, FINDER, LINE = "digits.onnx", "finder.onnx", "line.onnx"
# What a folder of networks that stand in for the bundled ones holds, one of them or both.
FILES = {"classifier": DIGITS, "line": LINE}
TRIAL = 64  # pixels of the stroke that they are tried out on when they are opened
THREADS = 2  # of one picture; more wait for each other longer than they help

Floats = NDArray[np.float32]


def bundled_content(name: str = DIGITS) -> bytes:
    """Return the bytes of one of them, as its file has them."""
    return (files("tenfold") / "models" / name).read_bytes()


@cache
def bundled_model() -> Model:
    """Open the network that reads one digit."""
    model = open_model(bundled_content(), f"tenfold's own {DIGITS}", threads=1)
    model.reopen = bundled_model  # another process has it too
    return model


class Finder:
    """The finder, ready to run; see `tenfold.reader.find`."""

    def __init__(self, content: bytes, where: str, threads: int = THREADS) -> None:
        self._session, self.info = open_session(content, where, threads=threads)
        inputs = {"x": np.eye(TRIAL, dtype=np.float32)[None, None].repeat(2, 1)}
        kinds, places = run(self._session, ["kinds", "places"], inputs, where)
        fine, coarse = TRIAL // FINE, TRIAL // PLACE
        if kinds.shape != (1, KINDS, fine, fine) or places.shape != (1, PLACES, coarse, coarse):
            raise wrong_answers(where)

    def __call__(self, planes: Floats) -> tuple[Floats, Floats]:
        """Return kinds ``(5, h / 2, w / 2)`` and places ``(19, h / 4, w / 4)``, logits."""
        kinds, places = self._session.run(["kinds", "places"], {"x": planes})
        return kinds[0], places[0]


class LineRecogniser:
    """The line recogniser, ready to run; see `tenfold.reader.ctc`."""

    def __init__(self, content: bytes, where: str, threads: int = THREADS) -> None:
        self._session, self.info = open_session(content, where, threads=threads)
        self.path, self.content, self._threads = where, content, threads
        inputs = {"x": np.eye(STRIP, TRIAL, dtype=np.float32)[None, None].repeat(2, 0)}
        (frames,) = run(self._session, ["frames"], inputs, where)
        if frames.shape != (2, TRIAL // STRIDE, 1 + len(CHARS)):
            raise wrong_answers(where)

    def __reduce__(self) -> tuple[object, tuple[bytes, str, int]]:
        return type(self), (self.content, self.path, self._threads)

    def __call__(self, strips: Floats) -> Floats:
        """Return logits ``(n, w / 2, 21)`` of normalised strips ``(n, 1, 48, w)``."""
        frames: Floats = self._session.run(["frames"], {"x": strips})[0]
        return frames


@dataclass(frozen=True, slots=True, eq=False)
class Networks:
    """The networks that a reader reads with and that may be others than the bundled ones.

    Parameters
    ----------
    classifier : Classifier
    line : LineRecogniser or None
        None is the bundled one, opened when it is first needed.
    """

    classifier: Classifier
    line: LineRecogniser | None = None

    @property
    def version(self) -> str:
        """16 hexadecimal digits that change with any of the networks, the finder too."""
        line = bundled_content(LINE) if self.line is None else self.line.content
        digest = hashlib.sha256(bundled_content(FINDER) + line)
        digest.update(self.classifier.digest.encode())
        return digest.hexdigest()[:16]


_threads = THREADS


def use_threads(count: int) -> None:
    """Have the finder and the line recogniser of this process run on so many threads each.

    One is best where every core has a process of its own.
    """
    global _threads
    _threads = count
    bundled_finder.cache_clear()
    bundled_line.cache_clear()


@cache
def bundled_finder() -> Finder:
    """Open the finder."""
    return Finder(bundled_content(FINDER), f"tenfold's own {FINDER}", _threads)


@cache
def bundled_line() -> LineRecogniser:
    """Open the line recogniser."""
    return LineRecogniser(bundled_content(LINE), f"tenfold's own {LINE}", _threads)
