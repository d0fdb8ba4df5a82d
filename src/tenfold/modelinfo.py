"""What a model file says of itself: the record in its metadata, and the digest at its end.

The record is written and read back as JSON, and held to `RULES` both times. The digest is the
SHA-256 of all bytes before it, so whatever is damaged on the way, of graph, weights or record,
shows when the file is opened.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, fields
from html import escape
from typing import Any

from tenfold.errors import ModelError

FORMAT_VERSION = 2
METADATA_KEY, DIGEST_KEY = "tenfold", "tenfold.sha256"
# The first keys of format 1; the two others came while it lasted.
ALWAYS = {
    "classes", "data", "data_count", "data_fingerprint", "format_version", "parameters", "recipe",
    "rejection_threshold", "results", "seed", "size", "temperature", "versions",
}  # fmt: skip
LATER = {"calibration_fingerprint", "string_calibration"}
# The digest is the last entry of the metadata (field 14 of the file), in protobuf's bytes.
_HEX = 2 * hashlib.sha256().digest_size
_ENTRY = bytes([10, len(DIGEST_KEY)]) + DIGEST_KEY.encode() + bytes([18, _HEX])
_SEAL = bytes([14 << 3 | 2, len(_ENTRY) + _HEX]) + _ENTRY


TAUGHT = ", fine-tuned on "  # follows, in ``data``, what a network had learned from before


def _number(value: object, least: float, most: float) -> bool:
    whole = isinstance(value, int) and not isinstance(value, bool)
    return (whole or isinstance(value, float)) and least <= value <= most  # type: ignore[operator]


def _whole(value: object, least: int, most: int = 1 << 64) -> bool:
    return isinstance(value, int) and _number(value, least, most)


def _text(value: object, most: int = 1_000_000) -> bool:
    return isinstance(value, str) and len(value) <= most


def _names(value: object) -> bool:
    return (
        isinstance(value, tuple)
        and 2 <= len(value) <= 1000
        and all(_text(name, 100) and name for name in value)
        and len({*value}) == len(value)
    )


def _table(value: object, holds: Callable[[Any], bool]) -> bool:
    return isinstance(value, dict) and all(_text(k, 100) and holds(v) for k, v in value.items())


def _digest(value: object) -> bool:
    return isinstance(value, str) and re.fullmatch("([0-9a-f]{64})?", value) is not None


def _finite(value: object) -> bool:
    return _number(value, -1e30, 1e30)


# What each value must be, in words and as a test. Temperatures far from 1 turn logits into
# infinity or every answer into the same.
RULES: dict[str, tuple[str, Callable[[Any], bool]]] = {
    "classes": ("2 to 1,000 different names", _names),
    "size": ("1 to 4096", lambda value: _whole(value, 1, 4096)),
    "data": ("a text", lambda value: _text(value, 10_000)),
    "data_count": ("a count", lambda value: _whole(value, 0)),
    "recipe": ("a text", _text),
    "seed": ("a whole number", lambda value: _whole(value, -(1 << 63))),
    "data_fingerprint": ("a SHA-256 or empty", _digest),
    "temperature": ("0.001 to 10,000", lambda value: _number(value, 1e-3, 1e4)),
    "calibration_fingerprint": ("a SHA-256 or empty", _digest),
    "rejection_threshold": ("null or 0 to 1", lambda v: v is None or _number(v, 0, 1)),
    "results": ("numbers by name", lambda value: _table(value, _finite)),
    "string_calibration": (
        "no numbers or four",
        lambda v: isinstance(v, tuple) and len(v) in (0, 4) and all(map(_finite, v)),
    ),
    "versions": ("texts by name", lambda value: _table(value, lambda text: _text(text, 100))),
    "parameters": ("a count", lambda value: _whole(value, 0)),
    "format_version": (f"1 to {FORMAT_VERSION}", lambda v: _whole(v, 1, FORMAT_VERSION)),
}


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """What a model file says of itself.

    Parameters
    ----------
    classes : tuple of str
        The meaning of each logit, in order.
    size : int
        Width and height of the pictures it takes, in pixels.
    data, data_count, data_fingerprint : str, int, str
        What it was trained on, how many pictures of it, and their SHA-256.
    recipe : str
        The recipe as used, in TOML; its header names it.
    seed : int
        The seed of the training run.
    temperature, calibration_fingerprint : float, str
        Logits are divided by this before the softmax (Guo et al. 2017, arXiv 1706.04599); SHA-256
        of the data whose training set `tenfold calibrate` fitted it on.
    rejection_threshold : float or None
        Below this confidence an answer should be refused; None where none was fitted.
    results : dict
        Test results: ``test_accuracy``, ``test_count``, ``test_loss`` and the like.
    string_calibration : tuple of float
        Of the line recogniser alone: the curve that makes a whole string's confidence honest, see
        `tenfold.reader.confidence`; empty where none was fitted.
    versions : dict
        Versions of the libraries that trained it.
    parameters : int
        How many weights the network has.
    format_version : int
        The layout of this record; files of a newer one are refused.
    """

    classes: tuple[str, ...]
    size: int
    data: str
    data_count: int
    recipe: str
    seed: int
    data_fingerprint: str = ""
    temperature: float = 1.0
    calibration_fingerprint: str = ""
    rejection_threshold: float | None = None
    results: dict[str, float] = field(default_factory=dict)
    string_calibration: tuple[float, ...] = ()
    versions: dict[str, str] = field(default_factory=dict)
    parameters: int = 0
    format_version: int = FORMAT_VERSION

    @property
    def fine_tuned(self) -> bool:
        """Whether somebody's samples were taught to a network that was there before."""
        return TAUGHT in self.data

    def to_json(self) -> str:
        """Return the record as JSON; raises ValueError if it breaks a rule."""
        self._check()
        return json.dumps(asdict(self), ensure_ascii=False, sort_keys=True, allow_nan=False)

    @classmethod
    def from_json(cls, text: str, where: str) -> ModelInfo:
        """Read the record back; raises ModelError naming ``where`` if it breaks a rule."""
        try:
            record: dict[str, Any] = json.loads(text, object_pairs_hook=_once)
            version = record["format_version"]
            if _whole(version, FORMAT_VERSION + 1):
                raise ModelError(
                    f"{where}: written in model format {version}; this tenfold reads up to "
                    f"{FORMAT_VERSION}. Upgrade with: pip install --upgrade tenfold"
                )
            _check_keys(set(record), version)
            known = {f.name for f in fields(cls)}
            info = cls(**_tuples({key: record[key] for key in record if key in known}))
            info._check()
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise ModelError(
                f"{where}: its tenfold metadata is damaged ({error}). Export the model again."
            ) from error
        return info

    def card(self, where: str) -> str:
        """Return a short model card in HTML, for notebooks; ``where`` is the file's path."""
        name = self.recipe.partition('name = "')[2].partition('"')[0] or "unnamed"
        tested, count = self.results.get("test_accuracy"), self.results.get("test_count", 0)
        rows = {
            "images": f"{self.size}×{self.size}, {len(self.classes)} classes "
            f"({self.classes[0]}–{self.classes[-1]})",
            "parameters": f"{self.parameters:,}",
            "trained on": f"{self.data}, {self.data_count:,} images",
            "recipe": f"{name}, random seed {self.seed}",
            "test accuracy": "not said"
            if tested is None
            else f"{100 * tested:.2f} % of {count:,.0f} images",
            "temperature": f"{self.temperature:.4g}"
            + (" (not calibrated)" if self.temperature == 1 else ""),
        }
        body = "".join(
            f'<tr><th scope="row" style="text-align: left">{key}</th>'
            f'<td style="text-align: left">{escape(value)}</td></tr>'
            for key, value in rows.items()
        )
        return f"<table><caption>{escape(where)}</caption><tbody>{body}</tbody></table>"

    def _check(self) -> None:
        for name, (words, holds) in RULES.items():
            value = getattr(self, name)
            if not holds(value):
                shown = repr(value)
                shown = shown if len(shown) < 60 else f"{shown[:60]}…"
                raise ValueError(f"{name} is {shown}; it must be {words}")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    record = dict(pairs)
    if len(record) < len(pairs):
        raise ValueError("a key comes twice")
    return record


