"""What keeps a run's figures: a line of JSON an epoch always, TensorBoard and MLflow on request."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol, get_args

from tenfold.data.splits import Splits
from tenfold.errors import TenfoldError, UsageError
from tenfold.files import write_whole
from tenfold.training.callbacks import Callback, Epoch, Step
from tenfold.training.recipe import Recipe

if TYPE_CHECKING:
    from tenfold.training.result import Run

TrackerName = Literal["tensorboard", "mlflow"]
TRACKERS: tuple[str, ...] = get_args(TrackerName)


class Tracker(Callback, Protocol):
    """A callback that also hears of a run's beginning and end, and keeps what it hears."""

    def on_start(self, recipe: Recipe, splits: Splits, history: list[Epoch]) -> None:
        """Hear that a run begins, or goes on after the epochs of ``history``."""

    def on_end(self, run: Run, splits: Splits) -> None:
        """Hear what the run came to; its files lie in its folder."""

    def close(self) -> None:
        """Let go of files, whether the run got to its end or not."""


@contextmanager
def tracked(
    names: Sequence[str], folder: Path, recipe: Recipe, splits: Splits, history: list[Epoch]
) -> Iterator[list[Tracker]]:
    """Lend what keeps a run's figures, begun: `Metrics`, and those of the names.

    Parameters
    ----------
    names : sequence of str
        Of `TRACKERS`.
    folder : Path
        The run folder.
    recipe, splits
        Of the run.
    history : list of Epoch
        What ended before, where it goes on.
    """
    check_trackers(names)
    trackers: list[Tracker] = [Metrics(folder)]
    if "tensorboard" in names:
        trackers.append(TensorBoard(folder))
    if "mlflow" in names:
        from tenfold.training.mlflow import MLflow

        trackers.append(MLflow(folder))
    with ExitStack() as open_ones:
        for tracker in trackers:
            open_ones.callback(tracker.close)
            tracker.on_start(recipe, splits, history)
        yield trackers


def check_trackers(names: Sequence[str]) -> None:
    """Refuse, before anything is loaded, what cannot keep figures.

    Raises
    ------
    UsageError
        If no tracker has such a name.
    ModuleNotFoundError
        If a package that it needs is not installed.
    """
    for name in names:
        if name not in TRACKERS:
            raise UsageError(f"tracker {name!r} is not known. Known: {', '.join(TRACKERS)}.")
    for package in ("mlflow", "sqlalchemy", "alembic") if "mlflow" in names else ():
        if find_spec(package) is None:
            raise ModuleNotFoundError(f"No module named {package!r}", name=package)


class Metrics:
    """Writes one JSON line an epoch into ``metrics.jsonl``.

    Parameters
    ----------
    folder : Path
        The run folder.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / "metrics.jsonl"

    def on_start(self, _recipe: Recipe, _splits: Splits, history: list[Epoch]) -> None:
        """Write epochs that ended before once more: a killed run may have torn the last line."""
        write_whole(self._path, "".join(_line(epoch) for epoch in history))

    def on_step(self, step: Step) -> None:
        """Leave steps alone."""

    def on_epoch(self, epoch: Epoch) -> None:
        """Write the epoch down."""
        try:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(_line(epoch))
        except OSError as error:
            raise TenfoldError(
                f"{self._path}: cannot be written ({error.strerror or error}). "
                "Free some space and go on with tenfold train --resume."
            ) from error

    def on_end(self, run: Run, splits: Splits) -> None:
        """Add nothing: result.json has it."""

    def close(self) -> None:
        """Hold nothing open."""


class TensorBoard:
    """Writes TensorBoard's event files into ``tensorboard`` in the run folder.

    Parameters
    ----------
    folder : Path
        The run folder.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._board: Any = None

    def on_start(self, _recipe: Recipe, _splits: Splits, history: list[Epoch]) -> None:
        """Begin a file, after the epochs that earlier files have."""
        from tensorboardX import SummaryWriter

        where = str(self._folder / "tensorboard")
        self._board = SummaryWriter(where, purge_step=len(history) + 1)

    def on_step(self, step: Step) -> None:
        """Leave steps alone."""

    def on_epoch(self, epoch: Epoch) -> None:
        """Write the epoch down."""
        for name, value in figures(epoch).items():
            self._board.add_scalar(name, value, epoch.epoch)
        self._board.flush()

    def on_end(self, run: Run, splits: Splits) -> None:
        """Add nothing: the figures on the test set are no curve."""

    def close(self) -> None:
        """End the event file."""
        if self._board is not None:
            self._board.close()


def figures(epoch: Epoch) -> dict[str, float]:
    """Return an epoch's figures by name, without its number and without what was not measured."""
    record = epoch.to_dict()
    return {
        name: value
        for name, value in record.items()
        if value is not None and name not in ("epoch", "epochs")
    }


def _line(epoch: Epoch) -> str:
    return json.dumps(epoch.to_dict()) + "\n"
