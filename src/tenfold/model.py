"""The model file: what training hands to everything that reads.

One ONNX file: uint8 pictures in (``images``, shape ``(n, size, size)``, white ink on black), logits
out (``logits``, shape ``(n, classes)``). Scaling and normalisation are part of the graph, so no
caller can get them wrong. What else a reader must know travels in the file's metadata (see
`tenfold.modelinfo`). Opening a file checks it; nothing in it is ever unpickled.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from tenfold.errors import ModelError
from tenfold.files import kind_of
from tenfold.modelinfo import METADATA_KEY, ModelInfo

# Bounds the memory of a call over a whole data set; larger chunks are no faster.
CHUNK = 1000


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
    """

    def __init__(self, session: ort.InferenceSession, info: ModelInfo, path: str) -> None:
        self.info = info
        self.path = path
        self._session = session
        self._has_digitness = "digitness" in {node.name for node in session.get_outputs()}

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
            If the pictures have another type or shape.
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
        chunks = [images[i : i + CHUNK] for i in range(0, max(len(images), 1), CHUNK)]
        outputs = [self._session.run(names, {"images": chunk}) for chunk in chunks]
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


def load_model(path: str | Path, *, threads: int = 0) -> Model:
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


def read_content(path: str | Path) -> bytes:
    """Return the bytes of a model file; raises ModelError if it cannot be read."""
    try:
        if (kind := kind_of(path)) is not None:
            raise ModelError(f"{path}: is {kind}, not a model file.")
        return Path(path).read_bytes()
    except OSError as error:
        raise ModelError(
            f"{path}: cannot be read ({error.strerror or error}). "
            "'tenfold train' writes a model file and prints its path."
        ) from error


def open_model(content: bytes, where: str, *, threads: int = 0) -> Model:
    """Check a model file's bytes and make it ready; see `load_model`."""
    session, info = open_session(content, where, threads=threads)
    inputs = {node.name: (node.type, node.shape[1:]) for node in session.get_inputs()}
    outputs = {node.name: node.shape[1:] for node in session.get_outputs()}
    expected = ("tensor(uint8)", [info.size, info.size])
    if inputs != {"images": expected} or outputs.get("logits") != [len(info.classes)]:
        raise ModelError(
            f"{where}: its network does not fit its metadata (size {info.size}, "
            f"{len(info.classes)} classes). Export the model again."
        )
    return Model(session, info, where)


def open_session(
    content: bytes, where: str, *, threads: int
) -> tuple[ort.InferenceSession, ModelInfo]:
    """Open any of tenfold's networks, whatever it takes and returns; see `load_model`."""
    options = ort.SessionOptions()
    options.log_severity_level = 4  # its own warnings speak of graph internals, not to people
    options.intra_op_num_threads = threads
    try:
        # Without the fallback, which would print to standard output.
        session = ort.InferenceSession(
            content, options, providers=["CPUExecutionProvider"], enable_fallback=0
        )
        text = session.get_modelmeta().custom_metadata_map.get(METADATA_KEY)
        for node in (*session.get_inputs(), *session.get_outputs()):
            str(node.name)  # a damaged one is no text, which shows only when it is asked for
    # ONNX Runtime raises a dozen classes of its own, all straight below Exception.
    except Exception as error:
        raise ModelError(
            f"{where}: no ONNX model, or a damaged one ({len(content)} bytes). "
            "Copy the file again or export it anew."
        ) from error
    if text is None:
        raise ModelError(
            f"{where}: an ONNX model, but not one of tenfold's (it carries no tenfold metadata). "
            "'tenfold train' writes one."
        )
    return session, ModelInfo.from_json(text, where)
