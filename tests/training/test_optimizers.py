from __future__ import annotations

import copy
import math
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from tenfold.errors import UsageError
from tenfold.training.losses import cross_entropy, one_hot
from tenfold.training.networks import make_network
from tenfold.training.optimizers import FlatParameters, RMSprop, make_optimizers, rate_factor
from tenfold.training.sections import OPTIMIZERS, Network, Optimizer, Schedule

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
def test_weights_become_views_and_stay_what_they_were(
    channels_last: bool, batch: tuple[Tensor, Tensor]
) -> None:
    network = _network(channels_last)
    before = copy.deepcopy(network)
    flat = FlatParameters(network)
    assert flat.values.numel() == sum(p.numel() for p in before.parameters())
    for p, old in zip(network.parameters(), before.parameters(), strict=True):
        assert torch.equal(p, old)
        if p.ndim == 4 and channels_last:
            assert p.is_contiguous(memory_format=torch.channels_last)
        assert p.untyped_storage().data_ptr() == flat.values.untyped_storage().data_ptr()
    torch.testing.assert_close(network(batch[0]), before(batch[0]))


@pytest.mark.parametrize("channels_last", [False, True])
def test_gradients_gather_in_the_vector(channels_last: bool, batch: tuple[Tensor, Tensor]) -> None:
    network, plain = _network(channels_last), _network(channels_last)
    flat = FlatParameters(network)
    for _ in range(2):  # zeroed in place, they must not leave the vector
        flat.gradients.zero_()
        _step(network, batch)
    _step(plain, batch)
    for p, expected in zip(network.parameters(), plain.parameters(), strict=True):
        assert p.grad is not None
        assert p.grad.untyped_storage().data_ptr() == flat.gradients.untyped_storage().data_ptr()
        torch.testing.assert_close(p.grad, expected.grad)
    assert flat.matrices.grad is not None
    assert flat.matrices.grad.abs().sum() > 0


def test_the_vector_is_cut_into_matrices_and_vectors() -> None:
    network = _network()
    flat = FlatParameters(network)
    assert flat.matrices.numel() == sum(p.numel() for p in network.parameters() if p.ndim >= 2)
    assert flat.vectors.numel() == sum(p.numel() for p in network.parameters() if p.ndim < 2)
    flat.values.fill_(0.5)
    assert all(bool((p == 0.5).all()) for p in [*network.parameters(), flat.matrices, flat.vectors])


@pytest.mark.parametrize("channels_last", [False, True])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_optimizer_lowers_the_loss(
    name: str, channels_last: bool, batch: tuple[Tensor, Tensor]
) -> None:
    network = _network(channels_last)
    flat = FlatParameters(network)
    made = make_optimizers(_optimizer(name), network, flat)
    losses = []
    for _ in range(40):
        flat.gradients.zero_()
        losses.append(_step(network, batch, *made))
    assert losses[-1] < 0.6 * losses[0]


def _torchs_own(name: str, groups: list[dict[str, Any]]) -> torch.optim.Optimizer:
    rate = RATES[name]
    if name == "sgd":
        return torch.optim.SGD(groups, lr=rate, momentum=0.9, nesterov=True)
    if name == "adam":
        return torch.optim.Adam(groups, lr=rate, eps=1e-7)
    return torch.optim.AdamW(groups, lr=rate, eps=1e-7)


@pytest.mark.parametrize("channels_last", [False, True])
@pytest.mark.parametrize("name", ["sgd", "adam", "adamw"])
def test_steps_on_the_vector_are_torchs_own_steps(
    name: str, channels_last: bool, batch: tuple[Tensor, Tensor]
) -> None:
    network, plain = _network(channels_last), _network(channels_last)
    flat = FlatParameters(network)
    made = make_optimizers(_optimizer(name, weight_decay=0.1), network, flat)
    matrices = [p for p in plain.parameters() if p.ndim >= 2]
    vectors = [p for p in plain.parameters() if p.ndim < 2]
    theirs = _torchs_own(
        name,
        [{"params": matrices, "weight_decay": 0.1}, {"params": vectors, "weight_decay": 0.0}],
    )
    for _ in range(5):
        flat.gradients.zero_()
        theirs.zero_grad()
        _step(network, batch, *made)
        _step(plain, batch, theirs)
    for p, expected in zip(network.parameters(), plain.parameters(), strict=True):
        torch.testing.assert_close(p, expected, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("name", ["rmsprop", "sgd", "adamw", "muon"])
def test_weight_decay_shrinks_matrices_alone(name: str) -> None:
    network = _network(name="mlp")
    flat = FlatParameters(network)
    flat.values.fill_(1.0)
    for optimizer in make_optimizers(_optimizer(name, weight_decay=0.5), network, flat):
        optimizer.step()  # with gradients of zero, decay alone moves weights
    # SGD's decay passes through its momentum, as torch.optim.SGD and Nesterov have it.
    expected = 1 - 0.5 * RATES[name] * (1.9 if name == "sgd" else 1)
    torch.testing.assert_close(flat.matrices.detach(), torch.full_like(flat.matrices, expected))
    torch.testing.assert_close(flat.vectors.detach(), torch.ones_like(flat.vectors))


def test_muon_takes_matrices_and_adamw_the_rest(batch: tuple[Tensor, Tensor]) -> None:
    network = _network()
    muon, adamw = make_optimizers(_optimizer("muon"), network, FlatParameters(network))
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
        make_optimizers(_optimizer("muon"), network, FlatParameters(network))


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


def _rates(steps: int = 100, **schedule: Any) -> list[float]:
    made = Schedule.model_validate(schedule)
    return [rate_factor(made, step, steps) for step in range(steps)]


def test_constant_stays_and_rises_first_where_asked() -> None:
    assert _rates(name="constant") == [1.0] * 100
    warm = _rates(name="constant", warmup=0.1)
    assert warm[:2] == pytest.approx([1 / 11, 2 / 11])
    assert warm[10:] == [1.0] * 90


@pytest.mark.parametrize("name", ["one-cycle", "cosine"])
def test_schedules_rise_to_the_peak_and_fall_to_the_end(name: str) -> None:
    rates = _rates(name=name, warmup=0.2, final=0.1)
    assert rates[0] == pytest.approx(1 / 21)
    assert rates[20] == max(rates) == 1.0
    assert rates[:21] == sorted(rates[:21])
    assert rates[20:] == sorted(rates[20:], reverse=True)
    assert rate_factor(Schedule(name=name, warmup=0.2, final=0.1), 100, 100) == pytest.approx(0.1)  # type: ignore[arg-type]
    assert 0 < rates[-1] - 0.1 < 0.02


def test_one_cycle_is_straight_and_cosine_half_a_wave() -> None:
    assert _rates(name="one-cycle")[::25] == pytest.approx([1, 0.75, 0.5, 0.25])
    assert _rates(name="cosine")[::25] == pytest.approx(
        [1, 0.5 + math.sqrt(0.125), 0.5, 0.5 - math.sqrt(0.125)]
    )


@pytest.mark.parametrize("name", ["constant", "one-cycle", "cosine"])
@pytest.mark.parametrize("warmup", [0.0, 0.5, 0.99])
def test_no_schedule_stands_still_in_a_run_of_one_step(name: str, warmup: float) -> None:
    (rate,) = _rates(1, name=name, warmup=warmup)
    assert 0 < rate <= 1
