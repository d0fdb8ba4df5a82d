"""What a training run does to the command's output: lines of JSON, decoders kept quiet."""

from __future__ import annotations

from contextlib import ExitStack

from tenfold import decoders
from tenfold.cli.console import print_json
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
