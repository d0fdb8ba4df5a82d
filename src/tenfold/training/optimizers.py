"""Optimizers and learning-rate schedules by name.

All weights of a network live in one vector, cut in two: those that weight decay applies to and
those it does not. A step then costs a handful of operations instead of a handful per layer, which
for the small networks of this field is most of the work.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any, overload

import torch
from torch import Tensor, nn

from tenfold.errors import UsageError
from tenfold.training.sections import Optimizer, Schedule


class FlatParameters:
    """All weights of a network as views into one vector, with their gradients likewise.

    Parameters
    ----------
    network : torch.nn.Module
        Its parameters are moved into the vector and stay usable as before.

    Attributes
    ----------
    values, gradients : Tensor, shape (count,)
        The weights and their gradients; kernels and matrices first, then biases and the like.
    whole, matrices, vectors : torch.nn.Parameter
        All of ``values`` and its two parts: what weight decay applies to, and what it does not.
    """

    def __init__(self, network: nn.Module) -> None:
        # A stable sort keeps the layers in order within each part.
        members = sorted(network.parameters(), key=lambda p: p.ndim < 2)
        count = sum(p.numel() for p in members)
        self.values = torch.empty(count, device=members[0].device)
        self.gradients = torch.zeros_like(self.values)
        offset = 0
        for p in members:
            part = slice(offset, offset + p.numel())
            value = _view(self.values[part], p)
            value.copy_(p.detach())
            p.data = value
            p.grad = _view(self.gradients[part], p)
            offset = part.stop
        split = sum(p.numel() for p in members if p.ndim >= 2)
        self.matrices = nn.Parameter(self.values[:split])
        self.vectors = nn.Parameter(self.values[split:])
        self.whole = nn.Parameter(self.values)
        self.whole.grad = self.gradients
        self.matrices.grad = self.gradients[:split]
        self.vectors.grad = self.gradients[split:]


def _view(part: Tensor, like: Tensor) -> Tensor:
    """Shape a stretch of the vector like a weight, channels-last where the weight is."""
    if like.ndim == 4 and not like.is_contiguous():
        o, i, h, w = like.shape
        return part.view(o, h, w, i).permute(0, 3, 1, 2)
    return part.view_as(like)


class RMSprop(torch.optim.Optimizer):
    """RMSprop as Keras defines it: epsilon inside the square root.

    torch.optim.RMSprop adds epsilon outside of it, which moves the weights differently wherever
    gradients are small (Tieleman & Hinton 2012, lecture 6.5; ``keras.optimizers.RMSprop``).

    Parameters
    ----------
    params : iterable of Parameter or of groups
    lr, rho, eps, weight_decay : float
        Learning rate, memory of squared gradients, epsilon, decoupled weight decay.
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 0.001,
        rho: float = 0.9,
        eps: float = 1e-7,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(params, {"lr": lr, "rho": rho, "eps": eps, "weight_decay": weight_decay})

    @overload
    def step(self, closure: None = None) -> None: ...
    @overload
    def step(self, closure: Callable[[], float]) -> float: ...
    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:
        """Move the weights once; returns what ``closure`` does, as torch's own optimizers do."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is None:
                    continue
                state = self.state[p]
                if not state:
                    state["square_avg"] = torch.zeros_like(p)
                average = state["square_avg"]
                average.mul_(group["rho"]).addcmul_(p.grad, p.grad, value=1 - group["rho"])
                if group["weight_decay"]:
                    p.mul_(1 - group["lr"] * group["weight_decay"])
                p.addcmul_(p.grad, (average + group["eps"]).rsqrt_(), value=-group["lr"])
        return loss

    # Torch wraps every optimizer's step in a profiler's record unless told that it has done so;
    # for the tutorial's network that is a tenth of the work.
    step.hooked = True  # type: ignore[attr-defined]


def make_optimizers(
    optimizer: Optimizer, network: nn.Module, flat: FlatParameters
) -> list[torch.optim.Optimizer]:
    """Return the optimizer a recipe names; Muon comes as two, one of them for what it cannot take.

    Raises
    ------
    UsageError
        If this torch has no Muon (it came with 2.9).
    """
    rate, decay, epsilon = optimizer.learning_rate, optimizer.weight_decay, optimizer.epsilon
    groups: list[dict[str, Any]] = [
        {"params": [flat.matrices], "weight_decay": decay},
        {"params": [flat.vectors], "weight_decay": 0.0},
    ]
    groups = [group for group in groups if group["params"][0].numel()]
    if not decay:
        groups = [{"params": [flat.whole], "weight_decay": 0.0}]
    if optimizer.name == "rmsprop":
        return [RMSprop(groups, lr=rate, rho=optimizer.rho, eps=epsilon)]
    if optimizer.name == "sgd":
        momentum = optimizer.momentum
        return [torch.optim.SGD(groups, lr=rate, momentum=momentum, nesterov=momentum > 0)]
    if optimizer.name == "adam":
        return [torch.optim.Adam(groups, lr=rate, betas=optimizer.betas, eps=epsilon)]
    if optimizer.name == "adamw":
        return [torch.optim.AdamW(groups, lr=rate, betas=optimizer.betas, eps=epsilon)]
    return _muon(optimizer, network)


def _muon(optimizer: Optimizer, network: nn.Module) -> list[torch.optim.Optimizer]:
    """Muon moves matrices (Jordan et al. 2024); AdamW takes kernels and biases along."""
    if not hasattr(torch.optim, "Muon"):
        raise UsageError("optimizer.name = 'muon': this torch has none; it came with torch 2.9.")
    matrices = [p for p in network.parameters() if p.ndim == 2]
    others = [p for p in network.parameters() if p.ndim != 2]
    made: list[torch.optim.Optimizer] = [
        torch.optim.Muon(
            matrices,
            lr=optimizer.learning_rate,
            weight_decay=optimizer.weight_decay,
            momentum=optimizer.momentum,
            # scales each step to the size AdamW's would have, so one learning rate serves both
            adjust_lr_fn="match_rms_adamw",
        )
    ]
    if others:
        made.append(
            torch.optim.AdamW(
                others,
                lr=optimizer.learning_rate,
                betas=optimizer.betas,
                eps=optimizer.epsilon,
                weight_decay=0.0,
            )
        )
    return made


def rate_factor(schedule: Schedule, step: int, steps: int) -> float:
    """Return the share of the peak learning rate that step ``step`` of ``steps`` runs at.

    One-cycle rises and falls in straight lines (Smith & Topin 2017, arXiv 1708.07120); cosine
    falls along half a wave (Loshchilov & Hutter 2016, arXiv 1608.03983).
    """
    warm = schedule.warmup * steps
    if step < warm:
        return (step + 1) / (warm + 1)
    if schedule.name == "constant":
        return 1.0
    left = 1 - (step - warm) / max(steps - warm, 1)
    if schedule.name == "cosine":
        left = 0.5 - 0.5 * math.cos(math.pi * left)
    return schedule.final + (1 - schedule.final) * left
