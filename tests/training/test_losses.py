from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from tenfold.training.losses import focal, make_loss, one_hot
from tenfold.training.recipe_sections import LOSSES, Loss

# Two pictures, three classes; softmax of these logits is known by heart.
LOGITS = torch.log(torch.tensor([[0.7, 0.2, 0.1], [0.25, 0.25, 0.5]]))
TARGETS = torch.tensor([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
ERRORS = np.array([[-0.3, 0.2, 0.1], [0.25, -0.75, 0.5]])

BY_HAND = {
    "cross-entropy": -(math.log(0.7) + math.log(0.25)) / 2,
    "log-cosh": float(np.log(np.cosh(ERRORS)).mean()),
    "mean-squared-error": float((ERRORS**2).mean()),
    "kl-divergence": -(math.log(0.7) + math.log(0.25)) / 2,  # one-hot targets have no entropy
    "focal": -(0.3**2 * math.log(0.7) + 0.75**2 * math.log(0.25)) / 2,
}


def _loss(name: str, **more: Any) -> Any:
    return make_loss(Loss.model_validate({"name": name} | more))


@pytest.fixture
def drawn() -> tuple[Tensor, Tensor]:
    """Logits and labels of forty pictures."""
    generator = torch.Generator().manual_seed(1)
    logits = torch.randn(40, 10, generator=generator) * 3
    return logits, torch.randint(10, (40,), generator=generator)


def test_every_loss_has_a_value_by_hand() -> None:
    assert set(BY_HAND) == set(LOSSES)


@pytest.mark.parametrize("name", LOSSES)
def test_values_worked_by_hand(name: str) -> None:
    assert float(_loss(name)(LOGITS, TARGETS)) == pytest.approx(BY_HAND[name], rel=1e-6)


def _keras_loss(name: str) -> Any:
    losses = pytest.importorskip("keras").losses
    return {
        "cross-entropy": losses.CategoricalCrossentropy(),
        "log-cosh": losses.LogCosh(),
        "mean-squared-error": losses.MeanSquaredError(),
        "kl-divergence": losses.KLDivergence(),
        "focal": losses.CategoricalFocalCrossentropy(alpha=1.0, gamma=2.0),
    }[name]


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("name", LOSSES)
def test_values_are_keras_values(name: str, smoothing: float, drawn: tuple[Tensor, Tensor]) -> None:
    logits, labels = drawn
    targets = one_hot(labels, 10, smoothing)
    expected = float(_keras_loss(name)(targets.numpy(), logits.softmax(dim=1).numpy()))
    assert float(_loss(name)(logits, targets)) == pytest.approx(expected, rel=1e-4)


def test_smoothing_is_keras_smoothing(drawn: tuple[Tensor, Tensor]) -> None:
    logits, labels = drawn
    keras = pytest.importorskip("keras")
    theirs = keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=0.2)
    ours = _loss("cross-entropy")(logits, one_hot(labels, 10, 0.2))
    assert float(ours) == pytest.approx(float(theirs(one_hot(labels, 10).numpy(), logits)))


def test_focal_without_gamma_is_cross_entropy(drawn: tuple[Tensor, Tensor]) -> None:
    logits, labels = drawn
    targets = one_hot(labels, 10)
    plain = _loss("cross-entropy")(logits, targets)
    torch.testing.assert_close(_loss("focal", gamma=0.0)(logits, targets), plain)
    assert float(focal(logits, targets, 2.0)) < float(focal(logits, targets, 1.0)) < float(plain)


@pytest.mark.parametrize("name", LOSSES)
def test_extreme_logits_give_numbers_and_gradients(name: str) -> None:
    logits = torch.tensor([[1e4, -1e4, 0.0], [-1e4, 1e4, 3e4]], requires_grad=True)
    loss = _loss(name)(logits, TARGETS)
    loss.backward()
    assert torch.isfinite(loss)
    assert logits.grad is not None
    assert torch.isfinite(logits.grad).all()


def test_the_derivative_of_log_cosh_is_that_of_its_formula(drawn: tuple[Tensor, Tensor]) -> None:
    logits, labels = drawn
    targets = one_hot(labels, 10)
    ours, plain = logits.clone().requires_grad_(), logits.double().requires_grad_()
    (3 * _loss("log-cosh")(ours, targets)).backward()
    error = plain.softmax(dim=1) - targets
    (3 * torch.log(torch.cosh(error)).mean()).backward()  # type: ignore[no-untyped-call]
    assert ours.grad is not None
    assert plain.grad is not None
    torch.testing.assert_close(ours.grad, plain.grad.float(), rtol=1e-4, atol=1e-8)


@pytest.mark.parametrize("name", LOSSES)
def test_the_right_answer_costs_nothing_and_a_wrong_one_something(name: str) -> None:
    loss = _loss(name)
    assert float(loss(TARGETS * 50, TARGETS)) == pytest.approx(0, abs=1e-6)
    assert float(loss(TARGETS * -50, TARGETS)) > 0.1


def test_one_hot_rows() -> None:
    labels = torch.tensor([2, 0], dtype=torch.uint8)
    assert one_hot(labels, 3).tolist() == [[0, 0, 1], [1, 0, 0]]
    torch.testing.assert_close(
        one_hot(labels, 4, 0.2),
        torch.tensor([[0.05, 0.05, 0.85, 0.05], [0.85, 0.05, 0.05, 0.05]]),
    )
