"""An evaluation in plain words: the sentences that the terminal, the report and the card share.

It imports nothing heavy, so that the command line can start fast.
"""

from __future__ import annotations

from math import floor
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tenfold.evaluation.assessment import Assessment, Rival
    from tenfold.evaluation.coverage import Coverage
    from tenfold.evaluation.doubtful import Doubtful
    from tenfold.evaluation.evaluate import Evaluation
    from tenfold.evaluation.records import Last
    from tenfold.evaluation.statistics import McNemar, Spread


def percent(share: float, digits: int = 2) -> str:
    """Write a share of 1 as per cent.

    Examples
    --------
    >>> percent(0.9969), percent(0.5, 0)
    ('99.69 %', '50 %')
    """
    return f"{100 * share:.{digits}f} %"


def between(interval: tuple[float, float], digits: int = 2) -> str:
    """Write an interval as per cent.

    Examples
    --------
    >>> between((0.9956, 0.9978))
    '99.56–99.78 %'
    """
    low, high = interval
    return f"{100 * low:.{digits}f}–{100 * high:.{digits}f} %"


def spread_words(found: Spread) -> str:
    """Say mean, standard deviation and interval of several runs."""
    if found.interval is None:
        return f"{percent(found.mean)}, of one seed, which says nothing about luck"
    low, high = found.interval
    return (
        f"{percent(found.mean)} ± {100 * found.deviation:.2f} (standard deviation); "
        f"95 % interval of the mean {between((low, min(high, 1.0)))}"
    )


def errors(evaluation: Evaluation) -> str:
    """Say how many were wrong.

    Such as "27 of 10,000 wrong; the ones it was surest about are below."
    """
    wrong, count = len(evaluation.mistakes), evaluation.count
    if not wrong:
        return f"All {count:,} right."
    those = "the one is" if wrong == 1 else "the ones it was surest about are"
    return f"{wrong:,} of {count:,} wrong; {those} below."


def reservations(evaluation: Evaluation, learned: bool) -> str:
    """Say what these pictures cannot tell; nothing where they can tell all."""
    told = []
    if learned:
        told.append(
            "The model learned from pictures among these: this says little of how it reads others."
        )
    names = list(zip(evaluation.classes, evaluation.support, strict=True))
    there = [name for name, count in names if count]
    missing = [name for name, count in names if not count]
    if len(there) == 1:
        told.append(f"All pictures are of one class, {there[0]}: nothing is said of the others.")
    elif missing:
        told.append(f"There is no picture of {', '.join(missing)}: nothing is said of these.")
    return " ".join(told)


def doubtful(found: Doubtful | None) -> str:
    """Say what doubtful labels change; nothing where there are none."""
    if found is None:
        return ""
    return (
        f"{found.count} labels of this data are themselves doubtful: shown to five people each, at "
        f"most two chose the label. {found.wrong} of the errors are among them; without those "
        f"pictures, {percent(found.accuracy)} are right (95 % interval {between(found.interval)})."
    )


def coverage(found: Coverage) -> str:
    """Say what can be read without a person."""
    target = percent(found.target, 1)
    if found.threshold is None:
        return f"At no threshold are {target} of the answers right."
    if found.share == 1:
        return f"At {target} accuracy, everything can be read without a person."
    places = 1 if found.share < 0.99 else 2
    told = (
        f"At {target} accuracy, {percent(found.share, places)} of the pictures can be read "
        f"without a person: take answers of at least {_least(found.threshold)} confidence, and "
        f"give the other {percent(1 - found.share, places)} to one."
    )
    if found.trial is None:
        return told
    trial = found.trial
    return (
        f"{told} Chosen on half of the pictures and tried on the other half, such thresholds read "
        f"{percent(trial.share, places)}, with {trial.wrong:,} of {trial.count:,} answers wrong."
    )


def _least(threshold: float) -> str:
    """Write a threshold as per cent: rounded down, with two digits of what it leaves to 100."""
    missing = 100 * (1 - threshold)
    if missing <= 0:
        return "100 %"
    places = max(2, 1 - _exponent(missing))
    return f"{floor(100 * threshold * 10**places + 1e-3) / 10**places:.{places}f} %"


def chance(test: McNemar) -> str:
    """Say whether McNemar's test finds a difference."""
    if test.differs:
        return f"chance alone hardly explains it (McNemar's test, p = {number(test.p)})"
    return f"that is no difference: chance alone may do it (McNemar's test, p = {number(test.p)})"


def number(p: float) -> str:
    """Write a p-value with two digits that count.

    Examples
    --------
    >>> number(0.0391), number(0.00000123), number(1.0)
    ('0.039', '0.0000012', '1')
    """
    if p < 1e-7:
        return "0.0000001 or less"
    return f"{p:.{max(2, 1 - _exponent(p))}f}".rstrip("0").rstrip(".")


def _exponent(p: float) -> int:
    return int(f"{p:e}".partition("e")[2])


def rival(found: Rival | None, evaluation: Evaluation) -> str:
    """Say how another model does on the same pictures."""
    if found is None:
        return ""
    test = found.test
    if test.only_first == test.only_second == 0:
        return f"Against {found.name}: no difference, for both read the very same pictures right."
    return (
        f"Against {found.name}, which reads {percent(found.accuracy)} right (this model: "
        f"{_points(evaluation.accuracy - found.accuracy)}): {test.only_first:,} "
        f"{_pictures(test.only_first)} only this model reads right, {test.only_second:,} only the "
        f"other; {chance(test)}."
    )


def last(found: Last | None, evaluation: Evaluation) -> str:
    """Say how it compares with the last evaluation of the same pictures."""
    if found is None:
        return ""
    if found.same_model and found.test.only_first == found.test.only_second == 0:
        return f"The same as when this model file was last measured on this data, {found.date}."
    if found.test.only_first == found.test.only_second == 0:
        return f"No picture is read otherwise than when last measured on this data, {found.date}."
    return (
        f"When last measured on this data, {found.date}, {percent(found.accuracy)} were right ("
        f"{_points(evaluation.accuracy - found.accuracy)} since): {found.test.only_second:,} "
        f"newly right, {found.test.only_first:,} newly wrong; {chance(found.test)}."
    )


def _points(difference: float) -> str:
    if not difference:
        return "the same"
    return f"{100 * difference:+.2f} percentage points".replace("-", "−")


def _pictures(count: int) -> str:
    return "picture" if count == 1 else "pictures"


def answer(found: Assessment) -> list[str]:
    """Say all that comes first, a sentence or two each."""
    sentences = [
        errors(found.evaluation),
        reservations(found.evaluation, found.learned),
        doubtful(found.doubtful),
        coverage(found.coverage[0]),
        last(found.last, found.evaluation),
        rival(found.rival, found.evaluation),
    ]
    return [sentence for sentence in sentences if sentence]
