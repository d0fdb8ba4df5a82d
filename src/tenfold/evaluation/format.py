"""How figures are written for people; it imports nothing heavy, so that commands start fast."""

from __future__ import annotations

from math import floor


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


def points(difference: float) -> str:
    """Write a difference of two shares in percentage points.

    Examples
    --------
    >>> points(-0.025), points(0)
    ('−2.50 percentage points', 'the same')
    """
    if not difference:
        return "the same"
    return f"{100 * difference:+.2f} percentage points".replace("-", "−")


def threshold(confidence: float) -> str:
    """Write a confidence as per cent, rounded down, with two digits of what it leaves to 100.

    Examples
    --------
    >>> threshold(0.6168), threshold(0.99997)
    ('61.68 %', '99.9970 %')
    """
    missing = 100 * (1 - confidence)
    if missing <= 0:
        return "100 %"
    places = max(2, 1 - _exponent(missing))
    return f"{floor(100 * confidence * 10**places + 1e-3) / 10**places:.{places}f} %"


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


def short(value: float) -> str:
    """Write a large number with three digits and a unit.

    Examples
    --------
    >>> short(7_369_600), short(103_162), short(512)
    ('7.37 M', '103 k', '512')
    """
    for size, unit in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:.3g} {unit}"
    return f"{value:.3g}"


def _exponent(p: float) -> int:
    return int(f"{p:e}".partition("e")[2])
