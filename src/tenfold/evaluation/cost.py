"""What a model costs: bytes, weights, multiply-adds, and time on this machine."""

from __future__ import annotations

import platform
import time
from dataclasses import dataclass
from math import prod
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import GraphProto, NodeProto, numpy_helper

from tenfold.cores import cores
from tenfold.model import CHUNK, Model

CALLS, WARM_UP = 200, 20
ROUNDS = 3


@dataclass(frozen=True, slots=True)
class Cost:
    """What a model costs.

    Parameters
    ----------
    bytes : int
        Size of the model file.
    parameters : int
        Weights in its graph, counted there; normalisation may be folded into convolutions.
    multiply_adds : int
        Multiplications with an addition for one picture, in convolutions and matrix products.
    milliseconds : float
        For one picture alone, median of 200 calls.
    pictures_per_second : float
        In chunks of 1,000, the best of three rounds.
    machine : str
        Where that was, as its processor names itself.
    """

    bytes: int
    parameters: int
    multiply_adds: int
    milliseconds: float
    pictures_per_second: float
    machine: str


def measure_cost(model: Model, content: bytes, images: NDArray[np.uint8]) -> Cost:
    """Measure an opened model whose file has this content, on these pictures."""
    graph = onnx.load_model_from_string(content)
    single, many = images[:1], images[np.arange(CHUNK) % len(images)]
    times = [_seconds(model, single) for _ in range(CALLS + WARM_UP)][WARM_UP:]
    return Cost(
        bytes=len(content),
        parameters=count_parameters(graph.graph),
        multiply_adds=count_multiply_adds(graph),
        milliseconds=1000 * float(np.median(times)),
        pictures_per_second=CHUNK / min(_seconds(model, many) for _ in range(ROUNDS)),
        machine=processor(),
    )


def _seconds(model: Model, images: NDArray[np.uint8]) -> float:
    start = time.perf_counter()
    model.predict_logits(images)
    return time.perf_counter() - start


def count_parameters(graph: GraphProto) -> int:
    """Count the numbers in the graph's tensors of weights; shapes and single constants are none."""
    return sum(
        prod(tensor.dims)
        for tensor in graph.initializer
        if tensor.dims and numpy_helper.to_array(tensor).dtype.kind == "f"
    )


def count_multiply_adds(model: onnx.ModelProto) -> int:
    """Count multiply-adds of convolutions and matrix products for one picture.

    A 3×3 convolution from 8 to 16 channels on 28×28 pixels takes 28·28·16·8·9 of them.
    """
    single = onnx.ModelProto()
    single.CopyFrom(model)
    del single.graph.value_info[:]  # they were inferred for any number of pictures
    for value in (*single.graph.input, *single.graph.output):
        value.type.tensor_type.shape.dim[0].dim_value = 1
    graph = onnx.shape_inference.infer_shapes(single, data_prop=True).graph
    shapes = {
        value.name: [max(dim.dim_value, 1) for dim in value.type.tensor_type.shape.dim]
        for value in (*graph.value_info, *graph.input, *graph.output)
    } | {tensor.name: list(tensor.dims) for tensor in graph.initializer}
    return sum(_of_node(node, shapes) for node in graph.node)


def _of_node(node: NodeProto, shapes: dict[str, list[int]]) -> int:
    if node.op_type == "Conv":  # each output value adds up one kernel
        return prod(shapes[node.output[0]]) * prod(shapes[node.input[1]][1:])
    if node.op_type == "Gemm":
        transposed = any(a.name == "transA" and a.i for a in node.attribute)
        return prod(shapes[node.output[0]]) * shapes[node.input[0]][0 if transposed else 1]
    if node.op_type == "MatMul":
        return prod(shapes[node.output[0]]) * shapes[node.input[0]][-1]
    return 0


def processor() -> str:
    """Name the processor and how many cores of it this process may use."""
    name = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        lines = [line.split(":", 1) for line in cpuinfo.read_text().splitlines() if ":" in line]
        record = {key.strip(): value.strip() for key, value in lines}
        name = record.get("model name", name)
        if "cpu family" in record:  # "AMD EPYC" alone says little
            name += f" (family {record['cpu family']}, model {record['model']})"
    return f"{name}, {cores()} cores"
