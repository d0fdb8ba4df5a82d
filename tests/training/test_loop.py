from __future__ import annotations

import dataclasses
import time
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from tenfold.data.splits import Splits
from tenfold.errors import TrainingError
from tenfold.training.callbacks import Epoch, Step
from tenfold.training.loop import BLOCK, Training, fit
from tenfold.training.networks import scale
from tenfold.training.recipe import Recipe

CPU = torch.device("cpu")


def _recipe(**changes: Any) -> Recipe:
    small: dict[str, Any] = {
        "epochs": 2,
        "batch": 32,
        "threads": 1,
        "network.channels": [4, 8],
        "network.depth": 1,
        "loss.label_smoothing": 0.1,
        "optimizer.learning_rate": 0.005,
        "schedule.name": "one-cycle",
        "schedule.warmup": 0.2,
        "augment.shift": 0.1,
        "augment.rotation": 10,
        "augment.scale": 0.1,
        "augment.shear": 10,
    }
    return Recipe().replace(small | {k.replace("__", "."): changes[k] for k in changes})


def _training(few: Splits, **changes: Any) -> Training:
    return Training(_recipe(**changes), few.train, few.test, CPU)


def _trained(few: Splits, **changes: Any) -> Training:
    training = _training(few, **changes)
    assert fit(training)
    return training


def _weights(network: nn.Module) -> Tensor:
    return torch.cat([p.detach().flatten() for p in network.parameters()])


def _figures(training: Training) -> list[tuple[float | None, ...]]:
    return [(e.loss, e.accuracy, e.validation_loss, e.learning_rate) for e in training.history]


@dataclass
class Listener:
    """Notes down what it hears."""

    steps: list[Step] = field(default_factory=list)
    epochs: list[Epoch] = field(default_factory=list)

    def on_step(self, step: Step) -> None:
        self.steps.append(step)

    def on_epoch(self, epoch: Epoch) -> None:
        self.epochs.append(epoch)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"network__dropout": 0.3},
        {"channels_last": True, "ema": 0.9},
        {"precision": "bfloat16"},
        {"network__name": "tutorial", "augment__elastic": 1.0, "augment__stroke": 0.5},
        {"optimizer__name": "muon"},
        {"network__name": "tutorial", "fast_path": True},
    ],
    ids=str,
)
def test_the_same_seed_gives_the_same_weights_to_the_bit(
    few: Splits, changes: dict[str, Any]
) -> None:
    first = _trained(few, **changes)
    torch.manual_seed(99)
    second = _trained(few, **changes)
    assert torch.equal(_weights(first.network), _weights(second.network))
    assert _figures(first) == _figures(second)


def test_another_seed_gives_other_weights_and_another_order(few: Splits) -> None:
    first, second = _training(few, seed=1), _training(few, seed=2)
    assert not torch.equal(_weights(first.network), _weights(second.network))
    (_, labels), (_, others) = next(first.batches(0)), next(second.batches(0))
    assert not torch.equal(labels, others)


def test_it_learns(few: Splits) -> None:
    training = _trained(few, epochs=12, network__channels=[16, 32])
    accuracies = [epoch.validation_accuracy or 0 for epoch in training.history]
    assert accuracies[-1] > 0.85 > accuracies[0]
    assert training.history[-1].loss < training.history[0].loss / 2


def test_an_epoch_shows_every_picture_once_and_each_anew(few: Splits) -> None:
    plain = {f"augment__{key}": 0.0 for key in ("shift", "rotation", "scale", "shear")}
    training = _training(few, **plain)
    epochs = [list(training.batches(epoch)) for epoch in range(2)]
    assert [len(labels) for _, labels in epochs[0]] == [32] * 9 + [12]
    expected = np.sort(few.train.images.reshape(300, -1).sum(axis=1, dtype=np.int64))
    for epoch in epochs:
        sums = torch.cat([images for images, _ in epoch]).sum(dim=(1, 2, 3)) * 255
        assert np.array_equal(np.sort(sums.round().long().numpy()), expected)
    assert not torch.equal(epochs[0][0][1], epochs[1][0][1])  # shuffled anew
    varied = [torch.cat([x for x, _ in _training(few).batches(e)]) for e in range(2)]
    totals = [x.sum(dim=(1, 2, 3)).sort().values for x in varied]
    assert not torch.allclose(totals[0], totals[1])  # varied anew


