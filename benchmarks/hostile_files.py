"""Model files, recipes and data sets with something wrong in them, each by its number alone.

Half of the model files are damaged by accident: their digest is the old one. The other half are
damaged on purpose and sealed anew, in bytes or in what their graph and their metadata say, so that
only what they say can show that they are wrong. fuzz.py feeds them to tenfold.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from functools import cache

import numpy as np
import onnx
from onnx import helper, numpy_helper

from damaged import TIMES, Rng, damage, damaged_often
from tenfold import load_dataset
from tenfold.modelinfo import METADATA_KEY, sealed
from tenfold.reader.networks import bundled_content
from tenfold.training.recipe import built_in_path, built_in_recipes

NUMBERS = (0, 1, -1, 2, 3, 255, 1 << 16, 1 << 31, -(1 << 31), 1 << 40, (1 << 63) - 1)
VALUES: tuple[object, ...] = (
    None, True, 0, -1, 1e-40, 1e308, 10**400, "", "0", [], [1], {}, [[]] * 9, "x" * 9999, 0.5, 2.0,
)  # fmt: skip
OPERATORS = (
    "Loop", "If", "Scan", "Expand", "Tile", "ConstantOfShape", "Resize", "Concat", "Reshape",
    "Transpose", "MatMul", "Gather", "Flatten", "Softmax", "Relu", "Pow", "Exp", "Range",
)  # fmt: skip


def damaged_model(number: int) -> tuple[bytes, bool]:
    """Return model file ``number``, and whether it was damaged on purpose: its digest fits."""
    rng = np.random.default_rng([7, number])
    original, way = bundled_content(), number % 4
    if way == 3:
        return sealed(_told_otherwise(original, rng)), True
    content = bytearray(original)
    for _ in range(int(rng.choice(TIMES))):
        # A model file says what it is at its head and, of itself, at its end; weights lie between.
        head, tail = content[:12_000], content[-3_000:]
        part = int(rng.integers(3))
        if part == 0:
            content = damage(head, rng) + content[12_000:]
        elif part == 1:
            content = content[:-3_000] + damage(tail, rng)
        else:
            content = damage(content, rng)
    return (bytes(content), False) if way < 2 else (sealed(bytes(content)), True)


def _told_otherwise(content: bytes, rng: Rng) -> bytes:
    """Change what a model says in a way that is sound protobuf."""
    model = onnx.load_model_from_string(content)
    changes: tuple[Callable[[onnx.ModelProto, Rng], None], ...] = (
        _other_operator, _other_attribute, _other_constant, _other_wiring, _other_metadata,
        _other_shape,
    )  # fmt: skip
    for _ in range(int(rng.integers(1, 4))):
        changes[int(rng.integers(len(changes)))](model, rng)
    changed: bytes = model.SerializeToString()
    return changed


def _other_operator(model: onnx.ModelProto, rng: Rng) -> None:
    node = model.graph.node[int(rng.integers(len(model.graph.node)))]
    node.op_type = str(rng.choice(OPERATORS))


def _other_attribute(model: onnx.ModelProto, rng: Rng) -> None:
    nodes = [node for node in model.graph.node if node.attribute]
    node = nodes[int(rng.integers(len(nodes)))]
    attribute = node.attribute[int(rng.integers(len(node.attribute)))]
    number = int(rng.choice(NUMBERS))
    if attribute.ints:
        attribute.ints[int(rng.integers(len(attribute.ints)))] = number
    else:
        attribute.CopyFrom(helper.make_attribute(attribute.name, number))


def _other_constant(model: onnx.ModelProto, rng: Rng) -> None:
    place = int(rng.integers(len(model.graph.initializer)))
    tensor = model.graph.initializer[place]
    array = numpy_helper.to_array(tensor).copy()
    flat = array.reshape(-1)
    if flat.dtype == np.int64:
        flat[int(rng.integers(flat.size))] = int(rng.choice(NUMBERS))
    else:
        with np.errstate(all="ignore"):
            some = rng.choice([np.nan, np.inf, 1e38, 0.0, -1e20])
            flat[rng.random(flat.size) < rng.choice([0.001, 1.0])] = some
    tensor.CopyFrom(numpy_helper.from_array(array, tensor.name))


def _other_wiring(model: onnx.ModelProto, rng: Rng) -> None:
    names = [name for node in model.graph.node for name in (*node.input, *node.output)]
    node = model.graph.node[int(rng.integers(len(model.graph.node)))]
    side = node.input if rng.random() < 0.7 else node.output
    side[int(rng.integers(len(side)))] = str(rng.choice(names))


def _other_metadata(model: onnx.ModelProto, rng: Rng) -> None:
    (entry,) = (each for each in model.metadata_props if each.key == METADATA_KEY)
    try:
        record = json.loads(entry.value)
        keys = sorted(record)
    except (ValueError, TypeError):
        return
    key = keys[int(rng.integers(len(keys)))]
    value = VALUES[int(rng.integers(len(VALUES)))]
    record[key] = value
    if rng.random() < 0.2:
        del record[key]
    entry.value = json.dumps(record)


def _other_shape(model: onnx.ModelProto, rng: Rng) -> None:
    values = [*model.graph.input, *model.graph.output, *model.graph.value_info]
    value = values[int(rng.integers(len(values)))]
    dimensions = value.type.tensor_type.shape.dim
    if dimensions:
        dimensions[int(rng.integers(len(dimensions)))].dim_value = int(rng.choice(NUMBERS))


def damaged_recipe(number: int) -> bytes:
    """Return a recipe, one of the built-in ones with bytes or values changed."""
    rng = np.random.default_rng([11, number])
    names = built_in_recipes()
    content = built_in_path(names[number % len(names)]).read_bytes()
    if rng.random() < 0.5:
        lines = content.decode().splitlines()
        keys = [row for row, line in enumerate(lines) if "=" in line and not line.startswith("#")]
        row = int(rng.choice(keys))
        value = VALUES[int(rng.integers(len(VALUES)))]
        lines[row] = lines[row].partition("=")[0] + "= " + json.dumps(value)
        return "\n".join(lines).encode()
    return damaged_often(content, rng, (1, 2, 8))


def damaged_data(number: int) -> tuple[str, bytes]:
    """Return a data set with damaged bytes: its suffix, .npz or .csv, and its content."""
    rng = np.random.default_rng([13, number])
    suffix, content = (".npz", _npz(number % 4 < 2)) if number % 2 else (".csv", _csv())
    return suffix, damaged_often(content, rng)


@cache
def _npz(packed: bool) -> bytes:
    digits, buffer = load_dataset("digits"), io.BytesIO()
    save = np.savez_compressed if packed else np.savez
    save(buffer, x_train=digits.images[:60], y_train=digits.targets[:60])
    return buffer.getvalue()


@cache
def _csv() -> bytes:
    digits = load_dataset("digits")
    rows = np.column_stack([digits.targets[:60], digits.images[:60].reshape(60, -1)])
    head = "label," + ",".join(f"pixel{k}" for k in range(64))
    return "\n".join([head, *(",".join(map(str, row)) for row in rows)]).encode()
