"""The bundled network's recipe, from digits to a model file that knows what is no digit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from tenfold.data.registry import load_dataset
from tenfold.data.splits import Splits
from tenfold.model import Model, load_model
from tenfold.training.networks import count_parameters, make_network
from tenfold.training.recipe import load_recipe
from tenfold.training.run import train

SETTINGS = {
    "synthesis.pictures": 512,
    "epochs": 1,
    "threads": 1,
    "precision": "float32",
    "network.channels": [4, 8],
    "synthesis.refused": 0.1,
}


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Model, Splits]:
    small = load_dataset("digits")
    images = np.zeros((500, 28, 28), np.uint8)
    large = small.images[:500].repeat(2, axis=1).repeat(2, axis=2)
    images[:, 6:22, 6:22] = (large * (255 / large.max())).astype(np.uint8)
    enlarged = type(small)(images, small.targets[:500], "enlarged", "train")
    test = enlarged.take(np.arange(400, 500), "test")
    splits = Splits(enlarged.take(np.arange(400)), test, own_test=True)
    run = train(splits, "reader", settings=SETTINGS, out=tmp_path_factory.mktemp("runs") / "reader")
    return load_model(run.model, threads=1), splits


def test_the_network_is_small_enough_to_bundle() -> None:
    recipe = load_recipe("reader")
    network = make_network(recipe.network, 28, 11)
    assert count_parameters(network) * 4 < 2_000_000
    assert network(torch.zeros(2, 1, 28, 28)).shape == (2, 11)


def test_the_file_gives_ten_logits_and_digitness(trained: tuple[Model, Splits]) -> None:
    model, splits = trained
    probabilities, digitness = model.predict_with_digitness(splits.test.images)
    assert probabilities.shape == (100, 10)
    assert np.allclose(probabilities.sum(1), 1, atol=1e-5)
    assert digitness.shape == (100,)
    assert ((digitness >= 0) & (digitness <= 1)).all()
    assert len(model.info.classes) == 10


def test_the_threshold_is_fitted(trained: tuple[Model, Splits]) -> None:
    model, _ = trained
    assert model.info.temperature == 1  # too few validation pictures for one
    assert model.info.rejection_threshold is not None
    assert 0 < model.info.rejection_threshold < 1


def test_recipes_without_synthesis_get_no_second_output(tmp_path: Path) -> None:
    small = load_dataset("digits").take(np.arange(300))
    splits = Splits(small, small, own_test=True)
    changes = {"epochs": 1, "network.name": "linear", "threads": 1}
    run = train(splits, "digits", settings=changes, out=tmp_path / "plain")
    model = load_model(run.model, threads=1)
    probabilities, digitness = model.predict_with_digitness(small.images)
    assert np.array_equal(digitness, probabilities.max(1))
    assert model.info.rejection_threshold is None