def test_the_last_epochs_may_show_the_pictures_as_they_are(few: Splits) -> None:
    plain = torch.from_numpy(few.train.images).sum(dim=(1, 2)).sort().values
    shown = [
        torch.cat([x for x, _ in _training(few, epochs=4, augment__until=0.5).batches(epoch)])
        for epoch in range(4)
    ]
    totals = [(255 * x.sum(dim=(1, 2, 3))).round().long().sort().values for x in shown]
    assert [torch.equal(total, plain) for total in totals] == [False, False, True, True]


@pytest.mark.parametrize("batch", [1, 7, 32, 300, 1000])
def test_batches_can_be_taken_up_anywhere(few: Splits, batch: int) -> None:
    training = _training(few, batch=batch)
    whole = list(training.batches(1))
    assert len(whole) == training.steps_per_epoch
    for first in {0, 1, len(whole) // 2, len(whole) - 1}:
        for (images, labels), (others, names) in zip(
            training.batches(1, first), whole[first:], strict=True
        ):
            assert torch.equal(images, others)
            assert torch.equal(labels, names)


def test_blocks_larger_than_the_data_and_many_blocks_go_the_same_way(few: Splits) -> None:
    rows = np.arange(BLOCK + 300) % 300
    training = Training(_recipe(batch=256), few.train.take(rows), None, CPU)
    whole = list(training.batches(0))
    assert sum(len(labels) for _, labels in whole) == BLOCK + 300
    (images, _), *_ = training.batches(0, 4)  # the first of the second block
    assert torch.equal(images, whole[4][0])


def test_the_learning_rate_follows_the_schedule(few: Splits) -> None:
    rates = [epoch.learning_rate for epoch in _trained(few, epochs=5, schedule__warmup=0.4).history]
    assert max(rates) == rates[1] == pytest.approx(0.005, rel=0.06)
    assert rates[-1] < 0.005 / 20


def test_the_average_of_the_weights_is_lent_and_the_run_goes_on_with_its_own(few: Splits) -> None:
    training = _training(few, ema=0.8)
    training.network.train()
    average = torch.zeros(())
    running: Tensor = next(b for b in training.network.buffers() if b.is_floating_point())
    running_average = torch.zeros(())
    for step, (images, labels) in enumerate(training.batches(0), start=1):
        training.advance(images, labels)
        decay = min(0.8, (1 + step) / (10 + step)) if step > 1 else 0.0
        average = decay * average + (1 - decay) * _weights(training.network)
        running_average = decay * running_average + (1 - decay) * running
    current = _weights(training.network)
    with training.result() as network:
        assert not network.training
        torch.testing.assert_close(_weights(network), average)
        lent = next(b for b in network.buffers() if b.is_floating_point())
        torch.testing.assert_close(lent, running_average)
        assert not torch.allclose(average, current)
    assert training.network.training
    assert torch.equal(_weights(training.network), current)


def test_validation_judges_the_average(few: Splits) -> None:
    training = _trained(few, ema=0.95)
    images, labels = scale(torch.from_numpy(few.test.images)), torch.from_numpy(few.test.targets)
    with training.result() as network, torch.inference_mode():
        averaged = float(
            functional.cross_entropy(network(images), labels.long(), label_smoothing=0.1)
        )
    training.network.eval()
    with torch.inference_mode():
        current = float(
            functional.cross_entropy(training.network(images), labels.long(), label_smoothing=0.1)
        )
    assert training.validate()[0] == pytest.approx(averaged)
    assert averaged != pytest.approx(current, rel=1e-3)


def test_training_with_or_without_an_average_goes_the_same_way(few: Splits) -> None:
    assert torch.equal(_weights(_trained(few).network), _weights(_trained(few, ema=0.9).network))


@pytest.mark.parametrize("validated", [True, False])
def test_watching_does_not_change_the_run(few: Splits, validated: bool) -> None:
    training = Training(_recipe(), few.train, few.test if validated else None, CPU)
    fit(training)
    assert (training.history[0].validation_loss is not None) == validated
    assert torch.equal(_weights(training.network), _weights(_trained(few).network))


def test_history_counts_what_training_saw(few: Splits) -> None:
    training = _training(few, epochs=1, precision="float32")
    training.network.train()
    losses, hits = 0.0, 0
    for images, labels in training.batches(0):
        rng = torch.get_rng_state()
        with torch.no_grad():
            network = training.network
            logits = network(images)  # batch normalisation uses the batch's own figures here
        torch.set_rng_state(rng)
        targets = torch.nn.functional.one_hot(labels.long(), 10) * 0.9 + 0.01
        losses += float(training.loss(logits, targets)) * len(labels)
        hits += int((logits.argmax(dim=1) == labels).sum())
        training.advance(images, labels)
    training.count()
    training.end_epoch(2.0)
    (epoch,) = training.history
    assert epoch.loss == pytest.approx(losses / 300, rel=1e-5)
    assert epoch.accuracy == hits / 300
    assert (epoch.epoch, epoch.epochs, epoch.seconds) == (1, 1, 2.0)
    assert epoch.images_per_second == 150
    assert (training.loss_sum, training.hits) == (0.0, 0)


@pytest.mark.parametrize("optimizer", ["sgd", "rmsprop", "adamw"])
def test_a_loss_that_is_no_number_stops_the_run_with_advice(few: Splits, optimizer: str) -> None:
    training = _training(
        few, optimizer__name=optimizer, optimizer__learning_rate=1e30, network__name="mlp"
    )
    saved: list[int] = []
    with pytest.raises(TrainingError, match="too high") as caught:
        fit(training, save=lambda: saved.append(training.step))
    assert "--set optimizer.learning_rate=1e+29" in str(caught.value)
    assert not saved  # a checkpoint of such weights would be worth nothing


def test_watchers_hear_of_every_epoch_and_of_some_steps(few: Splits) -> None:
    listener = Listener()
    training = _training(few, epochs=40, batch=4, network__name="linear")
    fit(training, [listener])
    assert listener.epochs == training.history
    assert [epoch.epoch for epoch in listener.epochs] == list(range(1, 41))
    steps = [step.step for step in listener.steps]
    assert steps
    assert steps == sorted(set(steps))
    for step in listener.steps:
        assert step.epoch == step.step // 75 + 1
        assert (step.steps, step.epochs) == (3000, 40)
        assert 0 < step.loss < 10


def test_it_stops_after_the_step_and_saves(few: Splits) -> None:
    training = _training(few)
    saved: list[int] = []
    ended = fit(training, save=lambda: saved.append(training.step), stop=lambda: training.step == 7)
    assert not ended
    assert training.step == 7
    assert saved[-1] == 7


def test_it_saves_as_often_as_asked_and_at_the_end(few: Splits) -> None:
    for every, expected in ((0.0, list(range(1, 21))), (1e9, [20])):
        training = _training(few)
        saved: list[int] = []

        def save(training: Training = training, saved: list[int] = saved) -> None:
            saved.append(training.step)

        fit(training, save=save, save_every=every)
        assert sorted(set(saved)) == expected


def test_seconds_count_the_loop_alone(few: Splits) -> None:
    training = _training(few, epochs=1)
    fit(training, save=lambda: time.sleep(0.05), save_every=0.0)
    assert 0 < training.seconds < 0.3  # ten saves took half a second
    assert training.history[0].seconds <= training.seconds


def test_bfloat16_ends_near_float32(few: Splits) -> None:
    exact, rough = _trained(few, precision="float32"), _trained(few, precision="bfloat16")
    assert not torch.equal(_weights(exact.network), _weights(rough.network))
    assert exact.history[-1].loss == pytest.approx(rough.history[-1].loss, rel=0.05)
    assert _weights(rough.network).dtype == torch.float32


def test_epochs_turn_into_dictionaries(few: Splits) -> None:
    (first, _) = _trained(few).history
    assert Epoch(**first.to_dict()) == first  # type: ignore[arg-type]
    assert set(first.to_dict()) == {f.name for f in dataclasses.fields(Epoch)}
