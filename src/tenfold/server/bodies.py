"""From a request's body to pictures: multipart, raw, or JSON with base64 or strokes.

This runs in the workers, so that megabytes of JSON or base64 hold up nobody else.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from python_multipart import FormParser
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import Field, File, parse_options_header

from tenfold.errors import DataError, TenfoldError, faults_of
from tenfold.server.problems import ProblemError
from tenfold.server.strokes import rasterise

FORM, JSON, OCTETS = "multipart/form-data", "application/json", "application/octet-stream"
LONGEST_NAME = 120
NO_FILE = (
    "The form has no field 'file' that holds a file. It needs a filename, as curl -F file=@a.png "
    "gives it."
)
HOW_MANY = "/v1/read takes one picture, /v1/read/batch takes several."
NO_PICTURE = (
    "Send the picture as the body (Content-Type: image/png and the like), as the field 'file' of a "
    "multipart form, or as JSON with 'image' (base64) or 'strokes', 'width' and 'height'."
)


@dataclass(frozen=True, slots=True)
class Sent:
    """One picture as it came: its name, and encoded bytes or drawn pixels."""

    name: str
    source: bytes | NDArray[np.uint8]


# A picture, or why this one of a batch is none.
Part: TypeAlias = Sent | TenfoldError


def one(kind: str, body: bytes) -> Sent:
    """Take the one picture out of a body.

    Raises
    ------
    ProblemError
        If the body is of no type or form that is known.
    DataError
        If it does not hold a picture.
    """
    media = _media(kind)
    if media == FORM:
        files = [file for field, file in _form(kind, body, most=1) if field == "file"]
        if not files:
            raise ProblemError(422, NO_FILE)
        return files[0]
    if media == JSON:
        return _from_json(parse_json(body))
    if media.startswith("image/") or media == OCTETS:
        return Sent("picture", body)
    raise ProblemError(415, f"{_called(kind)} is no picture. {NO_PICTURE}")


def many(kind: str, body: bytes, most: int) -> list[Part]:
    """Take all pictures out of a batch's body; one that is none stands as its error."""
    media = _media(kind)
    if media == FORM:
        files: list[Part] = [file for field, file in _form(kind, body, most) if field == "file"]
        if not files:
            raise ProblemError(422, NO_FILE)
        return files
    if media == JSON:
        record = parse_json(body)
        items = record.get("pictures")
        if not isinstance(items, list):
            raise ProblemError(422, "'pictures' is missing or no list.")
        if len(items) > most:
            raise ProblemError(413, f"{len(items)} pictures; send at most {most} at once.")
        return [_part(item, number) for number, item in enumerate(items)]
    raise ProblemError(
        415,
        f"{_called(kind)} is no batch. Send a multipart form with a field 'file' for each picture, "
        "or JSON with the list 'pictures'.",
    )


def parse_json(body: bytes) -> dict[str, Any]:
    """Parse a JSON object; raises ProblemError where it is none."""
    try:
        record = json.loads(body, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise ProblemError(400, f"The body is no JSON ({_short(error)}).") from error
    if not isinstance(record, dict):
        raise ProblemError(422, "The body is JSON, but no object. Put braces around it.")
    return record


def _part(item: object, number: int) -> Part:
    if not isinstance(item, dict):
        raise ProblemError(422, f"pictures[{number}] is no object.")
    try:
        with faults_of(f"pictures[{number}]"):
            return _from_batch(item)
    except TenfoldError as error:
        return error


def _from_batch(item: dict[str, Any]) -> Sent:
    try:
        return _from_json(item)
    except ProblemError as error:  # in a batch it is this picture's, not the request's
        raise DataError(error.detail) from error


def _from_json(record: dict[str, Any]) -> Sent:
    name = record.get("name", "picture" if "image" in record else "drawing")
    if not isinstance(name, str):
        raise ProblemError(422, "'name' is no text.")
    if "image" in record:
        return Sent(safe_name(name), decode_base64(record["image"], "image"))
    if "strokes" in record:
        return Sent(safe_name(name), rasterise(record))
    raise ProblemError(422, f"There is no picture in it. {NO_PICTURE}")


def decode_base64(text: object, name: str) -> bytes:
    """Decode base64, a data URL's head left out; raises ProblemError where it is none."""
    if not isinstance(text, str):
        raise ProblemError(422, f"'{name}' is no text. Give the bytes in base64.")
    try:
        head, comma, tail = text.partition(",")
        return base64.b64decode(tail if comma and head.startswith("data:") else text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ProblemError(422, f"'{name}' is no base64 ({_short(error)}).") from error


def _form(kind: str, body: bytes, most: int) -> Iterator[tuple[str, Sent]]:
    """Yield the form's files, in memory throughout: nothing of them touches a disk."""
    found: list[File] = []

    def on_file(file: File) -> None:
        if len(found) == most:
            raise ProblemError(413, f"More files than {most} in the form. {HOW_MANY}")
        found.append(file)

    def on_field(_field: Field | None) -> None:
        """Other fields are ignored."""

    boundary = parse_options_header(kind)[1].get(b"boundary")
    if not boundary:
        raise ProblemError(400, "The form's Content-Type names no boundary.")
    in_memory = {"MAX_MEMORY_FILE_SIZE": len(body) + 1}
    try:
        parser = FormParser(FORM, on_field, on_file, boundary=boundary, config=in_memory)
        parser.write(body)
        parser.finalize()
        if not body.rstrip().endswith(b"--"):
            raise ProblemError(400, "The form is cut short.")
    except FormParserError as error:
        raise ProblemError(400, f"The form is damaged ({_short(error)}).") from error
    for file in found:
        file.file_object.seek(0)
        field = (file.field_name or b"").decode("utf-8", "replace")
        name = (file.file_name or b"picture").decode("utf-8", "replace")
        yield field, Sent(safe_name(name), file.file_object.read())


def safe_name(name: str) -> str:
    r"""Return the last part of a path, printable and short; it is only ever shown.

    Examples
    --------
    >>> safe_name("../../etc/pass\nwd"), safe_name("C:\\scans\\a.png"), safe_name("..")
    ('passwd', 'a.png', 'picture')
    """
    last = re.split(r"[/\\]", name)[-1]
    plain = "".join(letter for letter in last if letter.isprintable())[:LONGEST_NAME]
    return plain if plain.strip(" .") else "picture"


def _media(kind: str) -> str:
    return kind.partition(";")[0].strip().lower()


def _called(kind: str) -> str:
    return f"Content-Type {kind[:80]!r}" if kind else "A body without a Content-Type"


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is no JSON")


def _short(error: Exception) -> str:
    return str(error)[:120] or type(error).__name__
