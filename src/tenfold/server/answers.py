"""The shapes of the API's answers, for its description; the answers are made in the workers."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from tenfold.reader.reading import Ink, Refusal

Share = Annotated[float, Field(ge=0, le=1)]
Box = Annotated[
    list[int],
    Field(min_length=4, max_length=4, description="x, y, width, height in pixels of the picture."),
]
LineNumber = Annotated[int | None, Field(description="Number of its line, from 0.")]


class Alternative(BaseModel):
    """Another digit that it may be."""

    digit: Annotated[int, Field(ge=0, le=9)]
    probability: Share


class Digit(BaseModel):
    """One digit, or what was refused as one."""

    digit: Annotated[int, Field(ge=0, le=9)]
    confidence: Annotated[Share, Field(description="Calibrated probability of the digit.")]
    alternatives: list[Alternative]
    box: Box
    line: LineNumber
    ink: Ink
    accepted: Annotated[bool, Field(description="Whether it is part of the text.")]
    reason: Annotated[Refusal | None, Field(description="Why it is not.")]
    probabilities: Annotated[
        list[Share], Field(description="Of the ten digits; with include=probabilities.")
    ] = []
    glyph: Annotated[
        str,
        Field(description="28×28 bytes of ink, as the network saw it, base64; include=glyphs."),
    ] = ""


class Number(BaseModel):
    """One number: digits, and the marks between them."""

    text: str
    box: Box
    confidence: Annotated[Share, Field(description="Probability that all of it is right.")]


class Line(BaseModel):
    """A line of writing."""

    text: Annotated[str, Field(description="Its numbers, joined by a space.")]
    box: Box
    numbers: list[Number]


class Mark(BaseModel):
    """What stands between digits: a point, a comma, a minus, a slash, a colon."""

    text: str
    confidence: Share
    box: Box
    line: LineNumber
    in_text: Annotated[bool, Field(description="Whether it was sure enough for the text.")]


class Steps(BaseModel):
    """What each step made of the picture, PNG in base64."""

    picture: str
    paper: str
    ink: str
    lines: str
    strips: str


class Value(BaseModel):
    """A value that the expected number may have."""

    value: str
    probability: Share


class Expected(BaseModel):
    """The number that was expected."""

    words: Annotated[str, Field(description="What was expected.")]
    value: Annotated[str | None, Field(description="None where nothing fits surely enough.")]
    candidates: Annotated[list[Value], Field(description="What fits, the likeliest first.")]


class Reading(BaseModel):
    """What was read in a picture: the object that ``tenfold read --json`` prints."""

    file: Annotated[str, Field(description="What the picture was called.")]
    page: Annotated[
        int | None, Field(ge=1, description="The page that was read, of a PDF or TIFF of several.")
    ]
    text: Annotated[str, Field(description="All numbers, lines joined by a newline.")]
    expected: Annotated[Expected | None, Field(description="With expect=….")] = None
    lines: list[Line]
    digits: list[Digit]
    marks: list[Mark]
    width: int
    height: int
    rotation: Literal[0, 90, 180, 270]
    notes: list[str]
    seconds: Annotated[float, Field(ge=0)]
    steps: Annotated[Steps | None, Field(description="With include=steps.")] = None


class Problem(BaseModel):
    """Why there is no answer (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: Annotated[str, Field(description="What was wrong and what to do about it.")]


class Batch(BaseModel):
    """The readings of a batch in order; a problem where a picture could not be read."""

    readings: list[Reading | Problem]


class Classified(BaseModel):
    """What one glyph is."""

    digit: Annotated[int, Field(ge=0, le=9)]
    confidence: Share
    probabilities: Annotated[list[Share], Field(min_length=10, max_length=10)]
    digitness: Annotated[Share, Field(description="How much it looks like any digit at all.")]


class Classifications(BaseModel):
    """What each glyph is."""

    answers: list[Classified]


class ModelFacts(BaseModel):
    """What the model file says of itself, and which tenfold serves it."""

    name: str
    tenfold: str
    classes: list[str]
    size: int
    parameters: int
    data: str
    data_count: int
    data_fingerprint: str
    recipe: str
    seed: int
    temperature: float
    rejection_threshold: float | None
    results: dict[str, float]
    versions: dict[str, str]
    format_version: int


class Taught(BaseModel):
    """What was saved, and how many glyphs the collection holds."""

    id: str
    count: int


class Teaching(BaseModel):
    """Whether this server takes lessons, and how many it has."""

    enabled: bool
    count: int
    folder: Annotated[str | None, Field(description="What the folder is called, without its path.")]


class Status(BaseModel):
    """How the server is."""

    status: Literal["ok"]
