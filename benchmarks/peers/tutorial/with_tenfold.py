"""The tutorial by tenfold's own recipe: the whole of `tenfold.train`, model file included.

The clock runs through all a run does between its epochs: metrics and checkpoints written as well.
"""

from __future__ import annotations

import tempfile

from common_fit import Clock, arguments, report

from tenfold import train
from tenfold.training.callbacks import Epoch, Step


class Ticking(Clock):
    """Listen to a run."""

    def on_step(self, step: Step) -> None:
        """Leave steps alone."""

    def on_epoch(self, epoch: Epoch) -> None:  # noqa: ARG002 - the time is all that matters
        """Note the end of an epoch."""
        self.tick()


def main() -> None:
    """Train, evaluate and print the line."""
    epochs, seed = arguments()
    with tempfile.TemporaryDirectory() as folder:
        clock = Ticking()
        run = train(
            "digits",
            "tutorial",
            settings={"epochs": epochs},
            seed=seed,
            out=folder,
            device="cpu",
            callbacks=[clock],
        )
    threads = str(run.recipe.threads or "as it comes")
    report(clock, run.evaluation.accuracy, run.test_loss, ["tenfold", "torch"], threads)


main()
