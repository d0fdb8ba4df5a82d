"""A network's layers as a table: what each does, the shape it gives, its parameters."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from math import prod
from textwrap import fill

from tenfold.graph.file import Graph, Node
from tenfold.graph.shapes import Cost

# Whose constants are learned; those of the others are shapes, places and scales.
_LEARNED = {"Conv", "Gemm", "MatMul", "Add", "Mul", "BatchNormalization", "PRelu"}
_ACTIVATIONS = {
    "Relu": "ReLU", "Sigmoid": "sigmoid", "Tanh": "tanh", "Softmax": "softmax",
    "HardSwish": "hard swish", "LeakyRelu": "leaky ReLU",
}  # fmt: skip
_NAMES = _ACTIVATIONS | {
    "Add": "sum", "AveragePool": "average pooling", "BatchNormalization": "batch normalisation",
    "Conv": "convolution", "Div": "scaling", "Flatten": "flatten", "Gemm": "dense",
    "GlobalAveragePool": "global average pooling", "MatMul": "dense", "MaxPool": "max pooling",
    "Mul": "scaling", "Pad": "padding", "Reshape": "flatten",
}  # fmt: skip
# They compute nothing that anybody calls a layer.
_PASSED_OVER = {"Cast", "Gather", "Identity", "Slice", "Squeeze", "Sub", "Unsqueeze"}


@dataclass(frozen=True, slots=True, repr=False)
class Summary:
    """The layers of a model file; it prints as a table.

    Parameters
    ----------
    rows : tuple of (str, str, int)
        Of each layer what it is, the shape of what it gives for one image, and its parameters.
    trained : int
        Parameters of the network as it was trained: a file has batch normalisation folded into
        its convolutions.
    """

    rows: tuple[tuple[str, str, int], ...]
    trained: int

    @property
    def parameters(self) -> int:
        """Those of all layers; batch normalisation counts as part of its convolution."""
        return sum(count for _, _, count in self.rows)

    @property
    def note(self) -> str:
        """Why training counted more parameters; empty where it did not."""
        if self.trained <= self.parameters:
            return ""
        return (
            f"Trained with {self.trained:,} parameters: the file has batch normalisation folded "
            "into the layers before it."
        )

    def __repr__(self) -> str:
        named = [("layer", "output", "parameters")]
        named += [(name, shape, f"{count:,}" if count else "") for name, shape, count in self.rows]
        named.append(("total", "", f"{self.parameters:,}"))
        wide, wider, _ = (max(map(len, column)) for column in zip(*named, strict=True))
        lines = [f"{a:<{wide}}  {b:<{wider}}  {c:>10}".rstrip() for a, b, c in named]
        return "\n".join([*lines, *fill(self.note, 80).splitlines()])

    def _repr_html_(self) -> str:
        """Show the table, for notebooks."""
        rows = "".join(
            f"<tr><td>{escape(name)}</td><td>{shape}</td>"
            f'<td style="text-align: right">{f"{count:,}" if count else ""}</td></tr>'
            for name, shape, count in (*self.rows, ("total", "", self.parameters))
        )
        head = "".join(f'<th scope="col">{name}</th>' for name in ("layer", "output", "parameters"))
        note = f"<caption>{self.note}</caption>" if self.note else ""
        return f"<table>{note}<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"


def summarise(graph: Graph, cost: Cost, trained: int) -> Summary:
    """Return the layers of a graph, activations in the row of what they follow.

    Parameters
    ----------
    graph : Graph
    cost : Cost
        Its shapes for one image.
    trained : int
        Parameters of the network as it was trained.
    """
    rows: list[tuple[str, str, int]] = []
    end = ""  # what the last row gives
    for node in graph.nodes:
        if node.operator in _PASSED_OVER:
            continue
        shape = "×".join(map(str, cost.shapes[node.outputs[0]][1:])) or "1"
        if rows and node.operator in _ACTIVATIONS and node.inputs[0] == end:
            name, _, count = rows.pop()
            rows.append((f"{name}, {_ACTIVATIONS[node.operator]}", shape, count))
        else:
            rows.append((_name(node, graph), shape, _parameters(node, graph)))
        end = node.outputs[0]
    return Summary(tuple(rows), trained)


def _name(node: Node, graph: Graph) -> str:
    name, kernel = _NAMES.get(node.operator, node.operator), node.attributes.get("kernel_shape")
    if node.operator == "Conv" and len(node.inputs) > 1 and node.inputs[1] in graph.constants:
        kernel = graph.constants[node.inputs[1]].shape[2:]
    if isinstance(kernel, list | tuple) and kernel:
        return f"{name} {'×'.join(map(str, kernel))}"
    return name


def _parameters(node: Node, graph: Graph) -> int:
    if node.operator not in _LEARNED:
        return 0
    shapes = (graph.constants[name].shape for name in node.inputs if name in graph.constants)
    return sum(prod(shape) for shape in shapes if shape)
