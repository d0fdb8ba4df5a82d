"""What a process that reads does with a request: bodies in, answers out, as bytes ready to be sent.

`answer` is what the pool has it call; it never raises, whatever is sent.
"""

from __future__ import annotations

import base64
import gc
import io
import json
import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
from PIL import Image

from tenfold.errors import DataError, FaultError, TenfoldError, faults_of
from tenfold.preprocess import heic
from tenfold.preprocess.normalize import BOX, FIELD, frame_glyph
from tenfold.reader.expect import Expect
from tenfold.reader.explain import steps
from tenfold.reader.networks import Networks
from tenfold.reader.reader import Reader
from tenfold.reader.scaled import Classifier
from tenfold.reader.trace import Trace
from tenfold.server.bodies import Glyphs, Pictures, Pixels, Sent, check, parse_json, picture_of
from tenfold.server.problems import MEDIA_TYPE, ProblemError, fault, problem, problem_bytes
from tenfold.server.rasterise import rasterise
from tenfold.server.settings import MOST_MEGAPIXELS

FAULT = "could not be read because of a fault in tenfold. Its log says where; please report it."
SMALL = 8
FULL_INK = {FIELD: 255.0, SMALL: 16.0}  # the value of full ink, by size
FAINT = 60  # of 255: what is fainter in an enlarged 8×8 picture is the rim of a stroke


class Limits(NamedTuple):
    """What a process that reads is told of the server's settings."""

    model: str | None
    megapixels: float
    batch: int
    version: int = 0  # counts models: one that was taught again lies where it lay before


class Task(NamedTuple):
    """What is asked: "read", "batch" or "classify", pictures or a body in JSON, and the options."""

    work: str
    body: bytes | list[Sent]
    options: dict[str, Any]


class Answer(NamedTuple):
    """What to send, and what to write into the log of faults that nobody foresaw."""

    status: int
    media: str
    content: bytes
    faults: str = ""


@lru_cache(maxsize=2)
def reader_of(limits: Limits) -> Networks:
    """Open the model, once a process, and set the process up to read with it."""
    # The server decides when to stop; a Ctrl-C or a SIGTERM to the whole group is for it alone.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    # Libraries comment on damaged pictures there, at any length; the log is for requests.
    with Path(os.devnull).open("wb") as nowhere:
        os.dup2(nowhere.fileno(), 2)
    cv2.setNumThreads(1)  # the cores are shared out by processes
    reader = Reader(Path(limits.model) if limits.model else None)
    reader.read(np.full((64, 64), 255, np.uint8))  # the first reading sets libraries up
    gc.freeze()  # what is loaded now stays; looking through it again and again costs time
    return reader.networks


def get_ready(limits: Limits) -> None:
    """Set a process up before anybody waits for it."""
    reader_of(limits)


def answer(limits: Limits, task: Task) -> Answer:
    """Answer a task in a process of the pool."""
    return Work(reader_of(limits), limits).do(task)


class Work:
    """One task, and what goes wrong with it.

    Parameters
    ----------
    networks : Networks
    limits : Limits
    """

    def __init__(self, networks: Networks, limits: Limits) -> None:
        self._networks = networks
        self._limits = limits
        self._faults: list[str] = []

    def do(self, task: Task) -> Answer:
        """Answer a task; whatever is wrong with the body becomes a problem."""
        try:
            record = self._record(task)
        except ProblemError as error:
            return self._problem(error.status, error.detail)
        except TenfoldError as error:
            return self._problem(*self._told(error))
        except Exception as error:  # what one request brings to light must not end the reader
            self._faults.append(fault(error))
            return self._problem(500, f"The request {FAULT}")
        content = json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode()
        return Answer(200, "application/json", content, "".join(self._faults))

    def _record(self, task: Task) -> object:
        body = task.body
        if task.work == "classify" and isinstance(body, bytes):
            return classify(self._networks.classifier, check(Glyphs, parse_json(body)))
        if task.work == "batch":
            return {"readings": [*self._batch(task)]}
        sent = body[0] if isinstance(body, list) else picture_of(parse_json(body))
        return self._one(task, sent)

    def _batch(self, task: Task) -> Iterator[dict[str, Any]]:
        items: list[Any] = task.body if isinstance(task.body, list) else self._items(task.body)
        for number, item in enumerate(items):
            try:
                with faults_of(f"pictures[{number}]"):
                    sent = item if isinstance(item, Sent) else picture_of(item)
                yield self._one(task, sent)
            except TenfoldError as error:
                yield problem(*self._told(error))

    def _items(self, body: bytes) -> list[dict[str, Any]]:
        items = check(Pictures, parse_json(body)).pictures
        if len(items) > self._limits.batch:
            detail = f"{len(items)} pictures; send at most {self._limits.batch} at once."
            raise ProblemError(413, detail)
        return items

    def _told(self, error: TenfoldError) -> tuple[int, str]:
        """Return status and detail of what went wrong with a picture."""
        if not isinstance(error, FaultError):
            return 422, str(error)
        self._faults.append(fault(error))
        # Its own message is for neither the answer nor the log: it might quote anything.
        return 500, f"{error.name}: {FAULT}"

    def _problem(self, status: int, detail: str) -> Answer:
        content = problem_bytes(status, detail)
        return Answer(status, MEDIA_TYPE, content, "".join(self._faults))

    def _one(self, task: Task, sent: Sent) -> dict[str, Any]:
        options = dict(task.options)
        include = options.pop("include")
        with faults_of(sent.name):
            if options["expect"] is not None:  # no files of the server's
                options["expect"] = Expect.parse(options["expect"], files=False)
            source = sent.source
            if isinstance(source, bytes):
                self._check_size(sent.name, source)
                trace = Reader(self._networks, **options).trace(source, sent.name)
                return _with_insides(trace, include)
            # A drawing is by hand throughout, whatever its even strokes look like.
            if options["ink"] == "auto":
                options["ink"] = "all"
            trace = Reader(self._networks, **options).trace(rasterise(source), sent.name)
            record = _with_insides(trace, include)
            record["digits"] = [digit | {"ink": "handwritten"} for digit in record["digits"]]
            return record

    def _check_size(self, name: str, content: bytes) -> None:
        most = self._limits.megapixels
        if most >= MOST_MEGAPIXELS:
            return  # the reader itself holds to that
        pixels = 0
        with suppress(Exception):  # then the reader says better what is wrong
            if heic.is_heic(content):
                width, height = heic.open_heic(content, name).size
            else:
                with Image.open(io.BytesIO(content)) as image:
                    width, height = image.size
            pixels = width * height
        if pixels > most * 1_000_000:
            raise DataError(f"{name}: larger than {most:g} megapixels. Use a smaller copy.")


