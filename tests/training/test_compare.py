from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tenfold.data.splits import Splits
from tenfold.errors import UsageError
from tenfold.training.compare import USUAL_RATES, Cell, _ranked, compare
from tenfold.training.pool import in_processes
from tenfold.training.recipe import Recipe
from tenfold.training.recipe_sections import LOSSES, OPTIMIZERS

BASE = Recipe().replace({"threads": 1, "epochs": 3, "network.name": "linear"})


def _compare(few: Splits, losses: list[str], optimizers: list[str], **more: Any) -> list[Cell]:
    recipe = more.pop("recipe", BASE)
    return compare(few, recipe, losses=losses, optimizers=optimizers, **more)


def test_every_pair_is_tried_with_every_seed_and_the_best_comes_first(few: Splits) -> None:
    told: list[tuple[int, int, str]] = []
    cells = _compare(
        few,
        ["cross-entropy", "log-cosh"],
        ["adam", "sgd"],
        seeds=3,
        on_run=lambda *run: told.append(run),
    )
    assert {(cell.loss, cell.optimizer) for cell in cells} == {
        (loss, optimizer) for loss in ("cross-entropy", "log-cosh") for optimizer in ("adam", "sgd")
    }
    assert [cell.mean for cell in cells] == sorted((cell.mean for cell in cells), reverse=True)
    for cell in cells:
        assert len(cell.accuracies) == len(cell.curve) == 3
        assert cell.curve[-1] == pytest.approx(cell.mean)
        assert (cell.diverged, cell.learning_rate) == (0, USUAL_RATES[cell.optimizer])
        assert cell.seconds > 0
    assert [number for number, _, _ in told] == list(range(12))
    assert told[1] == (1, 12, "cross-entropy, adam, seed 1")


def test_the_test_part_is_not_looked_at(few: Splits) -> None:
    without = replace(few, test=replace(few.test, labels=None))
    first, second = (_compare(s, ["focal"], ["adamw"], seeds=1) for s in (few, without))
    assert first[0].accuracies == second[0].accuracies


def test_the_recipes_own_optimizer_keeps_the_recipes_rate(few: Splits) -> None:
    recipe = BASE.replace({"optimizer.name": "sgd", "optimizer.learning_rate": 0.3, "epochs": 1})
    cells = _compare(few, ["cross-entropy"], ["sgd", "adam"], seeds=1, recipe=recipe)
    assert {cell.optimizer: cell.learning_rate for cell in cells} == {"sgd": 0.3, "adam": 0.001}


def test_a_run_that_diverges_counts_nothing_and_stops_nobody(few: Splits) -> None:
    recipe = BASE.replace(
        {"network.name": "mlp", "optimizer.name": "sgd", "optimizer.learning_rate": 1e30}
    )
    best, worst = _compare(few, ["cross-entropy"], ["sgd", "adam"], seeds=2, recipe=recipe)
    assert (best.optimizer, best.diverged) == ("adam", 0)
    assert (worst.diverged, worst.accuracies, worst.curve) == (2, (0.0, 0.0), ())
    assert worst.verdict == "worse"
    assert worst.to_dict()["seconds"] == 0


def _cell(right: NDArray[np.bool_], optimizer: str = "adam") -> Cell:
    return Cell("focal", optimizer, 0.1, right, (), 1.0, 0)


def _right(*shares: float, pictures: int = 320) -> NDArray[np.bool_]:
    """One row a seed, this share of the pictures right, the same hard ones wrong first."""
    return np.stack([np.arange(pictures) >= round((1 - s) * pictures) for s in shares])


def test_mean_spread_and_interval() -> None:
    cell = _cell(_right(0.9, 0.8, pictures=100))
    assert cell.accuracies == pytest.approx((0.9, 0.8))
    assert cell.mean == pytest.approx(0.85)
    assert cell.spread.deviation == pytest.approx(0.1 / 2**0.5)
    assert cell.interval[0] < 0.8 < 0.9 < cell.interval[1]
    assert _cell(_right(0.9)).spread.deviation == 0


