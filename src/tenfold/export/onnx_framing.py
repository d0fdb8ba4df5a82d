"""`tenfold.export.framing.frame_crop` in ONNX's standard operators.

Pictures are floats ``(h, w)`` that hold whole grey levels, single numbers are rows of one. Sizes
are reckoned in double precision as Python does: half a pixel more or less would change a glyph.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from tenfold.export.framing import DARK, FAINTEST_INK, INK, NIB, TAPS, nibs
from tenfold.export.graph import BOOL, DOUBLE, FLOAT, INT, Graph
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

ABOVE = 1e6  # more than any value: what is left out is sorted behind everything
TENTHS = round(FULL_INK / 10)
EDGE = NIB // 2 + NIB  # pixels of margin in which nibs find room
SOBEL = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]], np.float32)


def add_framing(graph: Graph, grey: str) -> str:
    """Add all nodes from a crop, uint8 ``(h, w)``, to its glyph, float ``(28, 28)``."""
    level = _level(graph, graph.cast(grey, FLOAT))
    soft = _cropped(graph, _soften(graph, level))
    return _sharpen(graph, _centre(graph, _fit(graph, soft)))


def _level(g: Graph, grey: str) -> str:
    """How far each pixel is from the paper, to the ink's side."""
    ring = [
        g.add("Gather", grey, g.constant(np.array(place)), axis=axis)
        for axis in (0, 1)
        for place in (0, -1)
    ]
    border = g.add("Concat", *ring, axis=0)
    count = g.length(border, 0)
    ordered = g.add("TopK", border, count, largest=0)
    middle = g.add("Div", g.add("Sub", count, g.ints(1)), g.ints(2))
    paper = g.add("Gather", ordered, middle)
    darker = g.add("Less", paper, g.float(DARK))
    level = g.add("Where", darker, g.add("Sub", grey, paper), g.add("Sub", paper, grey))
    return g.add("Max", level, g.float(0))


def _soften(g: Graph, level: str) -> str:
    """As `tenfold.preprocess.normalize`: the glyph alone, a stroke's core at 255."""
    peak = g.add("ReduceMax", level, keepdims=0)
    above = g.add("Greater", g.add("Mul", level, g.float(100)), g.add("Mul", peak, g.float(INK)))
    mask = g.add("And", above, g.add("GreaterOrEqual", peak, g.float(FAINTEST_INK)))
    full = _nearly_most(g, level, mask)
    wide = g.add("Unsqueeze", g.cast(mask, FLOAT), g.ints(0, 1))
    near = g.add("MaxPool", wide, kernel_shape=[3, 3], pads=[1, 1, 1, 1])
    near = g.add("Squeeze", near, g.ints(0, 1))
    factor = g.add("Div", g.float(255), g.add("Max", full, g.float(1)))
    soft = g.add("Round", g.add("Mul", g.add("Mul", level, near), factor))
    soft = g.add("Min", soft, g.float(255))
    return g.add("Where", g.add("Less", soft, g.float(FAINTEST)), g.float(0), soft)


def _nearly_most(g: Graph, values: str, mask: str) -> str:
    """Return the percentile `FULL_INK` of the values on a mask; anything where it is empty."""
    shown = g.add("Where", mask, values, g.float(ABOVE))
    row = g.add("Reshape", shown, g.ints(-1))
    ordered = g.add("TopK", row, g.length(row, 0), largest=0)
    count = g.add("ReduceSum", g.cast(g.add("Reshape", mask, g.ints(-1)), INT), g.ints(0))
    last = g.add("Max", g.add("Sub", count, g.ints(1)), g.ints(0))
    tenths = g.add("Mul", last, g.ints(TENTHS))  # whole numbers: the place is exact
    below = g.add("Div", tenths, g.ints(10))
    above = g.add("Min", g.add("Add", below, g.ints(1)), last)
    rest = g.add("Sub", tenths, g.add("Mul", below, g.ints(10)))
    share = g.add("Div", g.cast(rest, FLOAT), g.float(10))
    one, other = g.add("Gather", ordered, below), g.add("Gather", ordered, above)
    return g.add("Add", one, g.add("Mul", share, g.add("Sub", other, one)))


def _bounds(g: Graph, picture: str, axis: int) -> tuple[str, str]:
    """Return the first row or column that is not black, and the one after the last."""
    brightest = g.add("ReduceMax", picture, g.ints(1 - axis), keepdims=0)
    inked = g.cast(g.add("Greater", brightest, g.float(0)), INT)
    first = g.add("ArgMax", inked, axis=0)
    last = g.add("ArgMax", inked, axis=0, select_last_index=1)
    return first, g.add("Add", last, g.ints(1))


def _cropped(g: Graph, picture: str) -> str:
    """Return the picture without its black borders; all of it where it is black."""
    top, bottom = _bounds(g, picture, 0)
    left, right = _bounds(g, picture, 1)
    return _slice(g, picture, (top, left), (bottom, right))


