"""What a run tells of itself while it goes."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Epoch:
    """What one epoch came to; losses as the recipe defines them, ``None`` without validation."""

    epoch: int  # the first is 1
    epochs: int  # of the whole run
    loss: float
    accuracy: float
    validation_loss: float | None
    validation_accuracy: float | None
    learning_rate: float
    images_per_second: float
    seconds: float  # of training so far

    def to_dict(self) -> dict[str, float | None]:
        """Return the figures by name, ready for JSON."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Step:
    """Where a run stands; ``loss`` is the epoch's mean so far, or that of the last steps.

    A run on composed pages has no epochs: ``epochs`` is 0.
    """

    step: int
    steps: int
    epoch: int
    epochs: int
    loss: float


class Callback(Protocol):
    """Whoever wants to follow a run."""

    def on_step(self, step: Step) -> None:
        """Hear, now and then, that steps went by."""

    def on_epoch(self, epoch: Epoch) -> None:
        """Hear that an epoch ended."""
