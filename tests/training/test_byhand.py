"""Backpropagation by hand gives autograd's numbers."""

import copy

import pytest
import torch
from torch import Tensor, nn

from tenfold.errors import UsageError
from tenfold.training.byhand import ByHand
from tenfold.training.networks import make_network
from tenfold.training.optimizers import FlatParameters
from tenfold.training.sections import Network


def _gradients(network: nn.Sequential, images: Tensor, by_hand: bool) -> tuple[Tensor, Tensor]:
    """Return logits and all gradients of the sum of their squares."""
    network = copy.deepcopy(network)
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    for module in network:
        if isinstance(module, nn.Dropout):
            module.p = 0.0
    flat = FlatParameters(network)
    if by_hand:
        layers = ByHand(network)
        logits = layers.forward(images)
        layers.backward(2 * logits)
        return logits, flat.gradients
    logits = network(images)
    logits.square().sum().backward()
    return logits.detach(), flat.gradients


@pytest.mark.parametrize("name", ["tutorial", "mlp", "linear"])
@pytest.mark.parametrize(("size", "batch"), [(8, 10), (9, 1), (28, 3)])
def test_gradients_are_those_of_autograd(name: str, size: int, batch: int) -> None:
    torch.manual_seed(size)
    network = make_network(Network.model_validate({"name": name}), size, 10)
    images = torch.rand(batch, 1, size, size)
    for ours, theirs in zip(
        _gradients(network, images, by_hand=True),
        _gradients(network, images, by_hand=False),
        strict=True,
    ):
        torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-5)


def test_batches_of_changing_size_do_not_disturb_each_other() -> None:
    torch.manual_seed(0)
    network = make_network(Network(name="tutorial"), 8, 10)
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    for module in network:
        if isinstance(module, nn.Dropout):
            module.p = 0.0
    flat = FlatParameters(network)
    layers = ByHand(network)
    gradients = []
    for batch in (10, 7, 10):
        images = torch.rand(batch, 1, 8, 8, generator=torch.Generator().manual_seed(batch))
        layers.backward(layers.forward(images))
        gradients.append(flat.gradients.clone())
    assert torch.equal(gradients[0], gradients[2])
    assert not torch.equal(gradients[0], gradients[1])


def test_dropout_keeps_its_share_and_its_sum() -> None:
    torch.manual_seed(0)
    same = nn.Linear(1024, 1024)
    nn.init.eye_(same.weight)
    nn.init.zeros_(same.bias)
    network = nn.Sequential(nn.Dropout(0.25), nn.Flatten(), same)
    FlatParameters(network)
    out = ByHand(network).forward(torch.ones(64, 1, 32, 32))
    assert float((out == 0).float().mean()) == pytest.approx(0.25, abs=0.01)
    assert float(out.mean()) == pytest.approx(1.0, abs=0.02)


def test_a_layer_it_does_not_know_is_named() -> None:
    network = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2))
    FlatParameters(network)
    with pytest.raises(UsageError, match="BatchNorm2d"):
        ByHand(network)
