"""What a model file says of itself: the record in its metadata, written and read back as JSON."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from tenfold.errors import ModelError

FORMAT_VERSION = 1
METADATA_KEY = "tenfold"


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
        of the data whose training part `tenfold calibrate` fitted it on.
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

    def to_json(self) -> str:
        """Return the record as the JSON text that the file carries."""
        return json.dumps(asdict(self), ensure_ascii=False, sort_keys=True)

    @classmethod
    def from_json(cls, text: str, where: str) -> ModelInfo:
        """Read the record back; raises ModelError naming ``where`` if it does not hold together."""
        try:
            record: dict[str, Any] = json.loads(text)
            version = record["format_version"]
            if version > FORMAT_VERSION:
                raise ModelError(
                    f"{where}: written in model format {version}; this tenfold reads up to "
                    f"{FORMAT_VERSION}. Upgrade with: pip install --upgrade tenfold"
                )
            known = {f.name for f in fields(cls)}
            info = cls(**{k: v for k, v in record.items() if k in known} | _tuples(record))
            info._check()
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise ModelError(
                f"{where}: its tenfold metadata is damaged ({error}). Export the model again."
            ) from error
        return info

    def _check(self) -> None:
        if not math.isfinite(self.temperature) or self.temperature <= 0:
            raise ValueError(f"temperature {self.temperature}")
        if self.size < 1 or len(self.classes) < 1:
            raise ValueError(f"size {self.size}, {len(self.classes)} classes")


def _tuples(record: dict[str, Any]) -> dict[str, Any]:
    return {
        "classes": tuple(str(name) for name in record["classes"]),
        "string_calibration": tuple(float(v) for v in record.get("string_calibration", ())),
    }
