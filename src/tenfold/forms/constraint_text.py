"""What may stand in a field, in a few words for who fills in or checks."""

from __future__ import annotations

from tenfold.forms.template import Field

CHECKSUMS = {"luhn": "Luhn", "mod-11": "modulo 11", "isbn": "ISBN", "verhoeff": "Verhoeff"}


def words_of(field: Field) -> str:
    """Say what may stand in a field.

    Examples
    --------
    >>> words_of(Field("id", 1, (0, 0, 1, 1), digits=(8, 8), unique=True))
    '8 digits, each value once'
    >>> words_of(Field("mark", 1, (0, 0, 1, 1), range=(0, 20), decimals=1, optional=True))
    '0 to 20, up to 1 decimal, may be blank'
    """
    if field.kind == "tick":
        return f"x if ticked, else blank{f'; one of {field.group}' if field.group else ''}"
    words = {
        _digits(field): field.digits,
        _range(field): field.range,
        f"up to {_many(field.decimals, 'decimal')}": field.decimals,
        field.date: field.date,
        f"of the form {field.pattern}": field.pattern,
        f"one of {field.one_of_file or f'{len(field.one_of or ())} values'}": field.one_of,
        f"with a check digit ({CHECKSUMS.get(field.checksum or '', field.checksum)})": (
            field.checksum
        ),
        f"the sum of {', '.join(field.sum_of)}": field.sum_of,
        "each value once": field.unique,
        "may be blank": field.optional,
    }
    return ", ".join(str(text) for text, there in words.items() if there)


def _digits(field: Field) -> str:
    fewest, most = field.digits or (0, 0)
    return _many(most, "digit") if fewest == most else f"{fewest} to {_many(most, 'digit')}"


def _range(field: Field) -> str:
    least, largest = field.range or (0, 0)
    return f"{least:g} to {largest:g}"


def _many(count: int | None, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"
