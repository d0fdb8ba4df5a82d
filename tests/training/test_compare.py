from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tenfold.data.splits import Splits
from tenfold.errors import UsageError
from tenfold.training.compare import USUAL_RATES, Cell, compare
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
    assert worst.to_dict()["seconds"] == 0


def test_mean_and_spread() -> None:
    cell = Cell("focal", "adam", 0.1, (0.9, 0.8), (0.5, 0.85), 1.0, 0)
    assert cell.mean == pytest.approx(0.85)
    assert cell.spread.deviation == pytest.approx(0.1 / 2**0.5)
    assert replace(cell, accuracies=(0.9,)).spread.deviation == 0


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