def _slice(g: Graph, picture: str, starts: tuple[str, str], ends: tuple[str, str]) -> str:
    return g.add(
        "Slice",
        picture,
        g.add("Concat", *starts, axis=0),
        g.add("Concat", *ends, axis=0),
        g.ints(0, 1),
    )


def _resize(g: Graph, picture: str, longest: str) -> str:
    """As OpenCV resizes: mean over areas to make smaller, linearly between pixels to enlarge."""
    height, width = g.length(picture, 0), g.length(picture, 1)
    now = g.add("Max", height, width)
    scale = g.add("Div", g.cast(longest, DOUBLE), g.cast(now, DOUBLE))
    enlarged = g.add("Greater", longest, now)
    rows = _weights(g, height, scale, enlarged)
    columns = _weights(g, width, scale, enlarged)
    done = g.add("MatMul", g.add("MatMul", rows, picture), g.add("Transpose", columns))
    return g.add("Round", done)


def _weights(g: Graph, now: str, scale: str, enlarged: str) -> str:
    """How much each row of a picture gives to each row of the resized one, ``(new, now)``."""
    new = g.cast(g.add("Round", g.add("Mul", g.cast(now, DOUBLE), scale)), INT)
    new = g.add("Max", new, g.ints(1))
    step = g.add("Div", g.cast(now, FLOAT), g.cast(new, FLOAT))
    to = g.add("Unsqueeze", _count(g, new), g.ints(1))
    source = _count(g, now)
    start = g.add("Mul", to, step)
    end = g.add("Add", start, step)
    after = g.add("Add", source, g.float(1))
    shared = g.add("Sub", g.add("Min", after, end), g.add("Max", source, start))
    mean = g.add("Div", g.add("Max", shared, g.float(0)), step)
    middle = g.add("Mul", g.add("Add", to, g.float(0.5)), step)
    middle = g.add("Max", g.add("Sub", middle, g.float(0.5)), g.float(0))
    middle = g.add("Min", middle, g.add("Sub", g.cast(now, FLOAT), g.float(1)))
    gap = g.add("Abs", g.add("Sub", middle, source))
    between = g.add("Max", g.add("Sub", g.float(1), gap), g.float(0))
    return g.add("Where", enlarged, between, mean)


def _count(g: Graph, length: str) -> str:
    """0, 1, 2 and so on as floats, ``(length,)``."""
    numbers = g.constant(np.array(0, np.int64)), g.constant(np.array(1, np.int64))
    end = g.add("Squeeze", length, g.ints(0))
    return g.cast(g.add("Range", numbers[0], end, numbers[1]), FLOAT)


def _fit(g: Graph, soft: str) -> str:
    """Scale to the box of 20×20 pixels with a pen that survives it."""
    longest = g.add("Max", g.length(soft, 0), g.length(soft, 1))
    now = g.cast(longest, DOUBLE)
    twenty = g.constant(np.array(BOX, np.float64))
    pen = g.add("Div", g.add("Mul", g.cast(_pen(g, soft), DOUBLE), twenty), now)
    thinner = g.add("Less", pen, g.constant(np.array(THINNEST)))
    thin = g.add("And", thinner, g.add("Greater", longest, g.ints(BOX)))
    fine = g.add("Min", longest, g.ints(BOX * ROOM))
    lacking = g.add("Sub", g.constant(np.array(THIN)), pen)
    wider = g.add("Div", g.add("Mul", lacking, g.cast(fine, DOUBLE)), twenty)
    width = g.cast(g.add("Round", wider), INT)
    kept, broad = Graph("kept"), Graph("broad")
    kept.add("Identity", soft)
    _broaden(broad, soft, fine, broad.add("Max", width, broad.ints(0)))
    return _resize(g, g.either(g.add("Squeeze", thin, g.ints(0)), broad, kept), g.ints(BOX))


def _pen(g: Graph, soft: str) -> str:
    """Mean stroke width: twice the ink over the length of its outline."""
    ink = g.cast(g.add("Greater", soft, g.float(127)), FLOAT)
    ink = g.add("Pad", ink, g.ints(1, 1, 1, 1))
    edges = []
    for axis in (0, 1):
        later = g.add("Slice", ink, g.ints(1), g.ints(1 << 30), g.ints(axis))
        earlier = g.add("Slice", ink, g.ints(0), g.ints(-1), g.ints(axis))
        edges.append(g.add("ReduceSum", g.add("Abs", g.add("Sub", later, earlier)), keepdims=0))
    outline = g.add("Mul", g.add("Add", *edges), g.float(np.pi / 4))
    area = g.add("Div", g.add("ReduceSum", soft, keepdims=0), g.float(255 / 2))
    return g.add("Div", area, g.add("Max", outline, g.float(1)))


