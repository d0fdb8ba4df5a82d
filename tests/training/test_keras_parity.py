"""The tutorial's network, loss and optimizer do what Keras 3 makes of the same words."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import nn

from tenfold.data.digits import load_digits
from tenfold.training.losses import make_loss, one_hot
from tenfold.training.networks import make_network, scale
from tenfold.training.optimizers import make_optimizers
from tenfold.training.recipe import load_recipe

keras = pytest.importorskip("keras")

# Keras hands its tensors to NumPy without the copy argument that NumPy 2 asks for.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

BATCH, STEPS = 10, 10
RECIPE = load_recipe("tutorial")
Array = NDArray[np.float32]


def _our_network() -> nn.Sequential:
    torch.manual_seed(3)
    network = make_network(RECIPE.network, 8, 10)
    for layer in network:
        if isinstance(layer, nn.Dropout):
            layer.p = 0.0
    return network


def _their_network() -> Any:
    layers = keras.layers
    return keras.Sequential(
        [
            layers.Input((8, 8, 1)),
            layers.Conv2D(32, 3, activation="relu", data_format="channels_last"),
            layers.Conv2D(64, 3, activation="relu", data_format="channels_last"),
            layers.MaxPooling2D(2, data_format="channels_last"),
            layers.Dropout(0.0),
            layers.Flatten(),
            layers.Dense(128, activation="relu"),
            layers.Dropout(0.0),
            layers.Dense(10, activation="softmax"),
        ]
    )


def _as_keras_lays_them_out(network: nn.Sequential) -> list[Array]:
    first, second, hidden, last = (
        layer for layer in network if isinstance(layer, nn.Conv2d | nn.Linear)
    )
    kernels = [
        first.weight.detach().permute(2, 3, 1, 0),
        second.weight.detach().permute(2, 3, 1, 0),
        # We flatten channels × height × width, Keras height × width × channels.
        hidden.weight.detach().view(128, 64, 2, 2).permute(2, 3, 1, 0).reshape(256, 128),
        last.weight.detach().T,
    ]
    layers = (first, second, hidden, last)
    arrays = []
    for kernel, layer in zip(kernels, layers, strict=True):
        assert isinstance(layer.bias, torch.Tensor)
        arrays += [kernel.numpy().copy(), layer.bias.detach().numpy().copy()]
    return arrays


def _pictures() -> tuple[torch.Tensor, torch.Tensor]:
    digits = load_digits().train.take(np.arange(BATCH * STEPS))
    return scale(torch.from_numpy(digits.images)), one_hot(torch.from_numpy(digits.targets), 10)


def _batches() -> list[tuple[torch.Tensor, torch.Tensor]]:
    images, targets = _pictures()
    return list(zip(torch.split(images, BATCH), torch.split(targets, BATCH), strict=True))


def _channels_last(images: torch.Tensor) -> Array:
    array: Array = images.permute(0, 2, 3, 1).numpy()
    return array


def _take_steps(network: nn.Sequential, optimizers: list[torch.optim.Optimizer]) -> list[float]:
    loss_of, losses = make_loss(RECIPE.loss), []
    for images, targets in _batches():
        network.zero_grad(set_to_none=False)
        loss = loss_of(network(images), targets)
        loss.backward()  # type: ignore[no-untyped-call]
        for optimizer in optimizers:
            optimizer.step()
        losses.append(loss.item())
    return losses


@pytest.fixture
def trained_by_keras() -> tuple[list[float], list[Array]]:
    """Keras's losses and weights over ten steps from our first weights."""
    theirs = _their_network()
    theirs.set_weights(_as_keras_lays_them_out(_our_network()))
    theirs.compile(
        optimizer=keras.optimizers.RMSprop(learning_rate=0.001, rho=0.9, epsilon=1e-7),
        loss=keras.losses.log_cosh,
    )
    losses = [
        float(theirs.train_on_batch(_channels_last(images), targets.numpy()))
        for images, targets in _batches()
    ]
    return losses, theirs.get_weights()


def _furthest(ours: list[Array], theirs: list[Array], start: list[Array]) -> float:
    """The largest difference, as a share of how far that tensor's weights moved at the most."""
    return max(
        float(np.abs(a - b).max() / np.abs(b - s).max())
        for a, b, s in zip(ours, theirs, start, strict=True)
    )


def test_the_recipe_says_what_the_tutorial_says() -> None:
    optimizer = RECIPE.optimizer
    assert (optimizer.name, optimizer.learning_rate) == ("rmsprop", 0.001)
    assert (optimizer.rho, optimizer.epsilon, optimizer.weight_decay) == (0.9, 1e-7, 0.0)
    assert (RECIPE.loss.name, RECIPE.epochs, RECIPE.batch) == ("log-cosh", 150, 10)


def test_both_have_53002_weights() -> None:
    assert _their_network().count_params() == 53_002
    assert sum(array.size for array in _as_keras_lays_them_out(_our_network())) == 53_002


def test_outputs_and_loss_are_the_same() -> None:
    ours, theirs = _our_network(), _their_network()
    theirs.set_weights(_as_keras_lays_them_out(ours))
    images, targets = _pictures()
    with torch.inference_mode():
        logits = ours(images)
        loss = float(make_loss(RECIPE.loss)(logits, targets))
    expected = theirs.predict(_channels_last(images), verbose=0)
    np.testing.assert_allclose(logits.softmax(dim=1), expected, rtol=1e-4)
    expected_loss = float(keras.losses.LogCosh()(targets.numpy(), expected))
    assert loss == pytest.approx(expected_loss, rel=1e-4)


def test_ten_rmsprop_steps_end_at_the_same_weights(
    trained_by_keras: tuple[list[float], list[Array]],
) -> None:
    expected_losses, expected = trained_by_keras
    ours = _our_network()
    start = _as_keras_lays_them_out(ours)
    losses = _take_steps(ours, make_optimizers(RECIPE.optimizer, ours))
    weights = _as_keras_lays_them_out(ours)
    assert losses == pytest.approx(expected_losses, rel=1e-4)
    for a, b in zip(weights, expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-4 * np.abs(b).max())
    assert _furthest(weights, expected, start) < 1e-4


def test_torchs_own_rmsprop_would_not(trained_by_keras: tuple[list[float], list[Array]]) -> None:
    """The bounds above are tight enough to tell the two definitions of epsilon apart."""
    ours = _our_network()
    start = _as_keras_lays_them_out(ours)
    _take_steps(ours, [torch.optim.RMSprop(ours.parameters(), lr=0.001, alpha=0.9, eps=1e-7)])
    assert _furthest(_as_keras_lays_them_out(ours), trained_by_keras[1], start) > 1
