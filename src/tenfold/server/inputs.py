"""What the API takes: the options of a query, which are checked here, and the shapes of bodies.

Those are for the description alone; the workers check them (see `bodies`).
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from tenfold.reader.reader import Layout, Rotation
from tenfold.reader.reading import InkChoice


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
    include: Annotated[
        list[Literal["probabilities", "glyphs", "steps"]],
        Field(description="What to add to the object; may be repeated."),
    ] = []


NAME = {"type": "string", "description": "What to call the picture in the answer."}
IMAGE = {
    "type": "object",
    "required": ["image"],
    "properties": {
        "image": {
            "type": "string",
            "contentEncoding": "base64",
            "description": "The encoded picture in base64; a data: URL will do.",
        },
        "name": NAME,
    },
}
STROKES = {
    "type": "object",
    "required": ["strokes", "width", "height"],
    "properties": {
        "strokes": {
            "type": "array",
            "maxItems": 2000,
            "items": {
                "type": "object",
                "required": ["points"],
                "properties": {
                    "points": {
                        "type": "array",
                        "minItems": 1,
                        "maxItems": 1000,
                        "items": {
                            "type": "array",
                            "minItems": 2,
                            "maxItems": 2,
                            "items": {"type": "number", "minimum": -1e6, "maximum": 1e6},
                        },
                        "description": "[x, y] in pixels, y downwards.",
                    },
                    "pen": {
                        "type": "number",
                        "minimum": 0.5,
                        "maximum": 200,
                        "description": "Width in pixels.",
                    },
                },
            },
        },
        "width": {"type": "integer", "minimum": 8, "maximum": 2048},
        "height": {"type": "integer", "minimum": 8, "maximum": 2048},
        "name": NAME,
    },
}
FILE = {"type": "string", "format": "binary"}


def _array(size: int, most: float) -> dict[str, Any]:
    number = {"type": "number", "minimum": 0, "maximum": most}
    row = {"type": "array", "minItems": size, "maxItems": size, "items": number}
    picture = {"type": "array", "minItems": size, "maxItems": size, "items": row}
    return {"type": "array", "minItems": 1, "maxItems": 10_000, "items": picture}


def _form(of: dict[str, Any]) -> dict[str, Any]:
    return {"schema": {"type": "object", "required": ["file"], "properties": {"file": of}}}


def _body(content: dict[str, Any]) -> dict[str, Any]:
    return {"requestBody": {"required": True, "content": content}}


READ = _body(
    {
        "multipart/form-data": _form(FILE),
        "image/*": {"schema": FILE},
        "application/json": {"schema": {"anyOf": [IMAGE, STROKES]}},
    }
)
BATCH = _body(
    {
        "multipart/form-data": _form({"type": "array", "items": FILE}),
        "application/json": {
            "schema": {
                "type": "object",
                "required": ["pictures"],
                "properties": {
                    "pictures": {
                        "type": "array",
                        "maxItems": 64,
                        # One that is none has its problem in the answer, and harms no other.
                        "items": {"type": "object"},
                        "description": "Each as the JSON body to read one picture.",
                    }
                },
            }
        },
    }
)
CLASSIFY = _body(
    {
        "application/json": {
            "schema": {
                "type": "object",
                "required": ["images"],
                "properties": {"images": {"anyOf": [_array(28, 255), _array(8, 16)]}},
            }
        }
    }
)
TEACH = _body(
    {
        "application/json": {
            "schema": {
                "type": "object",
                "required": ["digit", "glyph"],
                "properties": {
                    "digit": {"type": "integer", "minimum": 0, "maximum": 9},
                    "glyph": {
                        "type": "string",
                        "contentEncoding": "base64",
                        "description": "28×28 bytes of ink in base64, as include=glyphs gives it.",
                    },
                },
            }
        }
    }
)
