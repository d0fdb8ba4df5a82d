from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from tenfold.errors import UsageError
from tenfold.training.fastpath import FlatParameters
from tenfold.training.losses import cross_entropy, one_hot
from tenfold.training.networks import make_network
from tenfold.training.optimizers import (
    RMSprop,
    make_average,
    make_optimizers,
    make_scheduler,
)
from tenfold.training.recipe_sections import OPTIMIZERS, Network, Optimizer, Schedule

RATES = {"rmsprop": 0.003, "sgd": 0.05, "adam": 0.003, "adamw": 0.003, "muon": 0.01}


def _network(channels_last: bool = False, name: str = "convnet") -> nn.Sequential:
    torch.manual_seed(0)
    network = make_network(
        Network.model_validate({"name": name, "channels": [3, 4], "depth": 2}), 8, 10
    )
    if channels_last:
        network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return network


def _optimizer(name: str, **more: Any) -> Optimizer:
    return Optimizer.model_validate({"name": name, "learning_rate": RATES[name]} | more)


@pytest.fixture
def batch() -> tuple[Tensor, Tensor]:
    """Thirty random pictures with random labels: enough to be learnt by heart."""
    generator = torch.Generator().manual_seed(0)
    images = torch.rand(30, 1, 8, 8, generator=generator)
    return images, one_hot(torch.randint(10, (30,), generator=generator), 10)


def _step(network: nn.Module, batch: tuple[Tensor, Tensor], *made: torch.optim.Optimizer) -> float:
    loss = cross_entropy(network(batch[0]), batch[1])
    loss.backward()  # type: ignore[no-untyped-call]
    for optimizer in made:
        optimizer.step()
    return loss.item()


@pytest.mark.parametrize("channels_last", [False, True])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_optimizer_lowers_the_loss(
    name: str, channels_last: bool, batch: tuple[Tensor, Tensor]
) -> None:
    network = _network(channels_last)
    made = make_optimizers(_optimizer(name), network)
    losses = []
    for _ in range(40):
        network.zero_grad()
        losses.append(_step(network, batch, *made))
    assert losses[-1] < 0.6 * losses[0]


def _torchs_own(name: str, groups: list[dict[str, Any]]) -> torch.optim.Optimizer:
    rate = RATES[name]
    if name == "sgd":
        return torch.optim.SGD(groups, lr=rate, momentum=0.9, nesterov=True, foreach=False)
    if name == "adam":
        return torch.optim.Adam(groups, lr=rate, eps=1e-7, foreach=False)
    return torch.optim.AdamW(groups, lr=rate, eps=1e-7, foreach=False)


