"""Follow the shapes through a graph without computing anything, and say what it would cost.

From the rules of `tenfold.graph.operators` follow the largest value and the multiplications before
memory or time is spent on them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod

from tenfold.graph.file import MAX_DIMENSIONS, Graph, Shape
from tenfold.graph.operators import RULES, Step, demand, given, work


@dataclass(frozen=True, slots=True)
class Cost:
    """What a graph costs for inputs of certain shapes.

    Parameters
    ----------
    shapes : dict
        The shape of every value by its name.
    numbers : int
        How many have to be held at once, constants included.
    work : int
        Multiplications of all convolutions and matrix products.
    """

    shapes: dict[str, Shape]
    numbers: int
    work: int


def measure(graph: Graph, inputs: Mapping[str, Shape]) -> Cost:
    """Follow the shapes through a graph.

    Parameters
    ----------
    graph : Graph
    inputs : mapping
        The shape of each input.

    Raises
    ------
    GraphError
        If an operator is not allowed or shapes do not fit.
    """
    shapes: dict[str, Shape] = {name: value.shape for name, value in graph.constants.items()}
    shapes |= inputs
    values = {name: value.values for name, value in graph.constants.items()}
    last = {name: number for number, node in enumerate(graph.nodes) for name in node.inputs}
    last |= dict.fromkeys((*graph.constants, *graph.outputs), len(graph.nodes))
    held = most = sum(map(prod, shapes.values()))
    total = 0
    for number, node in enumerate(graph.nodes):
        for name in filter(None, node.inputs):
            demand(name in shapes, f"the value {name!r} before it is computed")
        step = Step(
            node,
            tuple(shapes[name] if name else None for name in node.inputs),
            tuple(values.get(name) for name in node.inputs),
        )
        shape = given(RULES.get(node.operator), f"the operator {node.operator!r}")(step)
        demand(len(node.outputs) == 1, f"{node.operator} with {len(node.outputs)} outputs")
        demand(node.outputs[0] not in shapes, f"two values {node.outputs[0]!r}")
        demand(len(shape) <= MAX_DIMENSIONS, f"a shape of {len(shape)} dimensions")
        shapes[node.outputs[0]] = shape
        held += prod(shape)
        most, total = max(most, held), total + prod(shape) * work(step)
        done = {name for name in (*node.inputs, *node.outputs) if last.get(name, -1) <= number}
        held -= sum(prod(shapes[name]) for name in done if name)
    for name in graph.outputs:
        demand(name in shapes, f"the output {name!r}, which nothing computes")
    return Cost(shapes, most, total)
