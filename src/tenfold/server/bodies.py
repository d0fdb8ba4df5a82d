"""What the API takes, as models: whatever else stands in a query or in JSON is an error naming it.

Bodies are checked in the processes that read, so that megabytes of JSON hold up nobody else.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Self, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import ErrorDetails, PydanticCustomError, from_json

from tenfold.errors import DataError
from tenfold.preprocess.normalize import FIELD
from tenfold.reader.reader import Layout, Rotation
from tenfold.reader.reading import InkChoice
from tenfold.server.problems import ProblemError

MOST_POINTS = 100_000  # of all strokes of a drawing together
MOST_GLYPHS = 10_000
LONGEST_NAME = 120
NO_PICTURE = (
    "Send the picture as the body (Content-Type: image/png and the like), as the field 'file' of a "
    "multipart form, or as JSON with 'image' (base64) or 'strokes', 'width' and 'height'."
)

Known = TypeVar("Known", bound=BaseModel)
Pixels: TypeAlias = NDArray[np.uint8]


class Options(BaseModel):
    """How to read: the options of `tenfold read`, and what to add to the answer."""

    model_config = ConfigDict(extra="forbid")  # a misspelt option must not pass for the default

    layout: Annotated[
        Layout, Field(description="What the picture holds: one digit, one line, a page; or auto.")
    ] = "auto"
    min_confidence: Annotated[
        float,
        Field(ge=0, le=1, allow_inf_nan=False, description="Refuse less probable digits."),
    ] = 0.5
    rotate: Annotated[
        Rotation,
        Field(description="Degrees clockwise to turn it first; auto turns what reads badly."),
    ] = "auto"
    ink: Annotated[
        InkChoice,
        Field(description="Which digits to keep; auto leaves out print that belongs to words."),
    ] = "auto"
    expect: Annotated[
        str | None,
        Field(
            max_length=500,
            description="What the one number may be, such as '8 digits' or '0..100; 1 decimal'.",
        ),
    ] = None
    include: Annotated[
        list[Literal["probabilities", "glyphs", "steps"]],
        Field(description="What to add to the object; may be repeated."),
    ] = []


def _decode(text: object) -> bytes:
    if not isinstance(text, str):
        raise PydanticCustomError("base64", "give the bytes in base64, as text")
    head, comma, tail = text.partition(",")
    plain = tail if comma and head.lstrip().startswith("data:") else text
    try:
        # Mail, PEM and `base64` itself wrap lines.
        return base64.b64decode("".join(plain.split()), validate=True)
    except ValueError as error:
        reason = {"reason": str(error)[:120]}
        raise PydanticCustomError("base64", "this is no base64 ({reason})", reason) from error


Base64 = Annotated[
    bytes,
    BeforeValidator(_decode),
    WithJsonSchema({"type": "string", "contentEncoding": "base64"}),
]
Name = Annotated[str, Field(description="What to call the picture in the answer.")]
Side = Annotated[int, Field(ge=8, le=2048, description="In pixels.")]
Coordinate = Annotated[list[float], Field(min_length=2, max_length=2)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)


class Encoded(_Body):
    """A picture in base64; lines may be wrapped, and a data: URL will do."""

    image: Base64
    name: Name = "picture"


class Stroke(_Body):
    """One stroke of a pen; a single point is a dot."""

    points: Annotated[
        list[Coordinate],
        Field(min_length=1, max_length=MOST_POINTS, description="[x, y] in pixels, y downwards."),
    ]
    # None is no width, so zero stands for a pen of the picture's size.
    pen: Annotated[float, Field(ge=0.5, le=200, description="Width in pixels.")] = Field(
        default_factory=float
    )


class Drawing(_Body):
    """Strokes, and the size of the picture to draw them into."""

    strokes: Annotated[list[Stroke], Field(max_length=2000)]
    width: Side
    height: Side
    name: Name = "drawing"

    @model_validator(mode="after")
    def _not_too_long(self) -> Self:
        if sum(len(stroke.points) for stroke in self.strokes) > MOST_POINTS:
            most = {"most": MOST_POINTS}
            raise PydanticCustomError("long", "strokes: give at most {most} points in all", most)
        return self


class Pictures(_Body):
    """Pictures to read in one request."""

    # Each is checked for itself: one that is none has its problem in the answer and harms no other.
    pictures: Annotated[
        list[dict[str, Any]], Field(description="Each as the JSON body to read one picture.")
    ]


class Glyphs(_Body):
    """Glyphs as rows of numbers: 28×28 from 0 (paper) to 255 (ink), or 8×8 from 0 to 16."""

    images: Annotated[list[list[list[float]]], Field(min_length=1, max_length=MOST_GLYPHS)]


class Lesson(_Body):
    """A glyph and what it is."""

    digit: Annotated[int, Field(ge=0, le=9, description="The right digit.")]
    glyph: Annotated[
        Base64, Field(description="28×28 bytes of ink in base64, as include=glyphs gives it.")
    ]

    @model_validator(mode="after")
    def _of_a_glyph_s_size(self) -> Self:
        if len(self.glyph) != FIELD * FIELD:
            sizes = {"size": len(self.glyph), "side": FIELD}
            raise PydanticCustomError(
                "glyph", "glyph: {size} bytes; a glyph is {side}×{side} bytes of ink", sizes
            )
        return self


@dataclass(frozen=True, slots=True)
class Sent:
    """One picture as it came: its name, and its encoded bytes or what was drawn."""

    name: str
    source: bytes | Drawing


def parse_json(body: bytes) -> dict[str, Any]:
    """Parse a JSON object; raises ProblemError where it is none."""
    try:
        record = from_json(body, allow_inf_nan=False)
    except ValueError as error:
        raise ProblemError(400, f"The body is no JSON ({str(error)[:120]}).") from error
    if not isinstance(record, dict):
        raise ProblemError(422, "The body is JSON, but no object. Put braces around it.")
    return record


def check(kind: type[Known], record: dict[str, Any]) -> Known:
    """Return a body as its model.

    Raises
    ------
    DataError
        If it is none; the message names the first value that is wrong, and quotes none.
    """
    try:
        return kind.model_validate(record)
    except ValidationError as error:
        # What was sent may be large, and is nobody's business in a log.
        details = error.errors(include_url=False, include_input=False)[0]
        raise DataError(sentence(details, details["loc"], kind.model_fields)) from None


def sentence(error: ErrorDetails, where: Iterable[int | str], known: Iterable[str]) -> str:
    """Say in a sentence what is wrong with a value, and where it stands.

    Examples
    --------
    >>> sentence({"type": "missing", "msg": "", "loc": (), "input": 0}, ("strokes", 2, "pen"), ())
    'strokes[2].pen: it is missing.'
    """
    parts = [f"[{part}]" if isinstance(part, int) else f".{part}" for part in where]
    name = "".join(parts).lstrip(".")[:LONGEST_NAME]
    text = str(error["msg"])
    if error["type"] == "missing":
        text = "it is missing"
    elif error["type"] == "extra_forbidden":
        if len(parts) > 1:
            text = "there is no such field; /docs lists them"
        elif name in Options.model_fields and "layout" not in known:
            text = "this is an option of the query, as in /v1/read?layout=line; put it there"
        else:
            text = f"there is no such {_what(known)}; there are {', '.join(known)}"
    text = text[:1].lower() + text[1:]
    return f"{name}: {text}." if name else f"{text}."


def _what(known: Iterable[str]) -> str:
    return "option" if "layout" in known else "field"


def picture_of(record: dict[str, Any]) -> Sent:
    """Take the picture out of a JSON object: base64, or strokes.

    Raises
    ------
    DataError
        If there is none in it, or something else besides.
    """
    if "image" in record:
        encoded = check(Encoded, record)
        return Sent(safe_name(encoded.name), encoded.image)
    if "strokes" in record:
        drawing = check(Drawing, record)
        return Sent(safe_name(drawing.name), drawing)
    raise DataError(f"There is no picture in it. {NO_PICTURE}")


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
