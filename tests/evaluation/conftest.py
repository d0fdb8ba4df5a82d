"""A model file made by hand, whose every answer is known."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from tenfold.data.dataset import DIGITS
from tenfold.modelinfo import METADATA_KEY, ModelInfo, sealed

MakeFile = Callable[..., bytes]


@pytest.fixture(scope="session")
def linear_file() -> MakeFile:
    """Return what writes a model file whose logits are the pixels (0 to 255) times weights."""

    def make(weights: NDArray[np.floating], temperature: float = 1.0) -> bytes:
        pixels, classes = weights.shape
        size = round(pixels**0.5)
        nodes = [
            helper.make_node("Cast", ["images"], ["floats"], to=TensorProto.FLOAT),
            helper.make_node("Reshape", ["floats", "shape"], ["flat"]),
            helper.make_node("MatMul", ["flat", "weights"], ["logits"]),
        ]
        graph = helper.make_graph(
            nodes,
            "linear",
            [helper.make_tensor_value_info("images", TensorProto.UINT8, ["n", size, size])],
            [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["n", classes])],
            [
                numpy_helper.from_array(np.array([-1, pixels]), "shape"),
                numpy_helper.from_array(weights.astype(np.float32), "weights"),
            ],
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)])
        model.ir_version = 10
        info = ModelInfo(DIGITS[:classes], size, "hand-made", 0, "", 0, temperature=temperature)
        helper.set_model_props(model, {METADATA_KEY: info.to_json()})
        onnx.checker.check_model(model)
        return sealed(model.SerializeToString())

    return make
