from __future__ import annotations

import csv
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from optuna.trial import TrialState
from typer.testing import CliRunner

from tenfold.cli import app
from tenfold.data.splits import Splits, concatenate
from tenfold.errors import TenfoldError, TenfoldWarning, UsageError
from tenfold.training.recipe import Recipe, load_recipe
from tenfold.training.search import search
from tenfold.training.search_results import Found
from tenfold.training.search_space import load_space
from tenfold.training.study import JOURNAL, open_study, take_up, worker

BASE = Recipe().replace(
    {"threads": 1, "epochs": 3, "network.name": "linear", "optimizer.learning_rate": 1e-6}
)
SPACE = "batch = [32, 64]\n[optimizer]\nlearning_rate = { low = 1e-6, high = 0.1, log = true }\n"
PATIENCE = 300  # seconds, on a machine with much else to do


@pytest.fixture
def space(tmp_path: Path) -> Path:
    path = tmp_path / "space.toml"
    path.write_text(SPACE)
    return path


def _rows(folder: Path) -> list[dict[str, str]]:
    with (folder / "trials.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def _search(space: Path, few: Splits, out: Path, **more: Any) -> Found:
    found = search(space, few, BASE, out=out, **more)
    assert found is not None
    return found


def test_a_better_recipe_is_found_and_written_down(
    few: Splits, space: Path, tmp_path: Path
) -> None:
    told: list[int] = []
    out = tmp_path / "out"
    found = _search(space, few, out, trials=14, on_trial=lambda count, _: told.append(count))
    assert found.start is not None
    assert found.accuracy > found.start + 0.2
    assert found.whole + found.pruned == 14
    assert found.failed == 0
    assert told == list(range(1, 15))
    written = load_recipe(out / "best.toml")
    assert written == found.recipe
    assert written.replace({"batch": 64, "optimizer.learning_rate": 1e-6, "name": "custom"}) == BASE
    head = (out / "best.toml").read_text()
    assert f"# Validation accuracy {100 * found.accuracy:.2f} % on 60 pictures" in head
    rows = _rows(out)
    assert [int(row["trial"]) for row in rows] == list(range(14))
    best = max(
        (r for r in rows if r["state"] == "whole"), key=lambda r: float(r["validation_accuracy"])
    )
    assert int(best["trial"]) == found.trial
    assert float(best["optimizer.learning_rate"]) == written.optimizer.learning_rate
    if found.whole >= 10:
        assert (out / "importance.png").read_bytes().startswith(b"\x89PNG")
        assert sum(found.importances.values()) == pytest.approx(1)


def test_the_seed_fixes_what_is_tried_and_the_test_part_is_not_looked_at(
    few: Splits, space: Path, tmp_path: Path
) -> None:
    blind = replace(few, test=replace(few.test, labels=None))
    for name, splits in (("a", few), ("b", blind)):
        _search(space, splits, tmp_path / name, trials=5)
    _search(space, few, tmp_path / "c", trials=5, seed=7)
    a, b, c = (
        [
            (row["state"], row["batch"], row["optimizer.learning_rate"])
            for row in _rows(tmp_path / n)
        ]
        for n in "abc"
    )
    assert a == b
    assert a[0] == c[0]  # the recipe itself
    assert a != c


def test_a_search_goes_on_where_it_was_and_counts_what_there_is(
    few: Splits, space: Path, tmp_path: Path
) -> None:
    first = _search(space, few, tmp_path / "out", trials=3)
    second = _search(space, few, tmp_path / "out", trials=5)
    assert (first.whole + first.pruned, second.whole + second.pruned) == (3, 5)
    rows = _rows(tmp_path / "out")
    assert [row["worker"] for row in rows] == ["0", "0", "0", "1", "1"]
    assert len({row["optimizer.learning_rate"] for row in rows}) == 5
    with pytest.raises(UsageError, match="holds another search, with another recipe"):
        search(space, few, BASE.replace({"epochs": 4}), out=tmp_path / "out", trials=5)
    space.write_text("batch = [16, 32]")
    with pytest.raises(UsageError, match="with another space"):
        search(space, few, BASE, out=tmp_path / "out", trials=5)


def test_hopeless_trials_are_broken_off(few: Splits, space: Path, tmp_path: Path) -> None:
    long = BASE.replace({"epochs": 9, "optimizer.learning_rate": 0.01})
    found = search(space, few, long, out=tmp_path / "out", trials=16)
    assert found is not None
    assert found.pruned > 0
    pruned = [row for row in _rows(tmp_path / "out") if row["state"] == "pruned"]
    assert all(3 <= int(row["epochs_trained"]) < 9 for row in pruned)
    assert {row["validation_accuracy"] for row in pruned} == {""}


def test_once_stopped_what_was_found_is_kept(few: Splits, space: Path, tmp_path: Path) -> None:
    count = 0

    def on_trial(done: int, _: object) -> None:
        nonlocal count
        count = done

    found = _search(
        space, few, tmp_path / "out", trials=50, on_trial=on_trial, stop=lambda: count > 2
    )
    assert found.whole + found.pruned == 3
    assert search(space, few, BASE, out=tmp_path / "none", trials=9, stop=lambda: True) is None


def test_time_ends_it(few: Splits, space: Path, tmp_path: Path) -> None:
    begun = time.monotonic()
    search(space, few, BASE, out=tmp_path / "out", minutes=0.02)
    assert time.monotonic() - begun < 60


def test_a_space_that_names_epochs_has_a_column_of_its_own(few: Splits, tmp_path: Path) -> None:
    (tmp_path / "space.toml").write_text("epochs = [1, 2]")
    _search(tmp_path / "space.toml", few, tmp_path / "out", trials=3)
    head = (tmp_path / "out" / "trials.csv").read_text().splitlines()[0].split(",")
    assert len(set(head)) == len(head)
    rows = _rows(tmp_path / "out")
    assert {row["epochs"] for row in rows} == {"1", "2"}
    assert all(row["epochs"] == row["epochs_trained"] for row in rows if row["state"] == "whole")


def test_copies_among_what_judges_are_told(few: Splits, space: Path, tmp_path: Path) -> None:
    train = replace(concatenate(few.train, few.train), name="mine")
    with pytest.warns(TenfoldWarning, match=r"mine: \d+ of 120 validation images .* learned from"):
        _search(space, replace(few, train=train), tmp_path / "out", trials=1)


@pytest.mark.slow
def test_processes_share_the_trials(few: Splits, space: Path, tmp_path: Path) -> None:
    found = _search(space, few, tmp_path / "out", trials=6, processes=2)
    assert found.whole + found.pruned == 6
    rows = _rows(tmp_path / "out")
    assert {row["worker"] for row in rows} == {"0", "1"}
    assert len({row["optimizer.learning_rate"] for row in rows}) == 6


def test_networks_that_cannot_be_are_rows_and_many_in_a_row_end_it(
    few: Splits, tmp_path: Path
) -> None:
    some, none = tmp_path / "some.toml", tmp_path / "none.toml"
    some.write_text("fast_path = [false, true]\nnetwork.name = ['linear', 'convnet']")
    none.write_text("fast_path = [true]\nnetwork.name = ['convnet', 'residual']")
    found = search(some, few, BASE, out=tmp_path / "a", trials=4)
    assert found is not None
    assert found.whole + found.pruned == 4
    if found.failed:
        assert any("fast_path does not know" in row["problem"] for row in _rows(tmp_path / "a"))
    with pytest.raises(UsageError, match="5 trials in a row failed, the last: fast_path does not"):
        search(none, few, BASE, out=tmp_path / "b", trials=9)


def _journal(tmp_path: Path) -> Any:
    return open_study(tmp_path, {"recipe": "r"}, "median", 9, 0)


def test_a_torn_journal_is_mended_and_a_strange_one_refused(tmp_path: Path) -> None:
    study = _journal(tmp_path)
    study.tell(study.ask(), 0.5)
    whole = (tmp_path / JOURNAL).read_bytes()
    (tmp_path / JOURNAL).write_bytes(whole + b'{"op_code": 4, "torn')
    again = _journal(tmp_path)
    again.tell(again.ask(), 0.7)
    assert [trial.value for trial in _journal(tmp_path).trials] == [0.5, 0.7]
    (tmp_path / JOURNAL).write_bytes(b"my diary\n")
    with pytest.raises(TenfoldError, match="not the journal of a search"):
        _journal(tmp_path)
    assert (tmp_path / JOURNAL).read_bytes() == b"my diary\n"


def test_a_trial_of_a_living_process_is_left_to_it(tmp_path: Path) -> None:
    study = _journal(tmp_path)
    code = (
        "import sys, pathlib\nfrom tenfold.training.study import worker\n"
        "with worker(pathlib.Path(sys.argv[1])) as number:\n"
        "    print(number, flush=True)\n    input()"
    )
    other = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert other.stdout is not None
    assert other.stdout.readline() == b"0\n"
    study.ask().set_user_attr("worker", 0)
    with worker(tmp_path) as me:
        assert me == 1
        take_up(study, tmp_path, me)
        assert [trial.state for trial in study.trials] == [TrialState.RUNNING]
        other.kill()
        other.communicate()
        take_up(study, tmp_path, me)
    states = [trial.state for trial in study.trials]
    assert states == [TrialState.FAIL, TrialState.WAITING]


@pytest.mark.slow
def test_a_search_that_was_killed_goes_on(
    space: Path, tmp_path: Path, write_npz: Callable[[Path], Path]
) -> None:
    (tmp_path / "base.toml").write_text(BASE.to_toml())
    data, out = write_npz(tmp_path / "few.npz"), tmp_path / "out"
    command = [
        "search", str(space), "--data", str(data), "--recipe", str(tmp_path / "base.toml"),
        "--out", str(out), "--json",
    ]  # fmt: skip
    process = subprocess.Popen(
        [sys.executable, "-m", "tenfold", *command, "--trials", "1000"], stdout=subprocess.DEVNULL
    )
    begun = time.monotonic()
    while not (out / JOURNAL).exists() or (out / JOURNAL).read_bytes().count(b'"worker"') < 3:
        assert process.poll() is None
        assert time.monotonic() - begun < PATIENCE
        time.sleep(0.05)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    CliRunner().invoke(app, [*command, "--trials", "6"], catch_exceptions=False)
    rows = [row for row in _rows(out) if row["state"] != "failed"]
    assert len(rows) >= 6
    assert load_recipe(out / "best.toml").network.name == "linear"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "names no key to search"),
        ("seed = [1, 2]", "seed is luck, not a choice; leave it out"),
        (
            "[optimizer]\nlr = [0.1]",
            r"there is no key 'optimizer.lr'. Did you mean optimizer.learn",
        ),
        ("batch = { low = 0, high = 9 }", r"batch = 0: input should be greater than or equal to 1"),
        ("batch = { low = 9, high = 2 }", r"batch: .*low.*high"),
        ("batch = { low = 1 }", "batch: a range needs numbers for low and high"),
        ("batch = { low = 1, high = 4, base = 2 }", "batch: a range has no 'base'"),
        ("batch = 3", "batch = 3: neither a range nor a choice"),
        ("loss.name = ['hinge']", r"loss.name = 'hinge': must be one of"),
        ("batch = [", "not a TOML file"),
    ],
)
def test_mistakes_in_a_space_are_told(text: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "space.toml"
    path.write_text(text)
    with pytest.raises(UsageError, match=message):
        load_space(path, BASE)


def test_lists_are_choices_too_and_the_usual_space_fits_the_default_recipe(tmp_path: Path) -> None:
    path = tmp_path / "space.toml"
    path.write_text(
        "network.channels = [[16, 32], [32, 64]]\nepochs = { low = 2, high = 8, step = 3 }"
    )
    space = load_space(path, BASE)
    assert space.start(BASE) == {"network.channels": "[32, 64]"}
    assert space.changes({"network.channels": "[16, 32]", "epochs": 5}) == {
        "network.channels": [16, 32], "epochs": 5,
    }  # fmt: skip
    assert len(load_space(None, load_recipe("digits")).start(load_recipe("digits"))) == 7
