"""A network as layers with their weights, as the exporters build it anew.

Nothing is translated operator by operator; every exporter compares what it built with ONNX
Runtime's answers.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from tenfold.modelfile import start
from tenfold.modelinfo import ModelInfo
from tenfold.signature import STRIP

Array: TypeAlias = NDArray[np.float32]

CLASSIFIER, FINDER, LINE = "classifier", "finder", "line"
STEP = 16  # pixels: sides of a picture for the finder are multiples of it


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """One layer.

    Parameters
    ----------
    kind : str
        ``conv``, ``conv_transpose``, ``norm``, ``relu``, ``max_pool``, ``double`` (each pixel
        becomes four), ``flatten``, ``dense``, ``first_row``, ``swap`` (the last two axes) or
        ``add``.
    inputs : tuple of str
        The values that it takes; two for ``add``.
    output : str
        The value that it gives.
    shape : tuple of int
        The shape of its first input for a batch of one, channels first; free lengths are 64.
    weights : dict
        ``weight`` and ``bias`` as torch lays them out; of ``norm`` also ``mean`` and ``variance``.
    options : dict
        Of convolutions ``strides``, ``pads``, ``dilations`` (one number an axis) and ``groups``;
        of ``norm`` ``epsilon``.
    """

    kind: str
    inputs: tuple[str, ...]
    output: str
    shape: tuple[int, ...]
    weights: dict[str, Array] = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Network:
    """A network as layers.

    Parameters
    ----------
    kind : str
        ``classifier``, ``finder`` or ``line``.
    layers : tuple of Layer
        In an order in which they can be computed. A classifier's take pictures from 0 to 1 with
        one channel and give logits.
    input : str
        The name of the value that goes into the first layer.
    outputs : tuple of str
        Values that come out: ``logits``; ``kinds`` and ``places``; ``frames``.
    has_digitness : bool
        Whether the logits are one more than the classes: the last means "no digit".
    info : ModelInfo
        What the file says of itself.
    where : str
        The file, for messages.
    content : bytes
        The file.
    """

    kind: str
    layers: tuple[Layer, ...]
    input: str
    outputs: tuple[str, ...]
    has_digitness: bool
    info: ModelInfo
    where: str
    content: bytes

    def expected(self, inputs: NDArray[Any]) -> list[Array]:
        """Return what ONNX Runtime answers.

        Parameters
        ----------
        inputs : array
            Of a classifier uint8 pictures ``(n, size, size)``; of the others what `trial` gives.

        Returns
        -------
        list of float32 array
            Of a classifier the probabilities ``(n, classes)``, calibrated, and the digitness
            ``(n,)`` if it has one; of the others their outputs.
        """
        session = start(self.content, self.where, 1)
        names = [each.name for each in session.get_outputs()]
        answers: list[Array] = session.run(names, {session.get_inputs()[0].name: inputs})
        if self.kind != CLASSIFIER:
            return answers
        scaled = answers[0] / np.float32(self.info.temperature)
        odds = np.exp(scaled - scaled.max(axis=1, keepdims=True))
        return [odds / odds.sum(axis=1, keepdims=True), *(each.ravel() for each in answers[1:])]

    def trial(self, count: int = 4, seed: int = 0) -> NDArray[Any]:
        """Return inputs to compare answers on: strokes and blots at random, no two alike."""
        rng = np.random.default_rng(seed)
        if self.kind == CLASSIFIER:
            size = self.info.size
            coarse = rng.integers(0, 256, (count, -(-size // 4), -(-size // 4)))
            images = np.kron(coarse * (coarse > 140), np.ones((4, 4), int))[:, :size, :size]
            return images.astype(np.uint8)
        if self.kind == FINDER:
            return rng.normal(0, 0.5, (1, 2, 4 * STEP, 6 * STEP)).astype(np.float32)
        return rng.normal(0, 1, (count, 1, STRIP, 96)).astype(np.float32)
