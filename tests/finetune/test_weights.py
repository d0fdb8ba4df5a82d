"""Weights come out of a model file, and go back into one, without a change."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from tenfold.export.read import read_network
from tenfold.finetune.weights import Layers, between, written
from tenfold.modelfile import open_session
from tenfold.reader.networks import bundled_content


@pytest.mark.parametrize("name", ["digits.onnx", "line.onnx"])
def test_a_bundled_network_answers_the_same_in_torch_and_written_again(name: str) -> None:
    network = read_network(bundled_content(name), name)
    layers = Layers(network)
    inputs = network.trial()
    x = torch.from_numpy(inputs)
    with torch.inference_mode():
        answers = layers(x.unsqueeze(1).float() / 255 if name == "digits.onnx" else x).numpy()
    session, info = open_session(network.content, name, threads=1)
    names = [each.name for each in session.get_outputs()]
    (given, *_) = session.run(names, {session.get_inputs()[0].name: inputs})
    shown = answers[:, :10] if name == "digits.onnx" else answers
    assert np.abs(shown - given).max() < 1e-4
    again = written(layers, info)
    assert abs(len(again) - len(network.content)) < 2000  # 8 bits stay 8 bits
    session, read = open_session(again, name, threads=1)
    assert read == info
    (same, *_) = session.run(names, {session.get_inputs()[0].name: inputs})
    assert np.abs(same - given).max() < 1e-4


def test_changed_weights_change_the_answers_and_nothing_else() -> None:
    network = read_network(bundled_content(), "bundled")
    layers = Layers(network)
    old = layers.weights()
    new = {key: value + (0.5 if value.shape == (11,) else 0) for key, value in old.items()}
    layers.load_state_dict(between(old, new, 0.5))
    info = replace(network.info, data="mine")
    content = written(layers, info)
    inputs = network.trial()
    before = open_session(network.content, "old", threads=1)[0].run(["logits"], {"images": inputs})
    session, read = open_session(content, "new", threads=1)
    after = session.run(["logits"], {"images": inputs})
    assert np.allclose(after[0], before[0] + 0.25, atol=1e-4)
    assert read.data == "mine"
    assert read_network(content, "new").layers[-1].weights["bias"].shape == (11,)
