"""The operators that may stand in a model file, each with the rule for the shape that comes out.

An operator without a rule is refused. The definitions are those of https://onnx.ai/onnx/operators.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import prod
from typing import TypeVar

import numpy as np

from tenfold.graph.file import Node, Shape
from tenfold.graph.protobuf import GraphError

MOST = 1 << 16  # of a stride, a pad, a factor: what no picture needs

Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class Step:
    """One node with the shapes of what goes in; None for what is left out."""

    node: Node
    shapes: tuple[Shape | None, ...]
    constants: tuple[tuple[int, ...] | None, ...]

    def shape(self, number: int = 0) -> Shape:
        """Return the shape of an input that must be there."""
        shape = self.shapes[number] if number < len(self.shapes) else None
        return given(shape, f"{self.node.operator} without input {number}")

    def values(self, number: int) -> tuple[int, ...]:
        """Return the numbers of an input that must be a constant."""
        values = self.constants[number] if number < len(self.constants) else None
        return given(values, f"{self.node.operator} whose shape is not written down")

    def has(self, number: int) -> bool:
        """Say whether an input is there."""
        return number < len(self.shapes) and self.shapes[number] is not None

    def whole(self, name: str, default: int) -> int:
        """Return an attribute that is a whole number."""
        value = self.node.attributes.get(name, default)
        demand(isinstance(value, int), f"{self.node.operator} with {name} {value!r}")
        return int(value)  # type: ignore[arg-type]

    def ints(self, name: str, default: int, length: int, least: int = 0) -> tuple[int, ...]:
        """Return an attribute that is a list of whole numbers of a sensible size."""
        values = self.node.attributes.get(name, (default,) * length)
        sound = isinstance(values, tuple) and len(values) == length
        sound = sound and all(least <= value <= MOST for value in values)  # type: ignore[union-attr]
        demand(sound, f"{self.node.operator} with {name} {values!r}")
        return values  # type: ignore[return-value]


def demand(sound: bool, what: str) -> None:
    """Raise GraphError with ``what`` the graph holds, unless it is sound."""
    if not sound:
        raise GraphError(what)


def given(value: Found | None, what: str) -> Found:
    """Return a value that must be there; else raise GraphError."""
    if value is None:
        raise GraphError(what)
    return value


def work(step: Step) -> int:
    """Return multiplications for each number that comes out, an upper bound."""
    operator = step.node.operator
    if operator == "Conv":
        return prod(step.shape(1)[1:])
    if operator == "ConvTranspose":
        return prod(step.shape(1)[2:]) * step.shape(1)[0]
    if operator in ("Gemm", "MatMul"):
        return max(step.shape(), default=1)
    if operator in ("MaxPool", "AveragePool"):
        return prod(_kernel(step))
    return 1


def _same(step: Step) -> Shape:
    return step.shape()


def _broadcast(step: Step) -> Shape:
    try:
        return np.broadcast_shapes(*(step.shape(number) for number in range(len(step.shapes))))
    except ValueError:
        raise GraphError(f"{step.node.operator} of shapes {step.shapes}") from None


def _kernel(step: Step) -> Shape:
    return step.ints("kernel_shape", 1, len(step.shape()) - 2, 1)


def _windows(step: Step, sizes: Shape, kernel: Shape) -> Shape:
    """How often a kernel fits into each of the sizes."""
    n = len(sizes)
    strides, dilations = step.ints("strides", 1, n, 1), step.ints("dilations", 1, n, 1)
    pads, auto = step.ints("pads", 0, 2 * n), step.node.attributes.get("auto_pad") or b"NOTSET"
    demand(auto in (b"NOTSET", b"VALID", b"SAME_UPPER", b"SAME_LOWER"), f"auto_pad {auto!r}")
    demand(step.whole("ceil_mode", 0) == 0, "ceil_mode")
    out = []
    for axis, size in enumerate(sizes):
        room = size + pads[axis] + pads[n + axis] - dilations[axis] * (kernel[axis] - 1) - 1
        if auto in (b"SAME_UPPER", b"SAME_LOWER"):
            room = size - 1
        demand(room >= 0, f"{step.node.operator} wider than what it is laid over")
        out.append(room // strides[axis] + 1)
    return tuple(out)


def _conv(step: Step) -> Shape:
    pixels, weights, group = step.shape(), step.shape(1), step.whole("group", 1)
    sound = len(pixels) == len(weights) >= 3 and group >= 1
    demand(sound and pixels[1] == weights[1] * group and prod(weights) > 0, "a Conv out of shape")
    demand(step.ints("kernel_shape", 1, len(weights) - 2) == weights[2:]
           or "kernel_shape" not in step.node.attributes, "a Conv of two kernels")  # fmt: skip
    return (pixels[0], weights[0], *_windows(step, pixels[2:], weights[2:]))


def _conv_transpose(step: Step) -> Shape:
    pixels, weights, group = step.shape(), step.shape(1), step.whole("group", 1)
    sound = len(pixels) == len(weights) >= 3 and group >= 1
    demand(sound and pixels[1] == weights[0] and prod(weights) > 0, "a ConvTranspose out of shape")
    demand(not {"output_shape"} & step.node.attributes.keys(), "a ConvTranspose of a set shape")
    demand((step.node.attributes.get("auto_pad") or b"NOTSET") == b"NOTSET", "auto_pad")
    n = len(pixels) - 2
    strides, dilations = step.ints("strides", 1, n, 1), step.ints("dilations", 1, n, 1)
    pads, more = step.ints("pads", 0, 2 * n), step.ints("output_padding", 0, n)
    sizes = tuple(
        strides[k] * (pixels[2 + k] - 1) + more[k] + dilations[k] * (weights[2 + k] - 1) + 1
        - pads[k] - pads[n + k]
        for k in range(n)
    )  # fmt: skip
    demand(min(sizes) >= 1, "a ConvTranspose that leaves nothing")
    return (pixels[0], weights[1] * group, *sizes)


def _pool(step: Step) -> Shape:
    pixels = step.shape()
    demand(len(pixels) >= 3, "a pool out of shape")
    return (*pixels[:2], *_windows(step, pixels[2:], _kernel(step)))


def _global_pool(step: Step) -> Shape:
    pixels = step.shape()
    return (*pixels[:2], *(1 for _ in pixels[2:]))


def _gemm(step: Step) -> Shape:
    left, right = step.shape(), step.shape(1)
    demand(len(left) == len(right) == 2, "a Gemm out of shape")
    left = left[::-1] if step.whole("transA", 0) else left
    right = right[::-1] if step.whole("transB", 0) else right
    demand(left[1] == right[0], "a Gemm out of shape")
    return left[0], right[1]


def _matmul(step: Step) -> Shape:
    left, right = step.shape(), step.shape(1)
    demand(min(len(left), len(right)) >= 2 and left[-1] == right[-2], "a MatMul out of shape")
    try:
        return (*np.broadcast_shapes(left[:-2], right[:-2]), left[-2], right[-1])
    except ValueError:
        raise GraphError("a MatMul out of shape") from None


def _reshape(step: Step) -> Shape:
    shape, target = step.shape(), list(step.values(1))
    for axis, length in enumerate(target):
        if length == 0 and not step.whole("allowzero", 0):
            demand(axis < len(shape), "a Reshape out of shape")
            target[axis] = shape[axis]
    demand(target.count(-1) <= 1 and min(target, default=0) >= -1, "a Reshape out of shape")
    known = prod(length for length in target if length != -1)
    demand(known > 0 and prod(shape) % known == 0, "a Reshape out of shape")
    found = tuple(prod(shape) // known if length == -1 else length for length in target)
    demand(prod(found) == prod(shape), "a Reshape out of shape")
    return found


def _flatten(step: Step) -> Shape:
    shape, axis = step.shape(), step.whole("axis", 1)
    demand(-len(shape) <= axis <= len(shape), "a Flatten out of shape")
    return prod(shape[:axis]), prod(shape[axis:])


def _transpose(step: Step) -> Shape:
    shape = step.shape()
    order = step.node.attributes.get("perm", tuple(reversed(range(len(shape)))))
    demand(isinstance(order, tuple) and sorted(order) == list(range(len(shape))), "a Transpose")
    return tuple(shape[axis] for axis in order)  # type: ignore[union-attr]


def _axes(axes: tuple[int, ...], dimensions: int) -> list[int]:
    demand(all(-dimensions <= axis < dimensions for axis in axes), f"axes {axes}")
    found = [axis % dimensions for axis in axes]
    demand(len({*found}) == len(found), f"axes {axes}")
    return found


def _unsqueeze(step: Step) -> Shape:
    shape, axes = list(step.shape()), step.values(1)
    for axis in sorted(_axes(axes, len(shape) + len(axes))):
        shape.insert(axis, 1)
    return tuple(shape)


def _squeeze(step: Step) -> Shape:
    shape = step.shape()
    axes = _axes(step.values(1), len(shape))
    demand(all(shape[axis] == 1 for axis in axes), "a Squeeze out of shape")
    return tuple(length for axis, length in enumerate(shape) if axis not in axes)


def _slice(step: Step) -> Shape:
    shape, starts, ends = list(step.shape()), step.values(1), step.values(2)
    axes = step.values(3) if step.has(3) else tuple(range(len(starts)))
    strides = step.values(4) if step.has(4) else (1,) * len(starts)
    demand(len(starts) == len(ends) == len(axes) == len(strides) and all(strides), "a Slice")
    for start, end, axis, stride in zip(
        starts, ends, _axes(axes, len(shape)), strides, strict=True
    ):
        # A negative stride may end before the first one, which Python's slices say by None.
        last = None if stride < 0 and end < -shape[axis] else end
        shape[axis] = len(range(*slice(start, last, stride).indices(shape[axis])))
    return tuple(shape)


def _gather(step: Step) -> Shape:
    shape = step.shape()
    (axis,) = _axes((step.whole("axis", 0),), len(shape))
    return (*shape[:axis], *step.shape(1), *shape[axis + 1 :])


def _concat(step: Step) -> Shape:
    shapes = [step.shape(number) for number in range(len(step.shapes))]
    demand(bool(shapes), "a Concat of nothing")
    (axis,) = _axes((step.whole("axis", 0),), len(shapes[0]))
    rests = {(*shape[:axis], *shape[axis + 1 :]) for shape in shapes}
    demand(len(rests) == 1 and {*map(len, shapes)} == {len(shapes[0])}, "a Concat out of shape")
    return (*shapes[0][:axis], sum(shape[axis] for shape in shapes), *shapes[0][axis + 1 :])


def _reduce(step: Step) -> Shape:
    shape = step.shape()
    axes = _axes(step.values(1), len(shape)) if step.has(1) else list(range(len(shape)))
    if step.whole("keepdims", 1):
        return tuple(1 if axis in axes else length for axis, length in enumerate(shape))
    return tuple(length for axis, length in enumerate(shape) if axis not in axes)


def _resize(step: Step) -> Shape:
    """Resize by whole factors; the reader's networks need no others."""
    shape, factors = step.shape(), step.values(2)
    demand(not step.has(3) and len(factors) == len(shape), "a Resize to a set size")
    demand(all(1 <= factor <= MOST for factor in factors), f"a Resize by {factors}")
    return tuple(length * factor for length, factor in zip(shape, factors, strict=True))


RULES: dict[str, Callable[[Step], Shape]] = {
    "AveragePool": _pool, "Concat": _concat, "Conv": _conv, "ConvTranspose": _conv_transpose,
    "Flatten": _flatten, "Gather": _gather, "Gemm": _gemm, "GlobalAveragePool": _global_pool,
    "MatMul": _matmul, "MaxPool": _pool, "ReduceMax": _reduce, "ReduceMean": _reduce,
    "Reshape": _reshape, "Resize": _resize, "Slice": _slice, "Squeeze": _squeeze,
    "Transpose": _transpose, "Unsqueeze": _unsqueeze,
    **dict.fromkeys(("Add", "Div", "Max", "Min", "Mul", "Pow", "Sub"), _broadcast),
    **dict.fromkeys(
        (
            "BatchNormalization", "Cast", "Clip", "DequantizeLinear", "Elu", "Erf", "Exp", "Gelu",
            "HardSigmoid", "HardSwish", "Identity", "LayerNormalization", "LeakyRelu",
            "LogSoftmax", "Neg", "PRelu", "QuantizeLinear", "Relu", "Sigmoid", "Softmax", "Sqrt",
            "Tanh",
        ),
        _same,
    ),
}  # fmt: skip
