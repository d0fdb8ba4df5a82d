"""Optimizers, learning-rate schedules and the average of the weights, by name.

All are torch's own but RMSprop, which Keras defines in another way.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any, overload

import torch
from torch import Tensor, nn
from torch.optim.lr_scheduler import LambdaLR, LRScheduler, OneCycleLR
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from tenfold.errors import UsageError
from tenfold.training.recipe_sections import Optimizer, Schedule

Parameters = Iterable[nn.Parameter]
Tensors = tuple[Tensor, ...] | list[Tensor]


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
    optimizer: Optimizer, network: nn.Module, groups: tuple[Parameters, Parameters] | None = None
) -> list[torch.optim.Optimizer]:
    """Return the optimizer a recipe names; Muon comes as two, one of them for what it cannot take.

    Parameters
    ----------
    optimizer : Optimizer
    network : torch.nn.Module
    groups : pair of parameters, optional
        What weight decay applies to and what it does not; by default the network's kernels and
        matrices, and its other parameters. Muon always takes the network's.

    Raises
    ------
    UsageError
        If this torch has no Muon (it came with 2.9).
    """
    if optimizer.name == "muon":
        return _muon(optimizer, network)
    rate, epsilon = optimizer.learning_rate, optimizer.epsilon
    decayed, others = groups or (
        [p for p in network.parameters() if p.ndim >= 2],
        [p for p in network.parameters() if p.ndim < 2],
    )
    params: list[dict[str, Any]] = [
        {"params": list(decayed), "weight_decay": optimizer.weight_decay},
        {"params": list(others), "weight_decay": 0.0},
    ]
    params = [group for group in params if group["params"]]
    if optimizer.name == "rmsprop":
        return [RMSprop(params, lr=rate, rho=optimizer.rho, eps=epsilon)]
    if optimizer.name == "sgd":
        momentum, nesterov = optimizer.momentum, optimizer.momentum > 0
        return [torch.optim.SGD(params, rate, momentum, nesterov=nesterov, fused=True)]
    adam = torch.optim.Adam if optimizer.name == "adam" else torch.optim.AdamW
    return [adam(params, rate, optimizer.betas, epsilon, fused=True)]


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
                fused=True,
            )
        )
    return made


def make_scheduler(
    optimizer: torch.optim.Optimizer, schedule: Schedule, steps: int
) -> LRScheduler | None:
    """Return what moves an optimizer's learning rate from step to step; None if nothing does.

    One-cycle rises and falls in straight lines (Smith & Topin 2017, arXiv 1708.07120), cosine in
    half a wave each (Loshchilov & Hutter 2016, arXiv 1608.03983).
    """
    # One more than there are: the last step is to move the weights, too.
    total = steps + 1
    warm = schedule.warmup * total
    if schedule.name == "constant":
        return LambdaLR(optimizer, lambda step: min(1, (step + 1) / (warm + 1))) if warm else None
    if warm < 2:  # no step but the peak would lie in it, and torch would divide by zero
        warm = 0.0
    first = 1 / (warm + 1)  # as shares of the peak
    return OneCycleLR(
        optimizer,
        max_lr=[group["lr"] for group in optimizer.param_groups],
        total_steps=total,
        pct_start=warm / total,
        anneal_strategy="linear" if schedule.name == "one-cycle" else "cos",
        cycle_momentum=False,
        div_factor=1 / first,
        final_div_factor=first / schedule.final if schedule.final else math.inf,
    )


def make_average(network: nn.Module, decay: float) -> AveragedModel:
    """Return a copy of the network that follows it; ``update_parameters`` takes it one step on.

    Batch normalisation's figures are averaged as the weights are.
    """

    def follow(averages: Tensors, values: Tensors, count: Tensor | int) -> None:
        # A shorter memory at first, or the random first weights would weigh on for long.
        step = int(count) + 1
        keep = min(decay, (1 + step) / (10 + step))
        get_ema_multi_avg_fn(keep)(averages, values, count)  # type: ignore[no-untyped-call]

    return AveragedModel(network, multi_avg_fn=follow, use_buffers=True)
