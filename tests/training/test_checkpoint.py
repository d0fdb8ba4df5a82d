from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.torch import load, save

from tenfold.data.splits import Splits
from tenfold.errors import TrainingError
from tenfold.training.checkpoint import NAME, load_checkpoint, save_checkpoint
from tenfold.training.loop import Training, fit
from tenfold.training.recipe import Recipe
from tenfold.training.recipe_sections import OPTIMIZERS

CPU = torch.device("cpu")
SMALL: dict[str, Any] = {
    "epochs": 2,
    "batch": 50,
    "threads": 1,
    "network.channels": [3, 4],
    "network.depth": 1,
    "schedule.name": "one-cycle",
    "augment.shift": 0.1,
    "augment.rotation": 10,
}
STEPS = 12

MakeTraining = Callable[..., Training]


@pytest.fixture(scope="session")
def training(few: Splits) -> MakeTraining:
    """Make a small training from changes to a recipe."""

    def make(changes: dict[str, Any] | None = None) -> Training:
        recipe: Recipe = Recipe().replace(SMALL | (changes or {}))
        return Training(recipe, few.train, few.test, CPU)

    return make


def _state(training: Training) -> dict[str, Any]:
    """Everything a finished run hands on, without the clock's figures."""
    return {
        "weights": torch.cat([p.detach().flatten() for p in training.network.parameters()]),
        "buffers": [buffer.clone() for buffer in training.network.buffers()],
        "average": [v.clone() for v in training.average.state_dict().values()]
        if training.average
        else [],
        "history": [
            (e.epoch, e.loss, e.accuracy, e.validation_loss, e.validation_accuracy, e.learning_rate)
            for e in training.history
        ],
    }


def _assert_same(left: dict[str, Any], right: dict[str, Any]) -> None:
    assert torch.equal(left["weights"], right["weights"])
    for name in ("buffers", "average"):
        assert len(left[name]) == len(right[name])
        assert all(torch.equal(a, b) for a, b in zip(left[name], right[name], strict=True))
    assert left["history"] == right["history"]


def _uninterrupted(make: MakeTraining, changes: dict[str, Any]) -> dict[str, Any]:
    training = make(changes)
    fit(training)
    return _state(training)


def _fit_until(training: Training, stop: int, folder: Path) -> None:
    def save_here() -> None:
        save_checkpoint(training, folder)

    fit(training, save=save_here, stop=lambda: training.step >= stop)


def _stopped_and_resumed(
    make: MakeTraining, changes: dict[str, Any], stops: list[int], folder: Path
) -> dict[str, Any]:
    """Stop after each of these steps, and go on each time as a new process would."""
    for stop in [*stops, STEPS + 1]:
        training = make(changes)
        load_checkpoint(training, folder)
        _fit_until(training, stop, folder)
        torch.manual_seed(4242)  # a new process knows nothing of the old one's random state
        torch.rand(3)
    assert training.step == STEPS
    return _state(training)


RUNS: dict[str, dict[str, Any]] = {
    **{name: {"optimizer.name": name} for name in OPTIMIZERS},
    "sgd-without-momentum": {"optimizer.name": "sgd", "optimizer.momentum": 0.0},
    "ema": {"ema": 0.9},
    "dropout": {"network.dropout": 0.4},
    "tutorial": {"network.name": "tutorial"},
    "channels-last": {"channels_last": True, "ema": 0.9},
    "bfloat16": {"precision": "bfloat16"},
    "fast-path": {
        "network.name": "tutorial",
        "fast_path": True,
        "ema": 0.9,
        "optimizer.name": "rmsprop",
    },
    "everything": {
        "optimizer.name": "muon",
        "ema": 0.9,
        "network.dropout": 0.4,
        "precision": "bfloat16",
        "channels_last": True,
        "augment.elastic": 1.0,
        "augment.stroke": 0.5,
        "schedule.name": "cosine",
    },
}


@pytest.mark.parametrize(
    "stops",  # an epoch has six steps
    [[2, 6], *(pytest.param(s, marks=pytest.mark.slow) for s in ([1, 2, 5], [6], [7, 11]))],
    ids=str,
)
@pytest.mark.parametrize("name", RUNS)
def test_stopped_and_resumed_a_run_ends_with_the_same_weights(
    name: str, stops: list[int], training: MakeTraining, tmp_path: Path
) -> None:
    resumed = _stopped_and_resumed(training, RUNS[name], stops, tmp_path)
    _assert_same(resumed, _uninterrupted(training, RUNS[name]))


@pytest.mark.slow
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    optimizer=st.sampled_from(OPTIMIZERS),
    dropout=st.sampled_from([0.0, 0.3]),
    ema=st.sampled_from([0.0, 0.9]),
    layout=st.booleans(),
    seed=st.integers(0, 2**32 - 1),
    stops=st.lists(st.integers(1, STEPS - 1), min_size=1, max_size=3, unique=True),
)
def test_any_run_stopped_at_any_step_ends_with_the_same_weights(
    training: MakeTraining,
    tmp_path_factory: pytest.TempPathFactory,
    optimizer: str,
    dropout: float,
    ema: float,
    layout: bool,
    seed: int,
    stops: list[int],
) -> None:
    changes = {
        "optimizer.name": optimizer,
        "network.dropout": dropout,
        "ema": ema,
        "channels_last": layout,
        "seed": seed,
    }
    folder = tmp_path_factory.mktemp("run")
    resumed = _stopped_and_resumed(training, changes, sorted(stops), folder)
    _assert_same(resumed, _uninterrupted(training, changes))


