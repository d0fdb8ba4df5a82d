"""An ONNX file that frames its glyph itself: from a grey crop of any size to probabilities.

`tenfold.export.framing.frame_crop` as a graph of standard operators, the network behind it. It is
for other programs that run ONNX; tenfold's own checks refuse it, as it holds more than a network.
"""

from __future__ import annotations

import json

import cv2
import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper

from tenfold import __version__
from tenfold.errors import UsageError
from tenfold.export.framing import frame_crop
from tenfold.export.graph import Graph
from tenfold.export.network import CLASSIFIER, Network
from tenfold.export.onnx_framing import add_framing
from tenfold.export.parity import difference
from tenfold.files import MARK
from tenfold.modelfile import start
from tenfold.preprocess.normalize import FIELD

OPSET, IR = 20, 10


def onnx_file(network: Network) -> tuple[bytes, float]:
    """Return the file, and how far its answers are from our own framing and network.

    It takes ``grey``, uint8 ``(h, w)``, and gives ``probabilities`` ``(classes,)``, ``glyph``,
    uint8 ``(28, 28)``, and ``digitness`` ``(1,)`` if the network has it. The framing rounds a few
    pixels another way than OpenCV; a probability near even odds may show it.

    Parameters
    ----------
    network : Network
        A classifier of pictures of 28×28 pixels.

    Returns
    -------
    bytes
    float
        The largest difference of a probability on a few made-up crops.

    Raises
    ------
    UsageError
        If the network takes no glyphs framed as MNIST's.
    ModelError
        If ONNX Runtime cannot run it.
    """
    if network.kind != CLASSIFIER or network.info.size != FIELD:
        raise UsageError(
            f"{network.where}: takes no glyphs framed as MNIST's, {FIELD}×{FIELD} pixels, so there "
            "is nothing to add to it. The model file itself is ONNX and runs as it is."
        )
    content = _model(network).SerializeToString()
    session = start(content, network.where, 1)
    crops = [_crop(image, row) for row, image in enumerate(network.trial(8))]
    answers = [session.run(["probabilities"], {"grey": crop})[0] for crop in crops]
    expected = network.expected(np.stack([frame_crop(crop) for crop in crops]))[0]
    return content, difference([expected], [np.stack(answers)], relative=False)


def _crop(image: NDArray[np.uint8], row: int) -> NDArray[np.uint8]:
    """Make a crop of a size of its own, on light paper every second time."""
    size = (20 + 17 * row, 24 + 13 * row)
    crop = np.pad(cv2.resize(image, size, interpolation=cv2.INTER_LINEAR), 6)
    return np.asarray(230 - crop * 0.8 if row % 2 else crop, np.uint8)


def _model(network: Network) -> onnx.ModelProto:
    graph = Graph("framing")
    glyph = graph.cast(add_framing(graph, "grey"), TensorProto.UINT8, gives="glyph")
    stored = onnx.load_model_from_string(network.content)
    # Names of the network get a prefix, so that none meets one of the framing's.
    inner = onnx.compose.add_prefix_graph(stored.graph, "network/")
    graph.add("Unsqueeze", glyph, graph.ints(0), gives=inner.input[0].name)
    graph.nodes += inner.node
    graph.constants += inner.initializer
    given = {each.name.removeprefix("network/"): each.name for each in inner.output}
    cooled = graph.add("Div", given["logits"], graph.float(network.info.temperature))
    rows = graph.add("Softmax", cooled, axis=1)
    graph.add("Squeeze", rows, graph.ints(0), gives="probabilities")
    floats, count = TensorProto.FLOAT, len(network.info.classes)
    outputs = [
        helper.make_tensor_value_info("probabilities", floats, [count]),
        helper.make_tensor_value_info("glyph", TensorProto.UINT8, [FIELD, FIELD]),
    ]
    if network.has_digitness:
        graph.add("Identity", given["digitness"], gives="digitness")
        outputs.append(helper.make_tensor_value_info("digitness", floats, [1]))
    grey = helper.make_tensor_value_info("grey", TensorProto.UINT8, ["height", "width"])
    model = helper.make_model(
        helper.make_graph(graph.nodes, "tenfold", [grey], outputs, graph.constants),
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR,
        producer_name="tenfold",
        producer_version=__version__,
    )
    helper.set_model_props(model, {"classes": json.dumps(network.info.classes), "mark": MARK})
    onnx.checker.check_model(model)
    return model
