"""What was built gives the answers that ONNX Runtime gives, or it is not written."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tenfold.errors import ModelError
from tenfold.export.network import CLASSIFIER, Array, Network

MOST = 1e-5  # difference of a probability; of logits, as a share of the largest, ten times that


def difference(expected: Sequence[Array], given: Sequence[Array], *, relative: bool) -> float:
    """Return the largest difference between answers, or its share of the largest answer.

    Examples
    --------
    >>> one = np.array([0.5, 2], np.float32)
    >>> difference([one], [one + np.float32(0.5)], relative=True)
    0.25
    """
    parts = zip(expected, given, strict=True)
    return max(float(np.abs(a - b).max() / (np.abs(a).max() if relative else 1)) for a, b in parts)


def check(network: Network, inputs: NDArray[Any], given: Sequence[Array], program: str) -> float:
    """Return how far answers lie from ONNX Runtime's.

    Of a classifier that is the largest difference of a probability; of others, whose logits have
    no such scale, the largest as a share of the largest answer.

    Parameters
    ----------
    network : Network
    inputs : array
        As `Network.expected` takes them.
    given : sequence of float32 array
        In the order and shape of `Network.expected`.
    program : str
        Whose answers they are, for the message.

    Raises
    ------
    ModelError
        If they differ by more than float32 arithmetic does.
    """
    classifier = network.kind == CLASSIFIER
    found = difference(network.expected(inputs), given, relative=not classifier)
    if not found <= MOST * (1 if classifier else 10):
        raise ModelError(
            f"{network.where}: {program} gives other answers than ONNX Runtime (by {found:.1e}), "
            "so nothing was written. Please report it with the model file."
        )
    return found
