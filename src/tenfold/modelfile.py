"""A model file before and while ONNX Runtime has it: checked, started, run.

The order: its digest, what it says of itself, its graph's operators and what they would cost; only
then is it loaded. What a network answers is looked at, too: an answer is numbers, or an error.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from tenfold.errors import ModelError, OldFormatWarning
from tenfold.graph.file import Graph, read_model
from tenfold.graph.protobuf import GraphError
from tenfold.graph.shapes import Cost, measure
from tenfold.modelinfo import DIGEST_KEY, METADATA_KEY, ModelInfo, check_seal

MAX_NUMBERS = 1 << 27  # held at once in a call: 512 MB of floats
MAX_WORK = 1 << 36  # multiplications where free lengths are `SIDE`: 2³⁰ a picture
SIDE = 64
MAX_LOGIT = 1e30  # no network that learned anything comes near; beyond lies infinity


def open_session(
    content: bytes, where: str, *, threads: int
) -> tuple[ort.InferenceSession, ModelInfo]:
    """Open any of tenfold's networks, whatever it takes and returns; see `tenfold.load_model`.

    It is for the caller to try it out.
    """
    info, _, _ = checked(content, where, free=SIDE, work=MAX_WORK)
    return start(content, where, threads), info


def run(
    session: ort.InferenceSession, names: list[str], inputs: dict[str, Any], where: str
) -> list[NDArray[np.float32]]:
    """Run a network; raises ModelError if it cannot be run or answers with no numbers."""
    try:
        outputs: list[NDArray[np.float32]] = session.run(names, inputs)
    except Exception as error:  # as when it is opened
        what = " ".join(str(error).split())[-200:]
        raise ModelError(f"{where}: its network cannot be run ({what}). Export it anew.") from error
    for output in outputs:
        sound = isinstance(output, np.ndarray) and output.dtype == np.float32
        if not sound or not (np.abs(output) < MAX_LOGIT).all():  # NaN is not less either
            raise wrong_answers(where)
    return outputs


def wrong_answers(where: str) -> ModelError:
    """Return the error of a network whose answers are no probabilities."""
    return ModelError(
        f"{where}: its network answers with values that are no probabilities; its weights are "
        "damaged, or training went wrong. Copy the file again or train anew."
    )


def checked(content: bytes, where: str, free: int, work: int) -> tuple[ModelInfo, Graph, Cost]:
    """Return a file's record, its graph, and what that costs where free lengths are ``free``."""
    has_digest = check_seal(content, where)
    try:
        metadata, graph = read_model(content)
    except GraphError as error:
        raise ModelError(
            f"{where}: not a model file of tenfold's, or a damaged one ({len(content)} bytes; "
            f"{error}). Copy the file again or export it anew."
        ) from error
    if METADATA_KEY not in metadata:
        raise ModelError(
            f"{where}: an ONNX model, but not one of tenfold's (it carries no tenfold metadata). "
            "'tenfold train' writes one."
        )
    info = ModelInfo.from_json(metadata[METADATA_KEY], where)
    if not has_digest and (info.format_version > 1 or DIGEST_KEY in metadata):
        raise ModelError(
            f"{where}: damaged or changed since it was written (it does not end with its digest). "
            "Copy the file again or export it anew."
        )
    cost = cost_of(graph, free, where)
    if cost.numbers > MAX_NUMBERS or cost.work > work:
        raise ModelError(
            f"{where}: its network is too large ({cost.numbers:,} numbers at once, "
            f"{cost.work:,} multiplications). Train a smaller one."
        )
    if not has_digest:
        warnings.warn(
            f"{where} is of model format 1: it carries no digest, so damage may not show. "
            "'tenfold calibrate' or 'tenfold train' writes one with it.",
            OldFormatWarning,
            stacklevel=4,
        )
    return info, graph, cost


def cost_of(graph: Graph, free: int, where: str) -> Cost:
    """Return what a graph costs where free lengths are ``free``; raises ModelError."""
    inputs = {
        name: tuple(free if length < 0 else length for length in shape)
        for name, shape in graph.inputs.items()
    }
    try:
        return measure(graph, inputs)
    except GraphError as error:
        raise ModelError(
            f"{where}: its graph holds {error}, which tenfold does not run. "
            "Export the model with tenfold."
        ) from error


def start(content: bytes, where: str, threads: int) -> ort.InferenceSession:
    """Hand a checked file to ONNX Runtime; raises ModelError if that refuses it."""
    options = ort.SessionOptions()
    options.log_severity_level = 4  # its own warnings speak of graph internals, not to people
    options.intra_op_num_threads = threads
    try:
        # Without the fallback, which would print to standard output.
        return ort.InferenceSession(
            content, options, providers=["CPUExecutionProvider"], enable_fallback=0
        )
    # ONNX Runtime raises a dozen classes of its own, all straight below Exception.
    except Exception as error:
        raise ModelError(
            f"{where}: not a model file of tenfold's, or a damaged one ({len(content)} bytes). "
            "Copy the file again or export it anew."
        ) from error
