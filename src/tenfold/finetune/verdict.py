"""Before and after on the same pictures, and whether too much was forgotten."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tenfold.errors import TrainingError
from tenfold.evaluation.metrics.statistics import wilson

RESAMPLES, LEVEL = 4000, 0.05
Counts = NDArray[np.int64]


class ForgottenError(TrainingError):
    """The adapted network does worse than allowed on what it could do before."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two networks on the same samples.

    Parameters
    ----------
    name, unit : str
        What the samples are, and what is counted: "digits" or "characters".
    count : int
        How many of these.
    before, after : float
        Shares that were right, 0 to 1.
    before_interval, after_interval, interval : pair of float
        95 % intervals: of each share by Wilson (1927), of the change by a paired bootstrap over
        samples (Efron & Tibshirani 1993).
    """

    name: str
    unit: str
    count: int
    before: float
    after: float
    before_interval: tuple[float, float]
    after_interval: tuple[float, float]
    interval: tuple[float, float]

    @property
    def change(self) -> float:
        """What was gained, as a share; below 0 where it was lost."""
        return self.after - self.before


def compare(
    name: str, unit: str, before: Counts, after: Counts, totals: Counts | None = None
) -> Comparison:
    """Compare what two networks got right of the same samples.

    Parameters
    ----------
    before, after : int array, shape (n,)
        How much of each sample was right.
    totals : int array, shape (n,), optional
        How much there was to get right in each; 1 unless given.

    Examples
    --------
    >>> found = compare("mine", "digits", np.repeat([1, 0], [90, 10]), np.repeat([1, 0], [95, 5]))
    >>> found.before, found.after, [round(x, 2) for x in found.interval]
    (0.9, 0.95, [0.01, 0.1])
    """
    totals = np.ones(len(before), np.int64) if totals is None else totals
    count = int(totals.sum())
    # Samples that came out alike are drawn together: the same bootstrap, and fast.
    rows, many = np.unique(np.stack([before, after, totals], 1), axis=0, return_counts=True)
    drawn = np.random.default_rng(0).multinomial(
        len(before), many / max(1, len(before)), size=RESAMPLES
    )
    sums = drawn @ rows.astype(np.float64)
    changes = (sums[:, 1] - sums[:, 0]) / np.maximum(sums[:, 2], 1)
    low, high = np.quantile(changes, [LEVEL / 2, 1 - LEVEL / 2])
    right = int(before.sum()), int(after.sum())
    return Comparison(
        name, unit, count, right[0] / count, right[1] / count,
        wilson(right[0], count), wilson(right[1], count), (float(low), float(high)),
    )  # fmt: skip


def hold_to(own: Comparison, reference: Comparison, allow: float) -> None:
    """Raise ForgottenError if the reference set fell by more than is allowed, in points."""
    lost, least = -100 * reference.change, 100 / reference.count
    if lost <= allow + 1e-9:
        return
    low, high = (100 * value for value in reference.interval)
    small = (
        f" One of its {reference.count:,} {reference.unit} is {least:.2g} points: more of them, "
        "with --reference, judge more exactly."
    )
    raise ForgottenError(
        f"the adapted network reads {100 * reference.after:.2f} % of the reference set, "
        f"{lost:.2f} points less than before ({100 * reference.before:.2f} %; 95 % interval of the "
        f"change {low:+.2f} to {high:+.2f}), and no more than {allow:g} may be lost."
        f"{small if least > allow else ''} Of your samples it reads {100 * own.after:.1f} %, "
        f"before {100 * own.before:.1f} %. Give more samples, allow more with --allow, or keep "
        "the result all the same with --keep."
    )
