"""The network in C99, for microcontrollers: no heap, float32 and int8, framing included.

The loops are files of their own in ``sources``; the network goes into them as tables. Beside them
come a self-test with answers that must be given, and a sketch for an ESP32.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from tenfold import __version__
from tenfold.errors import UsageError
from tenfold.export.framing import DARK, FAINTEST_INK, INK, NIB, TAPS, WIDEST, frame_crop, nibs
from tenfold.export.network import Array, Network
from tenfold.export.parity import check
from tenfold.export.stages import (
    SHIFT,
    Stage,
    Whole,
    quantise,
    run_floats,
    run_whole,
    stages_of,
)
from tenfold.names import plain
from tenfold.preprocess.normalize import (
    BOX,
    FAINTEST,
    FIELD,
    FULL_INK,
    INKED,
    REACH,
    ROOM,
    SHARPEN,
    SOFTEST,
    THIN,
    THINNEST,
)

GLYPHS = 8  # in the self-test
EDGE = 2 * 4 * FIELD**2  # bytes that sharpening takes
PEN = 2 * (BOX * ROOM + 2 * WIDEST) ** 2  # bytes that widening a pen takes
SHAPE = 8 * 2  # bytes of a layer's sizes


@dataclass(frozen=True, slots=True)
class Footprint:
    """What the C code takes, its instructions left out.

    Parameters
    ----------
    flash, flash_int8 : int
        Bytes of constants of the variant in float32 and in int8.
    memory, memory_int8 : int
        Bytes of its workspace; framing uses the same.
    multiply_adds : int
        For one picture.
    agreement : float
        Share of the pictures to which int8 answers as float32 does.
    """

    flash: int
    flash_int8: int
    memory: int
    memory_int8: int
    multiply_adds: int
    agreement: float


def c_files(network: Network, images: NDArray[np.uint8]) -> tuple[dict[str, str], Footprint]:
    """Return the files by name, and what they take.

    Parameters
    ----------
    network : Network
        A classifier of 28×28 pictures whose layers do not branch.
    images : uint8 array, shape (n, 28, 28)
        Pictures of the kind that the network is for: levels of int8 are set on them, and the first
        ones are the self-test's.

    Returns
    -------
    dict of str
        ``digits.h``, ``digits.c``, ``selftest.c``, and in ``esp32`` a sketch with both beside it.
    Footprint

    Raises
    ------
    UsageError
        If the network is of another kind.
    ModelError
        If its stages give other answers than ONNX Runtime by more than floats do.
    """
    stages = writable(network)
    check(network, images, [_softmax(network, run_floats(stages, images)[-1])], "the C code")
    whole = quantise(stages, images)
    footprint = _footprint(network, stages, whole, images)
    values = _numbers(footprint) | _tables(network, stages, whole) | _framing()
    values |= _golden(network, stages, whole, images[:GLYPHS])
    values["ABOUT"] = _about(network)
    written = {name: _filled(name, values) for name in ("digits.h", "digits.c", "selftest.c")}
    # An Arduino sketch takes in what lies in its own folder alone.
    sketch = {f"esp32/{name}": written[name] for name in ("digits.h", "digits.c")}
    sketch["esp32/esp32.ino"] = _filled("esp32.ino", values)
    return written | sketch, footprint


def writable(network: Network) -> list[Stage]:
    """Return a network's stages, if it is one that is written in C; else raise UsageError."""
    if network.info.size != FIELD or network.has_digitness:
        raise UsageError(
            f"{network.where}: is not written in C, for it does not take pictures of "
            f"{FIELD}×{FIELD} pixels or tells digits by an output of its own. Networks of recipe "
            "'small' are."
        )
    return stages_of(network)


def _filled(name: str, values: dict[str, str]) -> str:
    text = (files("tenfold.export") / "sources" / name).read_text(encoding="utf-8")
    for key, value in values.items():
        text = text.replace(f"@{key}@", value)
    return text


