from __future__ import annotations

import numpy as np
import onnx
import pytest

from tenfold.errors import ModelError
from tenfold.export.parity import check
from tenfold.export.read import read_network
from tenfold.model import open_model
from tenfold.training.export import with_info

from .conftest import NetworkOf


def test_a_recipes_layers_stand_in_order(network_of: NetworkOf) -> None:
    network = network_of("tutorial")
    kinds = [layer.kind for layer in network.layers]
    assert kinds == [
        "conv",
        "relu",
        "conv",
        "relu",
        "max_pool",
        "flatten",
        "dense",
        "relu",
        "dense",
    ]
    assert sum(each.size for layer in network.layers for each in layer.weights.values()) == 53_002
    assert network.layers[0].shape == (1, 1, 8, 8)


def test_answers_are_those_of_the_model(network_of: NetworkOf) -> None:
    network = network_of("reader")
    images = network.trial(5)
    probabilities, digitness = network.expected(images)
    expected = open_model(network.content, "").predict_with_digitness(images)
    np.testing.assert_allclose(probabilities, expected[0], atol=1e-6)
    np.testing.assert_allclose(digitness, expected[1], atol=1e-6)


def test_what_no_exporter_knows_is_refused(network_of: NetworkOf) -> None:
    network = network_of("digits")
    for operator, message in (("Sigmoid", "the operator 'Sigmoid'"), ("Neg", "not scaled")):
        model = onnx.load_model_from_string(network.content)
        place = 4 if operator == "Sigmoid" else 2
        node = model.graph.node[place]
        node.CopyFrom(onnx.helper.make_node(operator, [node.input[0]], [node.output[0]]))
        content = with_info(model.SerializeToString(), network.info)
        with pytest.raises(ModelError, match=rf"odd\.onnx: its graph holds .*{message}"):
            read_network(content, "odd.onnx")


def test_other_answers_are_found_out(network_of: NetworkOf) -> None:
    network = network_of("digits")
    images = network.trial()
    answers = network.expected(images)
    assert check(network, images, answers, "a copy") == 0
    for wrong in (answers[0] + np.float32(1e-4), answers[0] * np.float32("nan")):
        with pytest.raises(ModelError, match="a copy gives other answers"):
            check(network, images, [wrong], "a copy")
