"""From a trained network to the bytes of a model file."""

from __future__ import annotations

import contextlib
import logging
import warnings
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from tenfold.modelinfo import FORMAT_VERSION, METADATA_KEY, ModelInfo, sealed
from tenfold.training.networks import scale

FEW, MANY = 64, 50_000  # weights of a tensor: fewer stay as they are, more are stored in 8 bits


class _FromBytes(nn.Module):
    """The network as the model file carries it: bytes in, logits out."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, images: Tensor) -> Tensor:
        logits: Tensor = self.network(scale(images))
        return logits


class _WithDigitness(_FromBytes):
    """A network with one class more, "no digit": logits of the others, and how sure it is not that.

    Both come from one call, so whoever reads a page pays for one.
    """

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:  # type: ignore[override]
        logits = super().forward(images)
        return logits[:, :-1], 1 - logits.softmax(1)[:, -1]


def export(network: nn.Module, info: ModelInfo) -> bytes:
    """Return the model file's content for a network in evaluation mode.

    Parameters
    ----------
    network : torch.nn.Module
        Takes float pictures in [0, 1], shape ``(n, 1, size, size)``; returns logits. Where they
        are one more than ``info`` has classes, the last means "no digit", and the file gets a
        second output, ``digitness``.
    info : ModelInfo
        What the file is to say of itself.

    Returns
    -------
    bytes
        For `tenfold.files.write_whole` or `tenfold.model.open_model`.
    """
    device = next(network.parameters()).device
    # Two pictures, not one: an example of one is taken for a constant of the graph.
    example = torch.zeros(2, info.size, info.size, dtype=torch.uint8, device=device)
    with torch.inference_mode():
        more = network(scale(example)).shape[1] - len(info.classes)
    with _quiet():
        program = torch.onnx.export(
            (_WithDigitness if more else _FromBytes)(network).eval(),
            (example,),
            dynamo=True,
            verbose=False,
            input_names=["images"],
            output_names=["logits", "digitness"][: 1 + more],
            dynamic_shapes={"images": {0: torch.export.Dim("n")}},
        )
    assert program is not None  # noqa: S101 - only None with dynamo=False
    return with_info(program.model_proto.SerializeToString(), info)


def export_plain(
    network: nn.Module,
    example: Tensor,
    axes: dict[int, torch.export.Dim],
    outputs: list[str],
    info: ModelInfo,
) -> bytes:
    """Return the file's content for a network that takes floats: the finder, the line recogniser.

    Parameters
    ----------
    network : torch.nn.Module
    example : float tensor
        One input, named ``x`` in the file.
    axes : dict
        Which of its axes may have other lengths.
    outputs : list of str
        Names of what it returns.
    info : ModelInfo
        What the file is to say of itself.
    """
    with _quiet():
        program = torch.onnx.export(
            network.eval(), (example,), dynamo=True, verbose=False, input_names=["x"],
            output_names=outputs, dynamic_shapes=(axes,),
        )  # fmt: skip
    assert program is not None  # noqa: S101 - only None with dynamo=False
    return with_info(smaller(program.model_proto).SerializeToString(), info)


def smaller(model: onnx.ModelProto) -> onnx.ModelProto:
    """Store large weights in 8 bits, the others in 16: about a third of the size.

    The file widens them again, so the arithmetic stays that of floats: 8-bit weights are multiplied
    by a step of their own for each output channel, the largest of its weights being 127 steps.
    """
    for tensor in list(model.graph.initializer):
        if tensor.data_type != onnx.TensorProto.FLOAT or np.prod(tensor.dims) < FEW:
            continue
        values = onnx.numpy_helper.to_array(tensor)
        if values.size < MANY:
            _widened(model.graph, tensor, values.astype(np.float16), None)
        else:
            step = np.abs(values).reshape(len(values), -1).max(axis=1) / 127
            step = np.maximum(step, 1e-12).reshape(-1, *[1] * (values.ndim - 1))
            _widened(model.graph, tensor, np.rint(values / step).astype(np.int8), step)
    return model


def _widened(
    graph: onnx.GraphProto,
    tensor: onnx.TensorProto,
    stored: NDArray[np.float16] | NDArray[np.int8],
    step: NDArray[np.float32] | None,
) -> None:
    """Put stored values in a tensor's place, and what turns them into floats before its use."""
    name, floats = tensor.name, onnx.TensorProto.FLOAT
    kept = onnx.numpy_helper.from_array(stored, f"{name}.stored")
    graph.initializer.remove(tensor)
    graph.initializer.append(kept)
    target = name if step is None else f"{name}.steps"
    nodes = [onnx.helper.make_node("Cast", [kept.name], [target], to=floats)]
    if step is not None:
        steps = onnx.numpy_helper.from_array(step.astype(np.float32), f"{name}.step")
        graph.initializer.append(steps)
        nodes.append(onnx.helper.make_node("Mul", [target, steps.name], [name]))
    for node in reversed(nodes):
        graph.node.insert(0, node)


def with_info(content: bytes, info: ModelInfo) -> bytes:
    """Return the same model file with other metadata, in the newest format, with its digest.

    Raises
    ------
    ValueError
        If the metadata breaks a rule of `tenfold.modelinfo`.
    """
    model = onnx.load_model_from_string(content)
    record = replace(info, format_version=FORMAT_VERSION).to_json()
    onnx.helper.set_model_props(model, {METADATA_KEY: record})
    return sealed(model.SerializeToString())


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep the exporter's notes about its own insides from people who cannot act on them."""
    log = logging.getLogger("torch.onnx")
    level = log.level
    log.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        log.setLevel(level)
