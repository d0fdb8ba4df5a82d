"""Networks of every recipe with weights at random, and crops of single digits."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from tenfold.data.digits import load_digits
from tenfold.export.network import Network
from tenfold.export.read import read_network
from tenfold.modelinfo import ModelInfo
from tenfold.reader.networks import bundled_content
from tenfold.training.export import export
from tenfold.training.networks import make_network
from tenfold.training.recipe import load_recipe

NetworkOf = Callable[[str], Network]
BUNDLED = {"reader": "digits.onnx", "finder": "finder.onnx", "line": "line.onnx"}
SMALL = Path(__file__).parent / "small.onnx"  # tenfold train --data mnist --recipe small


@cache
def _content(recipe: str) -> bytes:
    """A model file of the recipe's network, untrained, its normalisation far from none."""
    if recipe in BUNDLED:
        return bundled_content(BUNDLED[recipe])
    size = 8 if recipe in ("digits", "tutorial") else 28
    torch.manual_seed(0)
    network = make_network(load_recipe(recipe).network, size, 10).eval()
    for layer in network.modules():
        if isinstance(layer, torch.nn.BatchNorm2d):
            assert layer.running_mean is not None
            assert layer.running_var is not None
            layer.running_mean.normal_(0, 0.2)
            layer.running_var.uniform_(0.05, 0.2)
            layer.weight.data.normal_(0, 1)  # negative ones: the largest becomes the smallest
            layer.bias.data.normal_(0, 0.3)
    info = ModelInfo(
        classes=tuple("0123456789"), size=size, data="toy", data_count=1, recipe="", seed=0,
        temperature=0.8,
    )  # fmt: skip
    return export(network, info)


@pytest.fixture(scope="session")
def network_of() -> NetworkOf:
    """Take the network of a recipe apart; those that come with tenfold are the real ones."""

    def read(recipe: str) -> Network:
        return read_network(_content(recipe), f"{recipe}.onnx")

    return read


@pytest.fixture(scope="session")
def small() -> Network:
    """A trained network of recipe small."""
    return read_network(SMALL.read_bytes(), "small.onnx")


@pytest.fixture(scope="session")
def crops() -> list[NDArray[np.uint8]]:
    """Digits in crops of many sizes, pens and contrasts, half of them dark on light."""
    rng = np.random.default_rng(0)
    found = []
    for image in load_digits().train.images[:120]:
        scale = rng.choice([1, 2.5, 4, 7, 12]) * rng.uniform(0.8, 1.25)
        size = (max(4, round(8 * scale * rng.uniform(0.7, 1.3))), max(4, round(8 * scale)))
        crop = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_CUBIC), np.uint8)
        if rng.random() < 0.4 and scale > 3:  # hairlines
            width = int(scale * 0.7) | 1
            crop = np.asarray(cv2.erode(crop, np.ones((width, width), np.uint8)), np.uint8)
        crop = np.pad(crop, rng.integers(0, 9, (2, 2)))
        light = rng.integers(180, 256) - crop * rng.uniform(0.3, 0.7)
        found.append(np.asarray(light if rng.random() < 0.5 else crop, np.uint8))
    return found