def _with_insides(trace: Trace, include: list[str]) -> dict[str, Any]:
    """Return the reading, and of its insides what was asked for."""
    record = trace.reading.to_dict()
    for number, (entry, digit) in enumerate(
        zip(record["digits"], trace.reading.digits, strict=True)
    ):
        if "probabilities" in include:
            entry["probabilities"] = [round(p, 4) for p in digit.probabilities]
        if "glyphs" in include:
            entry["glyph"] = base64.b64encode(trace.glyph(number).tobytes()).decode()
    if "steps" in include:
        pixels = {"picture": Image.fromarray(trace.picture.pixels)}
        record["steps"] = {name: _png(image) for name, image in (pixels | steps(trace)).items()}
    return record


def _png(image: Image.Image) -> str:
    buffer = io.BytesIO()
    image.save(buffer, "PNG", compress_level=1)
    return base64.b64encode(buffer.getvalue()).decode()


def classify(model: Classifier, glyphs: Glyphs) -> dict[str, Any]:
    """Answer with the digit, probabilities and digitness of each glyph.

    Raises
    ------
    DataError
        If the arrays are of another shape or hold values out of range.
    """
    chances, digitness = model.predict_with_digitness(_framed(glyphs))
    return {
        "answers": [
            {
                "digit": int(row.argmax()),
                "confidence": round(float(row.max()), 4),
                "probabilities": [round(float(p), 4) for p in row],
                "digitness": round(float(likeness), 4),
            }
            for row, likeness in zip(chances, digitness, strict=True)
        ]
    }


def _framed(glyphs: Glyphs) -> Pixels:
    """Return the glyphs as 28×28 levels from 0 to 255."""
    try:
        array = np.array(glyphs.images)
    except ValueError:
        raise DataError("images: not all of one size.") from None
    if array.shape[1:] not in {(FIELD, FIELD), (SMALL, SMALL)}:
        shape = "×".join(map(str, array.shape[1:]))
        raise DataError(f"images: each is {shape}; give {FIELD}×{FIELD} or {SMALL}×{SMALL}.")
    side = array.shape[1]
    full = FULL_INK[side]
    if not ((array >= 0) & (array <= full)).all():
        raise DataError(
            f"images: {side}×{side} pictures hold values from 0 (paper) to {full:g} (full ink)."
        )
    most = array.max(axis=(1, 2))
    scaled = np.flatnonzero((most > 0) & (most <= 1))
    if len(scaled):
        # Nearly blank as they stand: whoever sends them has scaled them for a network.
        raise DataError(
            f"images[{scaled[0]}]: no value is above 1, but full ink is {full:g} in {side}×{side} "
            f"pictures. Multiply values from 0 to 1 by {full:g}."
        )
    levels = np.rint(array * (255 / full)).astype(np.uint8)
    return levels if side == FIELD else np.stack([_enlarge(one) for one in levels])


def _enlarge(level: Pixels) -> Pixels:
    large = np.asarray(cv2.resize(level, (BOX, BOX), interpolation=cv2.INTER_CUBIC), np.uint8)
    return frame_glyph(large, (large > FAINT).astype(np.uint8))