def _about(network: Network) -> str:
    # Neither ends a comment nor goes on in the next line.
    name = plain(network.where).replace("*/", "* /").replace("\\", "/")
    return f"Written by tenfold {__version__} from {name}."


def _arenas(stages: list[Stage], first: int) -> tuple[int, int]:
    """How many numbers both halves of the workspace hold: stages write to them in turn."""
    sizes = [first, *(stage.left**2 * len(stage.weights) for stage in stages[:-1])]
    return max(sizes[1::2], default=1), max(sizes[::2], default=1)


def _footprint(
    network: Network, stages: list[Stage], whole: list[Whole], images: NDArray[np.uint8]
) -> Footprint:
    weights = sum(stage.weights.size for stage in stages)
    outputs = sum(len(stage.weights) for stage in stages)
    last = len(stages[-1].weights)
    fixed = SHAPE * len(stages) + 2 * (WIDEST + 1) * NIB + 4 * TAPS
    framing = max(EDGE, PEN)
    floats = run_whole(stages, whole, images).argmax(axis=1)
    return Footprint(
        flash=4 * (weights + 2 * outputs) + fixed,
        flash_int8=weights + 12 * (outputs - last) + 8 * last + fixed,
        memory=max(4 * sum(_arenas(stages, FIELD**2)), framing),
        memory_int8=max(sum(_arenas(stages, 1)), framing),
        multiply_adds=sum(stage.multiply_adds for stage in stages),
        agreement=float((network.expected(images)[0].argmax(axis=1) == floats).mean()),
    )


def _numbers(footprint: Footprint) -> dict[str, str]:
    return {
        "FLOAT_FLASH": f"{footprint.flash:,}",
        "INT8_FLASH": f"{footprint.flash_int8:,}",
        "FLOAT_RAM": f"{footprint.memory:,}",
        "INT8_RAM": f"{footprint.memory_int8:,}",
        "MACS": f"{footprint.multiply_adds:,}",
    }


def _tables(network: Network, stages: list[Stage], whole: list[Whole]) -> dict[str, str]:
    """Return the network as C's tables."""
    classes = ", ".join(f'"{_quoted(name)}"' for name in network.info.classes)
    floats, bytes_ = _arenas(stages, FIELD**2), _arenas(stages, 1)
    lines = [
        f"#define LAYERS {len(stages)}",
        f"#define SHIFT {SHIFT}",
        f"#define TEMPERATURE {_float(network.info.temperature)}",
        f"#define FLOAT_FIRST {floats[0]}",
        f"#define FLOAT_SECOND {floats[1]}",
        f"#define INT8_FIRST {bytes_[0]}",
        f"#define INT8_SECOND {bytes_[1]}",
        "",
        f"const char *const digits_names[DIGITS_CLASSES] = {{{classes}}};",
        "",
        "static const shape shapes[LAYERS] = {",
    ]
    for stage in stages:
        outputs, kernel, _, inputs = stage.weights.shape
        sizes = (stage.size, inputs, outputs, kernel, stage.stride, stage.pad, int(stage.pool))
        lines.append(f"    {{{', '.join(map(str, sizes))}, {stage.left}}},")
    lines += ["};", "", "#if DIGITS_FLOAT"]
    lines += _arrays("float_weight", "float", [stage.weights for stage in stages])
    lines += _arrays("float_factor", "float", [stage.factor for stage in stages])
    lines += _arrays("float_summand", "float", [stage.summand for stage in stages])
    lines += ["#endif", "", "#if DIGITS_INT8"]
    lines += _arrays("int8_weight", "int8_t", [each.weights for each in whole])
    lines += _arrays("int8_factor", "int32_t", [each.factor for each in whole[:-1]])
    lines += _arrays("int8_summand", "int64_t", [each.summand for each in whole[:-1]])
    for name, array in (("factor", whole[-1].factor), ("summand", whole[-1].summand)):
        lines += [f"static const float last_{name}s[] = {{", *_rows(array), "};"]
    return {
        "TABLES": "\n".join([*lines, "#endif"]),
        "CLASSES": str(len(network.info.classes)),
    }


