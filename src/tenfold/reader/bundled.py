"""The two networks that come with tenfold; its data files `digits.onnx` and `touching.onnx`.

Both are opened once: they never change, and threads may share them.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from tenfold.model import Model, open_model
from tenfold.reader.touching import Speller, open_speller

DIGITS, TOUCHING = "digits.onnx", "touching.onnx"


@cache
def bundled_model() -> Model:
    """Open the network that reads one digit."""
    return open_model(bundled_content(), f"tenfold's own {DIGITS}", threads=1)


def bundled_content() -> bytes:
    """Return the bytes of the network that reads one digit, as its file has them."""
    return (files("tenfold") / "models" / DIGITS).read_bytes()


def bundled_speller(strips: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Run the network that reads digits that touch; it is opened when first needed."""
    return _speller()(strips)


@cache
def _speller() -> Speller:
    content = (files("tenfold") / "models" / TOUCHING).read_bytes()
    return open_speller(content, f"tenfold's own {TOUCHING}")