@pytest.mark.parametrize("channels_last", [False, True])
@pytest.mark.parametrize("name", ["sgd", "adam", "adamw"])
@pytest.mark.parametrize("on_the_vector", [False, True])
def test_steps_are_those_of_torchs_plain_loops(
    name: str, channels_last: bool, on_the_vector: bool, batch: tuple[Tensor, Tensor]
) -> None:
    network, plain = _network(channels_last), _network(channels_last)
    flat = FlatParameters(network) if on_the_vector else None
    groups = flat.groups(0.1) if flat else None
    made = make_optimizers(_optimizer(name, weight_decay=0.1), network, groups)
    matrices = [p for p in plain.parameters() if p.ndim >= 2]
    vectors = [p for p in plain.parameters() if p.ndim < 2]
    theirs = _torchs_own(
        name,
        [{"params": matrices, "weight_decay": 0.1}, {"params": vectors, "weight_decay": 0.0}],
    )
    for _ in range(5):
        network.zero_grad(set_to_none=not on_the_vector)  # its gradients must not leave the vector
        theirs.zero_grad()
        _step(network, batch, *made)
        _step(plain, batch, theirs)
    for p, expected in zip(network.parameters(), plain.parameters(), strict=True):
        torch.testing.assert_close(p, expected, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("name", ["rmsprop", "sgd", "adamw", "muon"])
def test_weight_decay_shrinks_matrices_alone(name: str) -> None:
    network = _network(name="mlp")
    for p in network.parameters():
        nn.init.ones_(p)
        p.grad = torch.zeros_like(p)  # with gradients of zero, decay alone moves weights
    for optimizer in make_optimizers(_optimizer(name, weight_decay=0.5), network):
        optimizer.step()
    # SGD's decay passes through its momentum, as torch.optim.SGD and Nesterov have it.
    shrunk = 1 - 0.5 * RATES[name] * (1.9 if name == "sgd" else 1)
    for p in network.parameters():
        expected = torch.full_like(p, shrunk if p.ndim >= 2 else 1.0)
        torch.testing.assert_close(p.detach(), expected)


def test_muon_takes_matrices_and_adamw_the_rest(batch: tuple[Tensor, Tensor]) -> None:
    network = _network()
    muon, adamw = make_optimizers(_optimizer("muon"), network)
    assert isinstance(muon, torch.optim.Muon)
    assert isinstance(adamw, torch.optim.AdamW)
    shapes = [{p.ndim for g in made.param_groups for p in g["params"]} for made in (muon, adamw)]
    assert shapes == [{2}, {1, 4}]
    taken = [p for made in (muon, adamw) for g in made.param_groups for p in g["params"]]
    assert {id(p) for p in taken} == {id(p) for p in network.parameters()}


def test_without_muon_in_torch_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(torch.optim, "Muon")
    network = _network()
    with pytest.raises(UsageError, match=r"optimizer\.name = 'muon': .* torch 2\.9"):
        make_optimizers(_optimizer("muon"), network)


def test_rmsprop_worked_by_hand() -> None:
    weight = nn.Parameter(torch.tensor([1.0]))
    optimizer = RMSprop([weight], lr=0.1, rho=0.9, eps=1e-3)
    average, value = 0.0, 1.0
    for gradient in (0.5, -0.02):
        weight.grad = torch.tensor([gradient])
        optimizer.step()
        average = 0.9 * average + 0.1 * gradient**2
        value -= 0.1 * gradient / math.sqrt(average + 1e-3)
        assert weight.item() == pytest.approx(value, rel=1e-6)


def test_rmsprop_passes_over_what_has_no_gradient_and_returns_the_closures_loss() -> None:
    idle = nn.Parameter(torch.ones(2))
    optimizer = RMSprop([idle])
    assert optimizer.step(lambda: 7.0) == 7.0
    assert idle.tolist() == [1.0, 1.0]


def _rates(steps: int = 100, count: int | None = None, **schedule: Any) -> list[float]:
    """The learning rate of each step, as a share of its peak."""
    optimizer = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=1.0)
    scheduler = make_scheduler(optimizer, Schedule.model_validate(schedule), steps)
    rates = []
    for _ in range(count or steps):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        if scheduler is not None:
            scheduler.step()
    return rates


def test_constant_stays_and_rises_first_where_asked() -> None:
    assert _rates(name="constant") == [1.0] * 100
    warm = _rates(name="constant", warmup=0.1)
    assert warm[:2] == pytest.approx([1 / 11.1, 2 / 11.1])
    assert warm[11:] == [1.0] * 89


@pytest.mark.parametrize("name", ["one-cycle", "cosine"])
def test_schedules_rise_to_the_peak_and_fall_to_the_end(name: str) -> None:
    rates = _rates(count=101, name=name, warmup=0.2, final=0.1)
    assert rates[0] == pytest.approx(1 / 21.2)
    assert max(rates) == pytest.approx(1, abs=0.02)
    peak = rates.index(max(rates))
    assert peak == 20
    assert rates[: peak + 1] == sorted(rates[: peak + 1])
    assert rates[peak:] == sorted(rates[peak:], reverse=True)
    assert rates[100] == pytest.approx(0.1)  # one step after the last
    assert rates[99] > 0.1


def test_one_cycle_is_straight_and_cosine_half_a_wave() -> None:
    assert _rates(name="one-cycle")[::25] == pytest.approx([1, 0.75, 0.5, 0.25], abs=0.011)
    assert _rates(name="cosine")[::25] == pytest.approx(
        [1, 0.5 + math.sqrt(0.125), 0.5, 0.5 - math.sqrt(0.125)], abs=0.016
    )


@pytest.mark.parametrize("name", ["constant", "one-cycle", "cosine"])
@pytest.mark.parametrize("warmup", [0, 0.0, 0.2, 0.25, 0.5, 0.99])
@pytest.mark.parametrize("steps", [1, 2, 3, 4, 9])
def test_no_schedule_stands_still_in_a_short_run(name: str, warmup: float, steps: int) -> None:
    rates = _rates(steps, name=name, warmup=warmup)
    assert all(0 < rate <= 1 for rate in rates)


def test_the_average_starts_at_the_weights_and_follows_more_and_more_slowly() -> None:
    network = nn.BatchNorm1d(1)
    average = make_average(network, 0.3)
    expected = 0.0
    for step in range(1, 8):
        for value in network.state_dict().values():
            value.fill_(step)
        average.update_parameters(network)
        decay = min(0.3, (1 + step) / (10 + step)) if step > 1 else 0.0
        expected = decay * expected + (1 - decay) * step
        followed = average.module.state_dict()
        for name in ("weight", "bias", "running_mean", "running_var"):
            assert followed[name].item() == pytest.approx(expected)