def _quoted(text: str) -> str:
    """Return a text for a string of C: everything but plain ASCII as octal bytes."""
    kept = ""
    for each in text.encode():
        special = each in b'"\\?' or not 32 <= each < 127
        kept += f"\\{each:03o}" if special else chr(each)
    return kept


def _arrays(name: str, kind: str, arrays: list[NDArray[Any]]) -> list[str]:
    """Return one table a layer, and the table of them."""
    lines = []
    for number, array in enumerate(arrays):
        lines += [f"static const {kind} {name}_{number}[] = {{", *_rows(array), "};"]
    row = ", ".join(f"{name}_{number}" for number in range(len(arrays)))
    return [*lines, f"static const {kind} *const {name}s[] = {{{row}}};"]


def _rows(array: NDArray[Any]) -> list[str]:
    """Return numbers as lines of C, at most 100 characters wide."""
    words = [_float(x) if array.dtype.kind == "f" else str(int(x)) for x in array.ravel()]
    return _lines(words)


def _lines(words: Iterable[str]) -> list[str]:
    lines, line = [], "   "
    for word in words:
        if len(line) + len(word) + 2 > 98:
            lines.append(line)
            line = "   "
        line += f" {word},"
    return [*lines, line]


def _float(value: float) -> str:
    """Return the shortest text that is the same float32 in C."""
    text = str(np.float32(value))
    return f"{text}f" if "." in text or "e" in text else f"{text}.0f"


def _framing() -> dict[str, str]:
    bits = [[int("".join(map(str, row[::-1])), 2) for row in nib] for nib in nibs().tolist()]
    taps = np.asarray(cv2.getGaussianKernel(TAPS, REACH, cv2.CV_32F), np.float32).ravel()
    return {
        "NIBS": "\n".join(f"    {{{', '.join(map(str, nib))}}}," for nib in bits),
        "GAUSSIAN": ", ".join(map(_float, taps.tolist())),
        "TAPS": str(TAPS),
        "WIDEST": str(WIDEST),
        "DARK": str(DARK),
        "INK": str(INK),
        "FAINTEST_INK": str(FAINTEST_INK),
        "FAINTEST": str(FAINTEST),
        "THIN": str(THIN),
        "THINNEST": str(THINNEST),
        "INKED": str(INKED),
        "FULL_INK": str(FULL_INK),
        "STEEP": str(4 * 255 * SOFTEST),
        "SHARPEN": str(SHARPEN),
    }


def _golden(
    network: Network, stages: list[Stage], whole: list[Whole], images: NDArray[np.uint8]
) -> dict[str, str]:
    """Return what the self-test asks and what it must be answered."""
    large = cv2.resize(images[0], (61, 67), interpolation=cv2.INTER_LINEAR)
    crop = np.asarray(225 - np.pad(large, 5) * 0.7, np.uint8)
    return {
        "GLYPHS": str(len(images)),
        "GLYPH_ROWS": _table(images.reshape(len(images), -1)),
        "EXPECTED": _table(network.expected(images)[0]),
        "EXPECTED_INT8": _table(_softmax(network, run_whole(stages, whole, images))),
        "CROP_HEIGHT": str(crop.shape[0]),
        "CROP_WIDTH": str(crop.shape[1]),
        "CROP": "\n".join(_rows(crop)),
        "FRAMED": "\n".join(_rows(frame_crop(crop))),
    }


def _softmax(network: Network, logits: Array) -> Array:
    """Return probabilities as the C code reckons them."""
    cooled = logits * np.float32(1 / np.float32(network.info.temperature))
    odds: Array = np.exp(cooled - cooled.max(axis=1, keepdims=True))
    total: Array = odds.sum(axis=1, keepdims=True)
    return np.asarray(odds / total)


def _table(rows: Array | NDArray[np.uint8]) -> str:
    return "\n".join("    {\n" + "\n".join(_rows(row)) + "\n    }," for row in rows)
