"""Losses: logits and targets in, one number out.

Targets are probabilities over the classes, shape ``(n, k)``: one-hot rows, or smoothed ones.
Log-cosh, mean squared error and KL divergence compare probabilities and average exactly as
Keras does (over classes where it does, then over the batch), so figures can be set side by side.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

from tenfold.training.recipe_sections import Loss

LossFunction = Callable[[Tensor, Tensor], Tensor]


def cross_entropy(logits: Tensor, targets: Tensor) -> Tensor:
    """Mean negative log-likelihood, in nats."""
    return functional.cross_entropy(logits, targets)


def log_cosh(logits: Tensor, targets: Tensor) -> Tensor:
    """Mean of log(cosh(probability - target)): squared near zero, absolute far from it."""
    error = functional.softmax(logits, dim=1) - targets
    # cosh² = 1 / (1 - tanh²), which is exact for small errors and as far as they go, to ±1.
    return -0.5 * torch.log1p(-error.tanh().square()).mean()


def mean_squared_error(logits: Tensor, targets: Tensor) -> Tensor:
    """Mean squared difference between probabilities and targets, over classes and batch."""
    return functional.mse_loss(functional.softmax(logits, dim=1), targets)


def kl_divergence(logits: Tensor, targets: Tensor) -> Tensor:
    """Mean Kullback-Leibler divergence of the prediction from the targets, in nats."""
    return functional.kl_div(functional.log_softmax(logits, dim=1), targets, reduction="batchmean")


def focal(logits: Tensor, targets: Tensor, gamma: float) -> Tensor:
    """Cross-entropy with easy pictures played down by (1 - p)^gamma (Lin et al. 2017)."""
    log_p = functional.log_softmax(logits, dim=1)
    return -(targets * (1 - log_p.exp()) ** gamma * log_p).sum(dim=1).mean()


def make_loss(loss: Loss) -> LossFunction:
    """Return the loss a recipe names."""
    if loss.name == "focal":
        return lambda logits, targets: focal(logits, targets, loss.gamma)
    named: dict[str, LossFunction] = {
        "cross-entropy": cross_entropy,
        "log-cosh": log_cosh,
        "mean-squared-error": mean_squared_error,
        "kl-divergence": kl_divergence,
    }
    return named[loss.name]


def one_hot(labels: Tensor, classes: int, smoothing: float = 0.0) -> Tensor:
    """Turn class numbers, shape ``(n,)``, into target probabilities, float32 ``(n, classes)``.

    Smoothing spreads that share of each row evenly over all classes (Szegedy et al. 2016).
    """
    targets = functional.one_hot(labels.long(), classes).float()
    return targets * (1 - smoothing) + smoothing / classes
