"""What a worker does with a request: bodies in, answers out, as bytes ready to be sent."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Callable
from typing import Any, TypedDict

from PIL import Image

from tenfold.errors import DataError, FaultError, TenfoldError, faults_of
from tenfold.model import Model
from tenfold.reader.explain import steps
from tenfold.reader.reader import Reader, Trace
from tenfold.server.arrays import classify
from tenfold.server.bodies import Sent, many, one, parse_json
from tenfold.server.problems import MEDIA_TYPE, ProblemError, problem, problem_bytes
from tenfold.server.settings import MOST_MEGAPIXELS, Settings

FAULT = "could not be read because of a fault in tenfold. Its log says where; please report it."


class Task(TypedDict):
    """What the HTTP side says of a request: which work, its body's type, and the query."""

    work: str
    kind: str
    layout: str
    min_confidence: float
    rotate: str
    ink: str
    include: list[str]


class Answer(TypedDict):
    """What goes before the body of an answer."""

    status: int
    media: str


class Work:
    """Answers tasks with one model; a worker holds one of it.

    Parameters
    ----------
    model : Model
    settings : Settings

    Attributes
    ----------
    faults : list of FaultError
        What went wrong unforeseen with pictures of the last task; for the log.
    """

    def __init__(self, model: Model, settings: Settings) -> None:
        self._model = model
        self._settings = settings
        self.faults: list[FaultError] = []
        self._works: dict[str, Callable[[Task, bytes], object]] = {
            "read": self._read,
            "batch": self._batch,
            "classify": self._classify,
        }

    def do(self, task: Task, body: bytes) -> tuple[Answer, bytes]:
        """Answer a task; whatever is wrong with the body becomes a problem."""
        try:
            record = self._works[task["work"]](task, body)
        except ProblemError as error:
            return _problem(error.status, error.detail)
        except TenfoldError as error:
            return _problem(*self._told(error))
        content = json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode()
        return Answer(status=200, media="application/json"), content

    def _read(self, task: Task, body: bytes) -> object:
        return self._one(task, one(task["kind"], body))

    def _batch(self, task: Task, body: bytes) -> object:
        answers = []
        for part in many(task["kind"], body, self._settings.batch):
            try:
                if isinstance(part, TenfoldError):
                    raise part
                answers.append(self._one(task, part))
            except TenfoldError as error:
                answers.append(problem(*self._told(error)))
        return {"readings": answers}

    def _told(self, error: TenfoldError) -> tuple[int, str]:
        """Return status and detail of what went wrong with a picture."""
        if not isinstance(error, FaultError):
            return 422, str(error)
        self.faults.append(error)
        # Its own message is for neither the answer nor the log: it might quote anything.
        return 500, f"{error.name}: {FAULT}"

    def _classify(self, _task: Task, body: bytes) -> object:
        return classify(self._model, parse_json(body))

    def _one(self, task: Task, sent: Sent) -> dict[str, Any]:
        with faults_of(sent.name):
            return self._reading(task, sent)

    def _reading(self, task: Task, sent: Sent) -> dict[str, Any]:
        reader = Reader(
            self._model,
            layout=task["layout"],  # type: ignore[arg-type]  # checked by the reader
            min_confidence=task["min_confidence"],
            rotate=task["rotate"],  # type: ignore[arg-type]
            ink=task["ink"],  # type: ignore[arg-type]
        )
        if isinstance(sent.source, bytes):
            self._check_size(sent.name, sent.source)
        trace = reader.trace(sent.source, sent.name)
        return _with_insides(trace, task["include"])

    def _check_size(self, name: str, content: bytes) -> None:
        most = self._settings.megapixels
        if most >= MOST_MEGAPIXELS:
            return  # the reader itself holds to that
        try:
            with Image.open(io.BytesIO(content)) as image:
                pixels = image.width * image.height
        except Exception:  # the reader says better what is wrong with it
            return
        if pixels > most * 1_000_000:
            raise DataError(f"{name}: larger than {most:g} megapixels. Use a smaller copy.")


def _problem(status: int, detail: str) -> tuple[Answer, bytes]:
    return Answer(status=status, media=MEDIA_TYPE), problem_bytes(status, detail)


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