@pytest.mark.parametrize(
    ("poor", "verdict"),
    [
        ((0.5953,) * 5, "worse"),
        ((0.59, 0.62, 0.57, 0.61, 0.60), "worse"),
        # Two of five seeds learned nothing: a t-test over seeds finds no difference (p = 0.18).
        ((0.98, 0.98, 0.98, 0.02, 0.02), "worse with these seeds"),
        ((0.98, 0.21), "worse with these seeds"),
        ((0.59,), "worse"),
    ],
)
def test_98_and_60_per_cent_are_never_called_equal(poor: tuple[float, ...], verdict: str) -> None:
    best = _cell(_right(*[0.9812] * len(poor)))
    first, second = _ranked([_cell(_right(*poor), "sgd"), best])
    assert (first.optimizer, first.verdict) == ("adam", None)
    assert second.verdict == verdict
    assert second.against is not None
    assert second.against.behind == pytest.approx(0.9812 - np.mean(poor), abs=0.005)


def test_a_small_difference_on_few_pictures_is_not_told_apart() -> None:
    rng = np.random.default_rng(0)
    luck = [rng.random((5, 300)) < 0.97 for _ in range(3)]
    _, *others = _ranked([_cell(right) for right in luck])
    assert [cell.verdict for cell in others] == ["not told apart"] * 2
    for cell in others:
        assert cell.against is not None
        assert cell.against.interval[0] < 0 < cell.against.interval[1]


def test_runs_in_processes_come_to_the_same(few: Splits) -> None:
    told: list[tuple[int, int, str]] = []
    alone, several = (
        _compare(
            few, ["focal"], ["adam", "sgd"], seeds=2, processes=n, on_run=lambda *r: told.append(r)
        )
        for n in (1, 2)
    )
    assert [cell.curves for cell in alone] == [cell.curves for cell in several]
    assert all((a.right == b.right).all() for a, b in zip(alone, several, strict=True))
    assert [number for number, _, _ in told] == [0, 1, 2, 3, 0, 1, 2, 3, 4]


@pytest.mark.parametrize("processes", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_once_stopped_only_whole_pairs_are_returned(
    few: Splits, processes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def in_one_process(function: Any, shared: Any, tasks: Any, count: int, stop: Any) -> Any:
        return in_processes(function, shared, tasks, 1, stop)  # a second takes seconds to start

    monkeypatch.setattr("tenfold.training.compare.in_processes", in_one_process)
    ended = 0
    # Of two at a time the last might end before anybody asks whether to stop.
    enough = 2 if processes == 1 else 0

    def on_run(done: int, *_: object) -> None:
        nonlocal ended
        ended = done

    cells = _compare(
        few, ["focal", "log-cosh"], ["sgd"], seeds=2, processes=processes,
        recipe=BASE.replace({"epochs": 40}), on_run=on_run, stop=lambda: ended > enough,
    )  # fmt: skip
    assert len(cells) <= 1
    assert all(cell.right.shape[0] == 2 for cell in cells)


def test_every_optimizer_has_a_usual_rate() -> None:
    assert USUAL_RATES.keys() == set(OPTIMIZERS)


@pytest.mark.parametrize(
    ("losses", "optimizers", "message"),
    [
        (["hinge"], ["adam"], f"loss 'hinge' is not known. Known: {', '.join(LOSSES)}."),
        (["focal"], ["lion"], "optimizer 'lion' is not known."),
        ([], ["adam"], "no loss to compare."),
        (["focal"], [], "no optimizer to compare."),
    ],
)
def test_unknown_names_and_none_at_all_are_refused(
    few: Splits, losses: list[str], optimizers: list[str], message: str
) -> None:
    with pytest.raises(UsageError) as caught:
        _compare(few, losses, optimizers)
    assert str(caught.value).startswith(message)
