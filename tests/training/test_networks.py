from __future__ import annotations

from collections.abc import Sequence

import pytest
import torch
from torch import nn

from tenfold.errors import UsageError
from tenfold.training.networks import count_parameters, make_network, scale
from tenfold.training.recipe import built_in_recipes, load_recipe
from tenfold.training.recipe_sections import Network

# Where another halving begins to fit, and both neighbours; every size takes half a minute.
FEW_SIZES = (8, 9, 15, 16, 17, 23, 28, 31, 32, 33, 47, 48, 49, 63, 64)
SIZES = pytest.mark.parametrize(
    "sizes", [FEW_SIZES, pytest.param(range(8, 65), marks=pytest.mark.slow)], ids=["few", "every"]
)


def _network(name: str, size: int = 8, classes: int = 10, **more: object) -> nn.Sequential:
    return make_network(Network.model_validate({"name": name} | more), size, classes)


def test_the_tutorials_network_has_53002_weights() -> None:
    network = _network("tutorial")
    assert count_parameters(network) == 53_002
    each = [count_parameters(layer) for layer in network if count_parameters(layer)]
    assert each == [320, 18_496, 32_896, 1_290]


def test_the_tutorials_network_starts_as_keras_does() -> None:
    torch.manual_seed(0)
    layers = [layer for layer in _network("tutorial") if isinstance(layer, nn.Conv2d | nn.Linear)]
    for layer in layers:
        fan_in, fan_out = nn.init._calculate_fan_in_and_fan_out(layer.weight)
        limit = (6 / (fan_in + fan_out)) ** 0.5
        assert 0.9 * limit < float(layer.weight.detach().abs().max()) <= limit
        assert layer.bias is not None
        assert not layer.bias.any()


def test_the_tutorials_dropout_lies_where_the_tutorial_has_it() -> None:
    kinds = [type(layer).__name__ for layer in _network("tutorial")]
    assert kinds[4:6] == ["MaxPool2d", "Dropout"]
    assert kinds[8:] == ["ReLU", "Dropout", "Linear"]
    rates = [layer.p for layer in _network("tutorial") if isinstance(layer, nn.Dropout)]
    assert rates == [0.25, 0.5]


@SIZES
@pytest.mark.parametrize("name", ["tutorial", "convnet", "mlp", "linear"])
def test_every_size_gives_a_row_of_logits_a_picture(name: str, sizes: Sequence[int]) -> None:
    for size in sizes:
        with torch.device("meta"):  # shapes alone, without the work
            logits = _network(name, size, 7)(torch.empty(3, 1, size, size))
        assert logits.shape == (3, 7), size


@pytest.mark.parametrize("recipe", sorted({*built_in_recipes()} - {"finder", "line"}))
@SIZES
def test_built_in_recipes_fit_every_size(recipe: str, sizes: Sequence[int]) -> None:
    for size in sizes:
        with torch.device("meta"):
            network = make_network(load_recipe(recipe).network, size, 10)
            assert network(torch.empty(2, 1, size, size)).shape == (2, 10), size


def test_more_stages_than_the_picture_has_halves_are_refused() -> None:
    with pytest.raises(UsageError, match=r"network\.channels: 6 stages .* 8×8"):
        _network("convnet", 8, channels=[4] * 6)
    assert _network("convnet", 64, channels=[4] * 6)(torch.zeros(2, 1, 64, 64)).shape == (2, 10)


def test_the_first_convolution_may_be_wider_and_stride() -> None:
    network = _network("convnet", 28, kernel=5, stride=2, depth=1, channels=[3, 4])
    first = network[0]
    assert isinstance(first, nn.Conv2d)
    assert (first.kernel_size, first.stride, first.padding) == ((5, 5), (2, 2), (0, 0))
    assert network[:3](torch.zeros(1, 1, 28, 28)).shape == (1, 3, 12, 12)  # no border
    small = _network("convnet", 8, kernel=5, stride=2, depth=1, channels=[3, 4])[0]
    assert isinstance(small, nn.Conv2d)
    assert (small.kernel_size, small.stride) == ((3, 3), (1, 1))


def test_pooling_first_gives_the_same_where_normalisation_does_not_turn_the_sign() -> None:
    torch.manual_seed(0)
    late = _network("convnet", 28, channels=[3, 4]).eval()
    early = _network("convnet", 28, channels=[3, 4], pool_first=True).eval()
    early.load_state_dict(
        dict(zip(early.state_dict(), late.state_dict().values(), strict=True)), strict=True
    )
    pictures = torch.rand(2, 1, 28, 28)
    torch.testing.assert_close(early(pictures), late(pictures))


def test_a_large_last_map_is_halved_once_more() -> None:
    shares = {size: _network("convnet", 28, last_map=size)[-1].in_features for size in (3, 7, 14)}
    assert shares == {3: 64 * 7 * 7, 7: 64 * 7 * 7, 14: 64 * 14 * 14}


def test_separable_convolutions_have_fewer_weights_and_the_same_shape() -> None:
    plain, separable = (
        _network("convnet", 8, channels=[5, 6], separable=separable) for separable in (False, True)
    )
    assert count_parameters(separable) < count_parameters(plain)
    groups = [layer.groups for layer in separable if isinstance(layer, nn.Conv2d)]
    assert groups == [1, 5, 1, 5, 1, 6, 1]  # the first has one channel only
    assert separable(torch.zeros(2, 1, 8, 8)).shape == (2, 10)


def test_depth_hidden_and_dropout_are_followed() -> None:
    linears = [
        layer for layer in _network("mlp", depth=3, hidden=17) if isinstance(layer, nn.Linear)
    ]
    assert [layer.out_features for layer in linears] == [17, 17, 17, 10]
    convolutions = [
        layer
        for layer in _network("convnet", channels=[5, 6], depth=2)
        if isinstance(layer, nn.Conv2d)
    ]
    assert [layer.out_channels for layer in convolutions] == [5, 5, 6, 6]
    for name in ("convnet", "mlp"):
        (dropout,) = (x for x in _network(name, dropout=0.3) if isinstance(x, nn.Dropout))
        assert dropout.p == 0.3


def test_linear_is_softmax_regression() -> None:
    assert count_parameters(_network("linear")) == 64 * 10 + 10


def test_scale_turns_bytes_into_shares_with_a_channel() -> None:
    pictures = torch.tensor([[[0, 51], [102, 255]]], dtype=torch.uint8)
    scaled = scale(pictures)
    assert (scaled.dtype, tuple(scaled.shape)) == (torch.float32, (1, 1, 2, 2))
    torch.testing.assert_close(scaled.flatten(), torch.tensor([0.0, 0.2, 0.4, 1.0]))
