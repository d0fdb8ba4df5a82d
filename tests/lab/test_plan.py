"""Layers planned before there is a network are those of the network that is trained."""

from __future__ import annotations

from itertools import product

import pytest
import torch
from pydantic import ValidationError
from torch import nn

from tenfold.lab.experiment import Experiment
from tenfold.lab.network import make_maker, shuffle
from tenfold.lab.plan import at_work, plan
from tenfold.lab.worker import parts

CHOICES = [
    *({"network": n, "data": d} for n, d in product(
        ("linear", "mlp", "convnet", "tutorial"), ("digits", "mnist"))),
    {"network": "mlp", "hidden": 12},
    {"network": "convnet", "channels": 3},
    {"swapped": True},
    {"swapped": True, "data": "mnist"},
    {"scaled": False, "network": "convnet"},
]  # fmt: skip


@pytest.mark.parametrize("choice", CHOICES, ids=str)
def test_the_plan_is_the_network(choice: dict[str, object]) -> None:
    experiment = Experiment.model_validate(choice)
    layers = plan(experiment)
    section, size = experiment.recipe().network, experiment.size
    network = make_maker(experiment)(section, size, 10).eval()
    assert sum(layer.parameters for layer in layers) == sum(p.numel() for p in network.parameters())
    shapes = [shape for layer in at_work(layers) for shape in (layer.weight, layer.bias) if shape]
    assert [tuple(part.shape) for part in parts(network)] == shapes
    x = torch.zeros(2, 1, size, size)
    kept = [m for m in network.children() if not (isinstance(m, nn.Dropout) and m.p == 0)]
    for layer, module in zip(layers[:-1], kept, strict=True):  # all but softmax
        x = module(x)
        if layer.kind != "norm":
            assert tuple(x.shape[1:]) == layer.out, layer


def test_the_original_tutorials_swap_has_its_number_of_parameters() -> None:
    assert sum(layer.parameters for layer in plan(Experiment(swapped=True))) == 251_018


def test_swapping_takes_height_for_channels() -> None:
    import numpy as np

    from tenfold.lab.network import Swap

    first = torch.arange(2 * 3 * 4 * 5).reshape(2, 3, 4, 5)
    # (n, channels, height, width), taken for (n, height, width, channels) as Keras does
    meant = np.moveaxis(first.numpy(), -1, 1)
    assert np.array_equal(Swap()(first).numpy(), meant)


@pytest.mark.parametrize(
    "wrong",
    [
        {"epochs": 151}, {"epochs": 0}, {"batch": 1}, {"learning_rate": float("nan")},
        {"learning_rate": 2}, {"network": "residual"}, {"swapped": True, "network": "mlp"},
        {"images": 60_000}, {"hidden": 1e9}, {"data": "/etc/passwd"}, {"unknown": 1},
    ],
    ids=str,
)  # fmt: skip
def test_what_would_take_too_long_or_does_not_exist_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Experiment.model_validate(wrong)


def test_shuffled_labels_are_the_same_labels() -> None:
    from tenfold.lab.images import load

    train = load("digits", 0).train
    shuffled = shuffle(train, 0)
    assert shuffled.counts().tolist() == train.counts().tolist()
    same = float((shuffled.targets == train.targets).mean())
    assert 0.05 < same < 0.15
    assert (shuffle(train, 0).targets == shuffled.targets).all()


def test_no_image_is_in_two_parts() -> None:
    from tenfold.lab.images import load

    seen = [{image.tobytes() for image in part.images} for part in load("digits", 0)]
    assert [len(images) for images in seen] == [1397, 200, 200]
    assert not seen[0] & seen[1]
    assert not seen[0] & seen[2]
    assert not seen[1] & seen[2]