def test_a_finished_run_resumed_stays_as_it_is(training: MakeTraining, tmp_path: Path) -> None:
    first = training()
    fit(first, save=lambda: None)
    save_checkpoint(first, tmp_path)
    again = training()
    assert load_checkpoint(again, tmp_path)
    assert fit(again)
    _assert_same(_state(again), _state(first))
    assert again.seconds == first.seconds
    assert again.history == first.history


def test_without_a_checkpoint_there_is_nothing_to_take_up(
    training: MakeTraining, tmp_path: Path
) -> None:
    fresh = training()
    before = _state(fresh)
    assert not load_checkpoint(fresh, tmp_path)
    _assert_same(_state(fresh), before)


@pytest.fixture(scope="module")
def checkpoint(training: MakeTraining, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A checkpoint from the middle of a run."""
    stopped = training({"ema": 0.9})
    fit(stopped, stop=lambda: stopped.step == 7)
    return save_checkpoint(stopped, tmp_path_factory.mktemp("whole")).read_bytes()


def _refused(training: Training, content: bytes, folder: Path) -> str:
    (folder / NAME).write_bytes(content)
    with pytest.raises(TrainingError) as caught:
        load_checkpoint(training, folder)
    message = str(caught.value)
    start, reason = message.removesuffix(
        "). Start anew with another --out, or delete the file."
    ).split(" cannot be taken up again (", 1)
    assert start == f"{folder / NAME}:"
    assert reason
    assert "\n" not in reason
    return reason


def test_a_checkpoint_cut_short_anywhere_is_refused(
    training: MakeTraining, checkpoint: bytes, tmp_path: Path
) -> None:
    fresh = training({"ema": 0.9})
    lengths = {0, 1, 7, 8, 9, len(checkpoint) - 1, *range(0, len(checkpoint), 997)}
    for length in lengths:
        _refused(fresh, checkpoint[:length], tmp_path)


@pytest.mark.parametrize(
    "content", [b"\0" * 100, b"PK\x03\x04" + b"x" * 500, b"\xff" * 64, save({"a": torch.ones(2)})]
)
def test_foreign_files_are_refused(content: bytes, training: MakeTraining, tmp_path: Path) -> None:
    _refused(training(), content, tmp_path)


def _position(checkpoint: bytes) -> dict[str, Any]:
    size = int.from_bytes(checkpoint[:8], "little")
    header = json.loads(checkpoint[8 : 8 + size])
    position: dict[str, Any] = json.loads(header["__metadata__"]["position"])
    return position


def test_a_checkpoint_without_its_parts_is_refused(
    training: MakeTraining, checkpoint: bytes, tmp_path: Path
) -> None:
    tensors, position = load(checkpoint), _position(checkpoint)
    assert position["step"] == 7

    def written(tensors: dict[str, torch.Tensor], position: object) -> bytes:
        content: bytes = save(tensors, metadata={"position": json.dumps(position)})
        return content

    for name in tensors:
        # Batch normalisation does without its counter, and so does torch.
        if not name.startswith("optimizer.") and not name.endswith("num_batches_tracked"):
            rest = {key: value for key, value in tensors.items() if key != name}
            _refused(training({"ema": 0.9}), written(rest, position), tmp_path)
    for key in position:
        rest_of_it = {k: v for k, v in position.items() if k != key}
        _refused(training({"ema": 0.9}), written(tensors, rest_of_it), tmp_path)
    fewer = position | {"schedulers": position["schedulers"][:-1]}
    odd: list[object] = [[], None, position | {"history": [{"epoch": 1}]}, fewer]
    for odd_position in odd:
        _refused(training({"ema": 0.9}), written(tensors, odd_position), tmp_path)


@pytest.mark.parametrize(
    "changes",
    [{"network.name": "mlp"}, {"network.channels": [3, 5]}, {"optimizer.name": "sgd"}],
    ids=str,
)
def test_a_checkpoint_of_another_network_or_optimizer_is_refused(
    changes: dict[str, Any], training: MakeTraining, checkpoint: bytes, tmp_path: Path
) -> None:
    reason = _refused(training({"ema": 0.9} | changes), checkpoint, tmp_path)
    assert reason == "it was made with another recipe than recipe.toml is now"


def test_a_checkpoint_is_replaced_whole(training: MakeTraining, tmp_path: Path) -> None:
    running = training()

    def save_running() -> None:
        save_checkpoint(running, tmp_path)

    fit(running, save=save_running, save_every=0.0)
    assert [path.name for path in tmp_path.iterdir()] == [NAME]
    assert _position((tmp_path / NAME).read_bytes())["step"] == STEPS


def test_what_a_kill_in_the_middle_of_a_write_left_is_cleared(
    training: MakeTraining, tmp_path: Path
) -> None:
    left = tmp_path / f".{NAME}.abcd1234"
    left.write_bytes(b"half")
    assert not load_checkpoint(training(), tmp_path)
    assert not left.exists()


def test_what_another_process_cleared_first_is_no_fault(
    training: MakeTraining, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = [tmp_path / f".{NAME}.abcd1234"]
    monkeypatch.setattr(Path, "glob", lambda *_: gone)
    assert not load_checkpoint(training(), tmp_path)
