from __future__ import annotations

import logging
from dataclasses import replace

import numpy as np
import onnx
import pytest
import torch

from tenfold.model import open_model
from tenfold.modelinfo import ModelInfo
from tenfold.training.export import export, with_info
from tenfold.training.networks import make_network, scale
from tenfold.training.recipe_sections import Network

INFO = ModelInfo(
    classes=tuple("abc"), size=9, data="toy", data_count=3, recipe="epochs = 1\n", seed=1
)


@pytest.mark.parametrize("name", ["tutorial", "mlp"])
def test_any_network_any_size_and_any_classes_come_out_the_same(
    name: str, capfd: pytest.CaptureFixture[str]
) -> None:
    torch.manual_seed(0)
    network = make_network(Network.model_validate({"name": name, "dropout": 0.3}), 9, 3).eval()
    level = logging.getLogger("torch.onnx").level
    content = export(network, INFO)
    assert logging.getLogger("torch.onnx").level == level
    assert capfd.readouterr() == ("", "")  # the exporter talks much otherwise
    onnx.checker.check_model(onnx.load_model_from_string(content), full_check=True)
    model = open_model(content, "toy", threads=1)
    assert model.info == INFO
    images = np.random.default_rng(0).integers(0, 256, (5, 9, 9), np.uint8)
    with torch.inference_mode():
        expected = network(scale(torch.from_numpy(images))).numpy()
    for n in (1, 2, 5):
        np.testing.assert_allclose(model.predict_logits(images[:n]), expected[:n], atol=1e-5)


def test_channels_last_and_training_mode_do_not_reach_the_file(model_content: bytes) -> None:
    described = onnx.load_model_from_string(model_content)
    assert not {node.op_type for node in described.graph.node} & {"Dropout", "BatchNormalization"}


@pytest.fixture(scope="module")
def model_content() -> bytes:
    """A network with dropout and batch normalisation, exported from training mode."""
    torch.manual_seed(0)
    network = make_network(
        Network.model_validate({"name": "convnet", "channels": [2], "dropout": 0.5}), 9, 3
    )
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return export(network, INFO)


def test_the_record_can_be_replaced_alone(model_content: bytes) -> None:
    other = replace(INFO, temperature=1.5, results={"test_accuracy": 0.5}, rejection_threshold=0.3)
    content = with_info(model_content, other)
    before, after = (open_model(c, "toy", threads=1) for c in (model_content, content))
    assert (before.info, after.info) == (INFO, other)
    images = np.random.default_rng(0).integers(0, 256, (5, 9, 9), np.uint8)
    np.testing.assert_array_equal(before.predict_logits(images), after.predict_logits(images))
