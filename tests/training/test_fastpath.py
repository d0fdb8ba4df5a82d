"""The fast path for tiny batches gives autograd's numbers."""

import copy

import pytest
import torch
from torch import Tensor, nn

from tenfold.errors import UsageError
from tenfold.training.fastpath import FastPath, FlatParameters
from tenfold.training.losses import make_loss, one_hot
from tenfold.training.networks import make_network
from tenfold.training.recipe import Recipe
from tenfold.training.recipe_sections import LOSSES, Network

RECIPE = Recipe()


def _network(name: str, size: int = 8) -> nn.Sequential:
    torch.manual_seed(size)
    network = make_network(Network.model_validate({"name": name}), size, 10)
    for module in network:
        if isinstance(module, nn.Dropout):
            module.p = 0.0
    return network


def _gradients(network: nn.Module) -> Tensor:
    return torch.cat([p.grad.flatten() for p in network.parameters() if p.grad is not None])


@pytest.mark.parametrize("name", ["tutorial", "mlp", "linear"])
@pytest.mark.parametrize(("size", "batch"), [(8, 10), (9, 1), (28, 3)])
def test_gradients_are_those_of_autograd(name: str, size: int, batch: int) -> None:
    plain = _network(name, size)
    network = copy.deepcopy(plain)
    images = torch.rand(batch, 1, size, size)
    fast = FastPath(network, RECIPE)
    logits = fast.forward(images)
    fast.backward(2 * logits)
    expected = plain(images)
    expected.square().sum().backward()
    torch.testing.assert_close(logits.clone(), expected.detach(), rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(_gradients(network), _gradients(plain), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("loss", LOSSES)
def test_every_loss_and_its_gradients_are_those_of_autograd(loss: str) -> None:
    plain = _network("tutorial")
    network = copy.deepcopy(plain)
    recipe = RECIPE.replace({"loss.name": loss})
    images, targets = torch.rand(10, 1, 8, 8), one_hot(torch.arange(10), 10, 0.1)
    _, found = FastPath(network, recipe)(images, targets)
    expected = make_loss(recipe.loss)(plain(images), targets)
    expected.backward()  # type: ignore[no-untyped-call]
    assert float(found) == pytest.approx(expected.item(), rel=1e-4)
    torch.testing.assert_close(_gradients(network), _gradients(plain), rtol=1e-3, atol=1e-6)


def test_batches_of_changing_size_do_not_disturb_each_other() -> None:
    network = _network("tutorial")
    fast = FastPath(network, RECIPE)
    gradients = []
    for batch in (10, 7, 10):
        images = torch.rand(batch, 1, 8, 8, generator=torch.Generator().manual_seed(batch))
        fast.backward(fast.forward(images))
        gradients.append(fast.flat.gradients.clone())
    assert torch.equal(gradients[0], gradients[2])
    assert not torch.equal(gradients[0], gradients[1])


def test_dropout_keeps_its_share_and_its_sum() -> None:
    torch.manual_seed(0)
    same = nn.Linear(1024, 1024)
    nn.init.eye_(same.weight)
    nn.init.zeros_(same.bias)
    network = nn.Sequential(nn.Dropout(0.25), nn.Flatten(), same)
    out = FastPath(network, RECIPE).forward(torch.ones(64, 1, 32, 32))
    assert float((out == 0).float().mean()) == pytest.approx(0.25, abs=0.01)
    assert float(out.mean()) == pytest.approx(1.0, abs=0.02)


def test_a_layer_it_does_not_know_is_named() -> None:
    network = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2))
    with pytest.raises(UsageError, match="BatchNorm2d"):
        FastPath(network, RECIPE)


def test_other_precision_is_refused() -> None:
    with pytest.raises(UsageError, match="float32"):
        FastPath(_network("mlp"), RECIPE.replace({"precision": "bfloat16"}))


def test_parameters_become_views_into_one_vector_and_stay_what_they_were() -> None:
    network = _network("tutorial").to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    before = copy.deepcopy(network)
    flat = FlatParameters(network)
    assert flat.values.numel() == sum(p.numel() for p in before.parameters())
    for p, old in zip(network.parameters(), before.parameters(), strict=True):
        assert torch.equal(p, old)
        if p.ndim == 4:
            assert p.is_contiguous(memory_format=torch.channels_last)
        assert p.untyped_storage().data_ptr() == flat.values.untyped_storage().data_ptr()
        assert p.grad is not None
        assert p.grad.untyped_storage().data_ptr() == flat.gradients.untyped_storage().data_ptr()


def test_the_vector_is_cut_into_what_decays_and_what_does_not() -> None:
    network = _network("tutorial")
    flat = FlatParameters(network)
    (matrices,), (vectors,) = flat.groups(0.1)
    assert matrices.numel() == sum(p.numel() for p in network.parameters() if p.ndim >= 2)
    assert vectors.numel() == sum(p.numel() for p in network.parameters() if p.ndim < 2)
    (whole,), nothing = flat.groups(0.0)
    assert not nothing
    flat.values.fill_(0.5)
    for part in (*network.parameters(), matrices, vectors, whole):
        assert bool((part == 0.5).all())
