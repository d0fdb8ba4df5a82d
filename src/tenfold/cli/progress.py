"""Show a training run as it goes: a bar for people, lines of JSON for machines."""

from __future__ import annotations

from contextlib import ExitStack

from rich.progress import (
    BarColumn,
    Progress,
    TaskProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)

from tenfold import decoders
from tenfold.cli.console import err, print_json
from tenfold.training.callbacks import Epoch, Step


class JsonLines:
    """Print one object an epoch."""

    def on_step(self, step: Step) -> None:
        """Leave steps alone."""

    def on_epoch(self, epoch: Epoch) -> None:
        """Print the epoch's figures."""
        print_json({"event": "epoch"} | epoch.to_dict())


class Loading(ExitStack):
    """Catch what decoders write while data are loaded: until the first step, or the end."""

    def __init__(self) -> None:
        super().__init__()
        self.enter_context(decoders.caught())

    def on_step(self, _step: Step) -> None:
        """Catch no more."""
        self.close()

    def on_epoch(self, _epoch: Epoch) -> None:
        """Catch no more."""
        self.close()


class Bar:
    """A progress bar on standard error with loss, accuracy and speed; nothing when piped."""

    def __init__(self) -> None:
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            TaskProgressColumn(),
            TextColumn("{task.fields[figures]}"),
            TimeRemainingColumn(compact=True),
            console=err,
            disable=not err.is_terminal,
        )
        self._task = self._progress.add_task("starting", total=1.0, figures="")
        self._last = ""

    def __enter__(self) -> Bar:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def on_step(self, step: Step) -> None:
        """Move the bar."""
        self._progress.update(
            self._task,
            completed=step.step / step.steps,
            description=f"epoch {step.epoch}/{step.epochs}" if step.epochs else "training",
            figures=f"loss {step.loss:.4f}{self._last}",
        )

    def on_epoch(self, epoch: Epoch) -> None:
        """Take over the epoch's figures; they stand until the next epoch ends."""
        if epoch.validation_accuracy is None:
            self._last = f" · training accuracy {100 * epoch.accuracy:.1f} %"
        else:
            self._last = f" · validation accuracy {100 * epoch.validation_accuracy:.1f} %"
        self._last += f" · {epoch.images_per_second:,.0f} images/s"
        self._progress.update(
            self._task,
            completed=epoch.epoch / epoch.epochs,
            description=f"epoch {epoch.epoch}/{epoch.epochs}",
            figures=f"loss {epoch.loss:.4f}{self._last}",
        )