def _broaden(g: Graph, soft: str, longest: str, width: str) -> None:
    """Resize to a finer grid than the box and widen the pen; the last node has the picture."""
    fine = g.add("Pad", _resize(g, soft, longest), g.ints(EDGE, EDGE, EDGE, EDGE))
    columns = g.length(fine, 1)
    reach = np.arange(NIB) - NIB // 2
    # Each pixel's neighbours side by side; the nib says which of them count.
    down, aside = (each.ravel() for each in np.meshgrid(reach, reach, indexing="ij"))
    inner = [g.add("Sub", g.length(fine, axis), g.ints(NIB)) for axis in (0, 1)]
    rows, across = (
        g.add("Add", g.cast(_count(g, length), INT), g.ints(NIB // 2)) for length in inner
    )
    offsets = g.add("Add", g.add("Mul", g.constant(down), columns), g.constant(aside))
    places = g.add("Add", g.add("Unsqueeze", g.add("Mul", rows, columns), g.ints(1)), across)
    places = g.add("Add", g.add("Unsqueeze", places, g.ints(2)), offsets)
    around = g.add("Gather", g.add("Reshape", fine, g.ints(-1)), places)
    shapes = g.constant(nibs().reshape(-1, NIB * NIB).astype(np.float32))
    nib = g.add("Gather", shapes, width)
    broad = g.add("ReduceMax", g.add("Mul", around, nib), g.ints(2), keepdims=0)
    peak = g.add("Max", g.add("ReduceMax", broad, keepdims=0), g.float(1))
    broad = g.add("Round", g.add("Mul", broad, g.add("Div", g.float(255), peak)))
    widened = g.add("Greater", width, g.ints(0))
    starts, ends = [], []
    for axis in (0, 1):
        first, last = _bounds(g, broad, axis)
        starts.append(g.add("Where", widened, first, g.ints(NIB)))
        end = g.add("Sub", g.length(broad, axis), g.ints(NIB))
        ends.append(g.add("Where", widened, last, end))
    _slice(g, broad, (starts[0], starts[1]), (ends[0], ends[1]))


def _centre(g: Graph, small: str) -> str:
    """Place in the field of 28×28 pixels with the centre of mass at its centre."""
    total = g.add("Max", g.add("ReduceSum", small, keepdims=0), g.float(1e-9))
    before, after = [], []
    for axis in (0, 1):
        sums = g.add("ReduceSum", small, g.ints(1 - axis), keepdims=0)
        length = g.length(small, axis)
        moment = g.add("ReduceSum", g.add("Mul", sums, _count(g, length)), g.ints(0))
        mean = g.add("Div", moment, total)
        start = g.cast(g.add("Round", g.add("Sub", g.float(FIELD / 2), mean)), INT)
        room = g.add("Sub", g.ints(FIELD), length)
        start = g.add("Min", g.add("Max", start, g.ints(0)), room)
        before.append(start)
        after.append(g.add("Sub", room, start))
    return g.add("Pad", small, g.add("Concat", *before, *after, axis=0))


def _sharpen(g: Graph, glyph: str) -> str:
    """Sharpen a glyph whose edges are softer than those of any digit of MNIST."""
    inked = g.add("Greater", glyph, g.float(INKED))
    across = _filter(g, glyph, SOBEL)
    down = _filter(g, glyph, SOBEL.T)
    squares = g.add("Add", g.add("Mul", across, across), g.add("Mul", down, down))
    steepest = _nearly_most(g, g.add("Sqrt", squares), inked)
    count = g.add("ReduceMax", g.cast(inked, INT), keepdims=0)
    crisp = g.add("GreaterOrEqual", steepest, g.float(4 * 255 * SOFTEST))
    crisp = g.add("Or", crisp, g.add("Not", g.cast(count, BOOL)))
    taps = np.asarray(cv2.getGaussianKernel(TAPS, REACH, cv2.CV_32F), np.float32)
    blurred = _filter(g, _filter(g, glyph, taps), taps.T)
    rest = g.add("Mul", g.add("Sub", glyph, blurred), g.float(SHARPEN))
    sharp = g.add("Add", glyph, rest)
    most = g.add("Max", _nearly_most(g, sharp, inked), g.float(1))
    sharp = g.add("Mul", sharp, g.add("Div", g.float(255), most))
    sharp = g.add("Floor", g.add("Clip", sharp, g.float(0), g.float(255)))
    return g.add("Where", crisp, glyph, sharp)


def _filter(g: Graph, picture: str, kernel: NDArray[np.float32]) -> str:
    """Correlate with a kernel; beyond its borders the picture is mirrored, as OpenCV does."""
    down, aside = kernel.shape[0] // 2, kernel.shape[1] // 2
    padded = g.add("Pad", picture, g.ints(down, aside, down, aside), mode="reflect")
    wide = g.add("Unsqueeze", padded, g.ints(0, 1))
    done = g.add("Conv", wide, g.constant(kernel[None, None].copy()))
    return g.add("Squeeze", done, g.ints(0, 1))
