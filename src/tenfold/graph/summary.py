"""A network's layers as a table: what each does, the shape it gives, its parameters."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from math import prod

from tenfold.graph.file import Graph, Node
from tenfold.graph.shapes import Cost

# Whose constants are learned; those of the others are shapes, places and scales.
_LEARNED = {"Conv", "Gemm", "MatMul", "Add", "Mul", "BatchNormalization", "PRelu"}
_ACTIVATIONS = {"Relu", "Sigmoid", "Tanh", "Softmax", "HardSwish", "LeakyRelu"}


@dataclass(frozen=True, slots=True, repr=False)
class Summary:
    """The layers of a model file; it prints as a table.

    Parameters
    ----------
    rows : tuple of (str, str, int)
        Of each layer what it is, the shape of what it gives for one image, and its parameters.
    """

    rows: tuple[tuple[str, str, int], ...]

    @property
    def parameters(self) -> int:
        """Those of all layers; batch normalisation counts as part of its convolution."""
        return sum(count for _, _, count in self.rows)

    def __repr__(self) -> str:
        named = [("layer", "output", "parameters")]
        named += [(name, shape, f"{count:,}" if count else "") for name, shape, count in self.rows]
        named.append(("all", "", f"{self.parameters:,}"))
        wide, wider, _ = (max(map(len, column)) for column in zip(*named, strict=True))
        return "\n".join(f"{a:<{wide}}  {b:<{wider}}  {c:>10}".rstrip() for a, b, c in named)

    def _repr_html_(self) -> str:
        """Show the table, for notebooks."""
        rows = "".join(
            f"<tr><td>{escape(name)}</td><td>{shape}</td>"
            f'<td style="text-align: right">{f"{count:,}" if count else ""}</td></tr>'
            for name, shape, count in (*self.rows, ("all", "", self.parameters))
        )
        head = "".join(f'<th scope="col">{name}</th>' for name in ("layer", "output", "parameters"))
        return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"


def summarise(graph: Graph, cost: Cost) -> Summary:
    """Return the layers of a graph, activations in the row of what they follow.

    Parameters
    ----------
    graph : Graph
    cost : Cost
        Its shapes for one image.
    """
    rows: list[tuple[str, str, int]] = []
    end = ""  # what the last row gives
    for node in graph.nodes:
        shape = "×".join(map(str, cost.shapes[node.outputs[0]][1:])) or "1"
        if rows and node.operator in _ACTIVATIONS and node.inputs[0] == end:
            name, _, count = rows.pop()
            rows.append((f"{name}, {node.operator}", shape, count))
        else:
            rows.append((_name(node, graph), shape, _parameters(node, graph)))
        end = node.outputs[0]
    return Summary(tuple(rows))


def _name(node: Node, graph: Graph) -> str:
    kernel = node.attributes.get("kernel_shape")
    if node.operator == "Conv" and len(node.inputs) > 1 and node.inputs[1] in graph.constants:
        kernel = graph.constants[node.inputs[1]].shape[2:]
    if isinstance(kernel, list | tuple) and kernel:
        return f"{node.operator} {'×'.join(map(str, kernel))}"
    return node.operator


def _parameters(node: Node, graph: Graph) -> int:
    if node.operator not in _LEARNED:
        return 0
    shapes = (graph.constants[name].shape for name in node.inputs if name in graph.constants)
    return sum(prod(shape) for shape in shapes if shape)
