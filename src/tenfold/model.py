"""The model file: what training hands to everything that reads.

One ONNX file: uint8 pictures in (``images``, shape ``(n, size, size)``, white ink on black), logits
out (``logits``, shape ``(n, classes)``). Scaling and normalisation are part of the graph, so no
caller can get them wrong. What else a reader must know travels in the file's metadata (see
`tenfold.modelinfo`). A file is checked before it is believed (see `tenfold.modelfile`), and tried
on a blank and a sample picture. Nothing is unpickled.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from os import PathLike
from pathlib import Path

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from tenfold.errors import ModelError
from tenfold.files import kind_of
from tenfold.graph.file import MAX_BYTES
from tenfold.graph.summary import Summary, summarise
from tenfold.modelfile import (
    MAX_NUMBERS,
    MAX_WORK,
    SIDE,
    checked,
    cost_of,
    run,
    start,
    wrong_answers,
)
from tenfold.modelinfo import ModelInfo

# Pictures in a call, the most for which the network holds no more numbers than it may; more than a
# thousand are no faster.
CHUNK = 1000
CHUNKS = (CHUNK, 250, 64, 16, 4, 1)


class Model:
    """A trained network, ready to classify; made by `load_model`.

    Parameters
    ----------
    session : onnxruntime.InferenceSession
        The network.
    info : ModelInfo
        What the file says of itself.
    path : str
        Where it came from, for messages.
    content : bytes
        The file; copies and other processes open it again.
    threads : int
        As `load_model` takes them.
    chunk : int
        How many pictures go through the network at once.
    """

    def __init__(
        self,
        session: ort.InferenceSession,
        info: ModelInfo,
        path: str,
        *,
        content: bytes,
        threads: int,
        chunk: int,
    ) -> None:
        self.info = info
        self.path = path
        self._session = session
        self._content, self._threads, self._chunk = content, threads, chunk
        self.reopen: Callable[[], Model] | None = None  # opens it in another process, if set
        self._has_digitness = "digitness" in {node.name for node in session.get_outputs()}

    @property
    def digest(self) -> str:
        """SHA-256 of the file, in hexadecimal."""
        return hashlib.sha256(self._content).hexdigest()

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        if self.reopen is not None:
            return self.reopen, ()
        return _reopen, (self._content, self.path, self._threads)

    def __repr__(self) -> str:
        info = self.info
        accuracy = info.results.get("test_accuracy")
        return (
            f"<Model {self.path}: images of {info.size}×{info.size}, {len(info.classes)} classes, "
            f"{info.parameters:,} parameters, trained on {info.data}"
            + (f", test accuracy {100 * accuracy:.2f} %>" if accuracy is not None else ">")
        )

    def _repr_html_(self) -> str:
        """Show what the file says of itself, for notebooks."""
        return self.info.card(self.path)

    def summary(self) -> Summary:
        """Return the layers, each with its output's shape and its parameters; it prints as a table.

        Examples
        --------
        >>> print(tenfold.load_model("runs/mine/model.onnx").summary())  # doctest: +SKIP
        """
        _, graph, cost = checked(self._content, self.path, free=1, work=MAX_WORK // SIDE)
        return summarise(graph, cost, self.info.parameters)

    def predict_logits(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return the network's raw outputs.

        Parameters
        ----------
        images : uint8 array, shape (n, size, size)
            White ink on black, 0 to 255.

        Returns
        -------
        float32 array, shape (n, classes)

        Raises
        ------
        ModelError
            If the pictures have another type or shape, or the network answers with no numbers.
        """
        return self._run(images, ["logits"])[0]

    def _run(self, images: NDArray[np.uint8], names: list[str]) -> list[NDArray[np.float32]]:
        size, images = self.info.size, np.asarray(images)
        if images.dtype != np.uint8 or images.ndim != 3 or images.shape[1:] != (size, size):
            raise ModelError(
                f"{self.path} takes uint8 pictures of shape (n, {size}, {size}); "
                f"got {images.dtype} {images.shape}. Pictures of other sizes go through "
                "'tenfold read', data sets of other sizes need a model of their own."
            )
        step = self._chunk
        chunks = [images[i : i + step] for i in range(0, max(len(images), 1), step)]
        outputs = [run(self._session, names, {"images": chunk}, self.path) for chunk in chunks]
        return [np.concatenate(parts) for parts in zip(*outputs, strict=True)]

    def _soften(self, logits: NDArray[np.float32]) -> NDArray[np.float32]:
        scaled = logits / np.float32(self.info.temperature)
        odds = np.exp(scaled - scaled.max(axis=1, keepdims=True, initial=-np.inf))
        probabilities: NDArray[np.float32] = odds / odds.sum(axis=1, keepdims=True)
        return probabilities

    def predict_proba(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return calibrated class probabilities.

        Parameters
        ----------
        images : uint8 array, shape (n, size, size)
            White ink on black, 0 to 255.

        Returns
        -------
        float32 array, shape (n, classes)
            Each row sums to 1.

        Raises
        ------
        ModelError
            If the pictures have another type or shape.
        """
        return self._soften(self.predict_logits(images))

    def predict_with_digitness(
        self, images: NDArray[np.uint8]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return calibrated class probabilities and how much each picture looks like any digit.

        Parameters
        ----------
        images : uint8 array, shape (n, size, size)
            White ink on black, 0 to 255.

        Returns
        -------
        float32 array, shape (n, classes)
            Each row sums to 1.
        float32 array, shape (n,)
            From 0 to 1; the top probability where the network has no ``digitness`` output.

        Raises
        ------
        ModelError
            If the pictures have another type or shape.
        """
        if not self._has_digitness:
            probabilities = self.predict_proba(images)
            return probabilities, probabilities.max(axis=1)
        logits, digitness = self._run(images, ["logits", "digitness"])
        return self._soften(logits), digitness.reshape(-1)

    def predict(self, images: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Return the most probable class of each picture, uint8, shape (n,)."""
        classes: NDArray[np.uint8] = self.predict_logits(images).argmax(axis=1).astype(np.uint8)
        return classes


def load_model(path: str | PathLike[str], *, threads: int = 0) -> Model:
    """Open and check a model file with ONNX Runtime alone.

    Parameters
    ----------
    path : str or Path
        The ``.onnx`` file.
    threads : int
        How many cores one call may use; 0 leaves it to ONNX Runtime (all of them).

    Returns
    -------
    Model

    Raises
    ------
    ModelError
        If the file is missing, cut short, no tenfold model, or of a newer format.

    Examples
    --------
    >>> model = tenfold.load_model("runs/digits/model.onnx")  # doctest: +SKIP
    >>> model.predict_proba(images).argmax(axis=1)  # doctest: +SKIP
    array([3, 7])
    """
    return open_model(read_content(path), str(path), threads=threads)


def read_content(path: str | PathLike[str]) -> bytes:
    """Return the bytes of a model file; raises ModelError if it cannot be read."""
    try:
        if (kind := kind_of(Path(path))) is not None:
            raise ModelError(f"{path}: is {kind}, not a model file.")
        if Path(path).stat().st_size > MAX_BYTES:
            raise ModelError(f"{path}: no model file; it is larger than {MAX_BYTES >> 20} MB.")
        return Path(path).read_bytes()
    except (OSError, ValueError, TypeError) as error:
        raise ModelError(
            f"{path}: cannot be read ({getattr(error, 'strerror', None) or error}). "
            "'tenfold train' writes a model file and prints its path."
        ) from error


def open_model(content: bytes, where: str, *, threads: int = 0) -> Model:
    """Check a model file's bytes and make it ready; see `load_model`."""
    info, graph, cost = checked(content, where, free=1, work=MAX_WORK // SIDE)
    chunk = 1
    for many in CHUNKS:
        more = cost_of(graph, many, where)
        if more.numbers <= MAX_NUMBERS:
            chunk, cost = many, more
            break
    fits = "logits" in graph.outputs and cost.shapes["logits"] == (chunk, len(info.classes))
    if not fits or graph.inputs != {"images": (-1, info.size, info.size)}:
        raise ModelError(
            f"{where}: its network does not fit its metadata (size {info.size}, "
            f"{len(info.classes)} classes). Export the model again."
        )
    session = start(content, where, threads)
    model = Model(session, info, where, content=content, threads=threads, chunk=chunk)
    _try_out(model)
    return model


def _reopen(content: bytes, where: str, threads: int) -> Model:
    return open_model(content, where, threads=threads)


def _try_out(model: Model) -> None:
    """See what a network answers to blank paper and to a stroke, before anybody relies on it."""
    size = model.info.size
    images = np.stack([np.zeros((size, size), np.uint8), np.eye(size, dtype=np.uint8) * 255])
    probabilities, digitness = model.predict_with_digitness(images)
    sound = probabilities.shape == (2, len(model.info.classes)) and digitness.shape == (2,)
    sound = sound and bool((np.abs(probabilities.sum(axis=1) - 1) < 1e-3).all())
    if not sound or not ((digitness >= 0) & (digitness <= 1.001)).all():
        raise wrong_answers(model.path)