def _check_keys(keys: set[str], version: object) -> None:
    """Hold a record to its keys: a damaged name must not pass for one that is not there."""
    needed = ALWAYS if version == 1 else ALWAYS | LATER
    if missing := sorted(needed - keys):
        raise ValueError(f"{missing[0]!r} is missing")
    if version == 1 and (strange := sorted(keys - ALWAYS - LATER)):
        raise ValueError(f"{strange[0]!r} is no key of format 1")


def _tuples(record: dict[str, Any]) -> dict[str, Any]:
    """JSON knows no tuples, only lists."""
    return {k: tuple(v) if isinstance(v, list) else v for k, v in record.items()}


def sealed(content: bytes) -> bytes:
    """Return a model file with its digest at its end, in the place of an older one."""
    body = content[: -len(_SEAL) - _HEX] if _has_seal(content) else content
    return body + _SEAL + hashlib.sha256(body).hexdigest().encode()


def check_seal(content: bytes, where: str) -> bool:
    """Say whether a model file carries a digest; raises ModelError if it is another file's."""
    if not _has_seal(content):
        return False
    body, digest = content[: -len(_SEAL) - _HEX], content[-_HEX:]
    if hashlib.sha256(body).hexdigest().encode() != digest:
        raise ModelError(
            f"{where}: damaged or changed since it was written (its digest is another). "
            "Copy the file again or export it anew."
        )
    return True


def _has_seal(content: bytes) -> bool:
    return content[-len(_SEAL) - _HEX : -_HEX] == _SEAL
