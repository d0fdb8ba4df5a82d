"""What people write as numbers: amounts, dates, times, marks, telephone numbers, sums.

A number is a string of `tenfold.signature.CHARS`; a space in it is a gap wider than a digit.
"""

from __future__ import annotations

from numpy.random import Generator


def digits(rng: Generator, count: int) -> str:
    """Draw digits; zeros and repeated digits are more frequent, as in amounts."""
    out: list[str] = []
    for _ in range(count):
        roll = rng.random()
        if out and roll < 0.07:
            out.append("0")
        elif out and roll < 0.14:
            out.append(out[-1])
        else:
            out.append(str(int(rng.integers(10))))
    if count > 2 and rng.random() < 0.15:
        zeros = int(rng.integers(1, count))
        out[-zeros:] = "0" * zeros
    return "".join(out)


def number(rng: Generator) -> str:
    """Write one number of any kind."""
    roll = rng.random()
    count = int(min(rng.geometric(0.24), 12))
    if roll < 0.46:
        return digits(rng, count)
    if roll < 0.68:
        return amount(rng)
    if roll < 0.76:
        whole = digits(rng, int(rng.integers(1, 5)))
        return whole + _one(rng, ".", ",") + digits(rng, int(rng.integers(1, 4)))
    if roll < 0.81:
        return date(rng)
    if roll < 0.85:
        first = digits(rng, int(rng.integers(1, 3)))
        return first + _one(rng, "/", "/", ":") + digits(rng, int(rng.integers(1, 3)))
    if roll < 0.89:
        return ":".join(digits(rng, 2) for _ in range(int(rng.integers(2, 4))))
    if roll < 0.92:
        return "-" + digits(rng, min(count, 6))
    if roll < 0.94:
        return digits(rng, int(rng.integers(1, 4))) + "%"
    if roll < 0.97:
        inside = digits(rng, int(rng.integers(2, 5)))
        return f"({inside})" + digits(rng, int(rng.integers(3, 9)))
    parts = [digits(rng, int(rng.integers(1, 4))) for _ in range(2)]
    joined = _one(rng, "+", "-", "/", "=").join(parts)
    return joined + ("=" + digits(rng, 2) if rng.random() < 0.5 else "")


def date(rng: Generator) -> str:
    """Write a date in digits."""
    sign = _one(rng, "/", "-", ".")
    year = digits(rng, int(rng.choice([2, 4])))
    day, month = (digits(rng, int(rng.integers(1, 3))) for _ in range(2))
    return sign.join([day, month, year])


def amount(rng: Generator) -> str:
    """Write an amount of money, its thousands apart or not, with the endings of cheques."""
    whole = digits(rng, int(rng.integers(2, 8)))
    if rng.random() < 0.6 and len(whole) > 3:
        mark = _one(rng, ".", ",", ".")
        groups: list[str] = []
        while len(whole) > 3:
            groups.insert(0, whole[-3:])
            whole = whole[:-3]
        whole = mark.join([whole, *groups])
    roll = rng.random()
    if roll < 0.2:
        whole += _one(rng, ".", ",") + digits(rng, 2)
    elif roll < 0.5:
        whole += _one(rng, ".-", "-", "=", ".", ",-", "--", ".=", ".--")
    return whole


def running(rng: Generator) -> str:
    """Write a number as it stands in print among words: bare, counted, or grown onto letters."""
    roll = rng.random()
    if roll < 0.5:
        return number(rng).replace(" ", "") + _one(rng, "", "", ".", ")", ":", ",")
    short = digits(rng, int(rng.integers(1, 4)))
    if roll < 0.65:
        return _one(rng, "(", "", "") + short + _one(rng, ")", ".", ":", "")
    if roll < 0.8:
        unit = _one(rng, "P", "th", "st", "nd", "cm", "kg", "pts", "km", "h", "min", "x", "a", "b)")
        return _one(rng, "", "+", "-", "(") + short + unit + _one(rng, "", ")", ".", ",")
    if roll < 0.85:  # a list's numbering and an answer
        first = _one(rng, "i)", "ii)", "iii)", "iv)", "a)", "b)", "c)", "1)", "2)", "(a)", "(b)")
        return f"{first} {digits(rng, int(rng.integers(1, 3)))}"
    if roll < 0.92:
        return _one(rng, "i", "ii", "iv", "Q", "No.", "p.", "A", "B", "x", "H", "vol.") + short
    return digits(rng, 4) + _one(rng, "/", "-", "–") + digits(rng, 2)


def _one(rng: Generator, *texts: str) -> str:
    return str(rng.choice(texts))
