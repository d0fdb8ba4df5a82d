"""ONNX graphs put together in Python, one operator a call."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

FLOAT, INT, DOUBLE, BOOL = (
    TensorProto.FLOAT, TensorProto.INT64, TensorProto.DOUBLE, TensorProto.BOOL
)  # fmt: skip


class Graph:
    """Nodes and constants as they are added; values are known by their names.

    Parameters
    ----------
    prefix : str
        How names begin; graphs that see each other need different ones.
    """

    def __init__(self, prefix: str) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []
        self.prefix = prefix

    def _name(self) -> str:
        return f"{self.prefix}/{len(self.nodes) + len(self.constants)}"

    def add(self, operator: str, *inputs: str, gives: str = "", **attributes: Any) -> str:
        """Add a node and return the name of its first output."""
        name = gives or self._name()
        # Of TopK only the values are asked for; its second output has to be there.
        outputs = [name, f"{name}/places"] if operator == "TopK" else [name]
        self.nodes.append(helper.make_node(operator, list(inputs), outputs, **attributes))
        return name

    def constant(self, array: NDArray[Any]) -> str:
        """Add a constant and return its name."""
        name = self._name()
        self.constants.append(numpy_helper.from_array(array, name))
        return name

    def float(self, value: float) -> str:
        """Add a single float."""
        return self.constant(np.array(value, np.float32))

    def ints(self, *values: int) -> str:
        """Add whole numbers in a row."""
        return self.constant(np.array(values, np.int64))

    def cast(self, value: str, kind: int, gives: str = "") -> str:
        """Turn a value into numbers of another kind."""
        return self.add("Cast", value, gives=gives, to=kind)

    def length(self, value: str, axis: int) -> str:
        """Return how long a value is along an axis, as one whole number in a row."""
        return self.add("Shape", value, start=axis, end=axis + 1)

    def either(self, test: str, one: Graph, other: Graph) -> str:
        """Return what one graph gives where a single truth holds, else what the other gives.

        Each gives the value of its last node, which may be of any size.
        """
        branches = {
            name: helper.make_graph(
                graph.nodes,
                graph.prefix,
                [],
                [helper.make_tensor_value_info(graph.nodes[-1].output[0], FLOAT, [None, None])],
                graph.constants,
            )
            for name, graph in (("then_branch", one), ("else_branch", other))
        }
        return self.add("If", test, **branches)
