from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import onnx
import pytest
from torch import nn

from tenfold.data.dataset import DIGITS
from tenfold.evaluation.cost import count_multiply_adds, count_parameters, measure_cost, processor
from tenfold.model import open_model
from tenfold.modelinfo import ModelInfo
from tenfold.training.export import export
from tenfold.training.networks import make_network
from tenfold.training.recipe_sections import Network


def _graph(name: Any, size: int, **settings: Any) -> onnx.ModelProto:
    network = make_network(Network(name=name, **settings), size, 10).eval()
    for parameter in network.parameters():  # equal ones, such as biases of zero, would be merged
        nn.init.normal_(parameter)
    return onnx.load_model_from_string(export(network, ModelInfo(DIGITS, size, "", 0, "", 0)))


@pytest.mark.parametrize(
    ("name", "settings", "multiply_adds", "parameters"),
    [
        # 8×8: two 3×3 convolutions to 6×6 and 4×4, halved, then 256 → 128 → 10
        ("tutorial", {}, 36 * 32 * 9 + 16 * 64 * 32 * 9 + 256 * 128 + 128 * 10, 53_002),
        ("linear", {}, 64 * 10, 650),
        ("mlp", {"hidden": 20, "depth": 2}, 64 * 20 + 20 * 20 + 20 * 10, 1300 + 420 + 210),
    ],
)
def test_counted_by_hand(
    name: str, settings: dict[str, Any], multiply_adds: int, parameters: int
) -> None:
    graph = _graph(name, 8, **settings)
    assert count_multiply_adds(graph) == multiply_adds
    assert count_parameters(graph.graph) == parameters


def test_matrix_products_without_bias_count_too(linear_file: Callable[..., bytes]) -> None:
    graph = onnx.load_model_from_string(linear_file(np.zeros((64, 3))))
    assert count_multiply_adds(graph) == count_parameters(graph.graph) == 64 * 3


def test_everything_is_measured(linear_file: Callable[..., bytes]) -> None:
    content = linear_file(np.zeros((64, 3)))
    images = np.zeros((7, 8, 8), np.uint8)
    cost = measure_cost(open_model(content, "m", threads=1), content, images)
    assert (cost.bytes, cost.multiply_adds) == (len(content), 192)
    assert 0 < cost.milliseconds < 1000
    assert cost.pictures_per_second > 100
    assert cost.machine == processor()
    assert cost.machine.endswith("cores")
