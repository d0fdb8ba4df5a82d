"""Whether a template makes sense as a whole: every contradiction names its field."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from tenfold.errors import UsageError
from tenfold.forms.template import Field

RENAME = "rename one."
EDGE = 1e-5  # a share of the page that rounding may add
OF_NUMBERS = (
    "digits", "cells", "range", "decimals", "pattern", "one_of", "unique", "checksum", "sum_of",
    "date",
)  # fmt: skip


class FieldError(UsageError):
    """What is wrong with one field.

    Parameters
    ----------
    name : str
        The field's.
    what : str
        One sentence.
    """

    def __init__(self, name: str, what: str) -> None:
        super().__init__(f"field {name!r}: {what}")
        self.name, self.what = name, what


def check(fields: Sequence[Field], pages: int) -> None:
    """Raise FieldError if fields contradict each other or themselves.

    Parameters
    ----------
    fields : sequence of Field
    pages : int
        How many the form has.
    """
    for error in complaints(fields, pages):
        raise error


def complaints(fields: Sequence[Field], pages: int) -> Iterator[FieldError]:
    """Yield everything that is wrong with fields: of each by itself, then with the others.

    What fields say together is looked at where nothing is wrong with any by itself.
    """
    counts = Counter(field.name for field in fields)
    right = True
    for field in fields:
        if counts[field.name] > 1:
            right = False
            yield wrong(field, f"there are {counts[field.name]} fields of this name; {RENAME}")
        own = _check_tick if field.kind == "tick" else _check_number
        for error in (_caught(_check_place, field, pages), _caught(own, field)):
            if error is not None:
                right = False
                yield error
    if right:
        for together in (_check_groups, _check_sums):
            error = _caught(together, fields)
            if error is not None:
                yield error


def _caught(checked: Callable[..., None], *arguments: object) -> FieldError | None:
    try:
        checked(*arguments)
    except FieldError as error:
        return error
    return None


def wrong(field: Field, what: str) -> FieldError:
    """Return what to raise of a field."""
    return FieldError(field.name, f"{what.rstrip('.')}.")


def _check_place(field: Field, pages: int) -> None:
    if not 1 <= field.page <= pages:
        raise wrong(field, f"page {field.page}: the form has pages 1 to {pages}")
    left, top, width, height = field.box
    if width <= 0 or height <= 0:
        raise wrong(field, f"box {list(field.box)}: width and height must be above 0")
    if min(left, top) < 0 or left + width > 1 + EDGE or top + height > 1 + EDGE:
        raise wrong(
            field,
            f"box {list(field.box)} reaches beyond the page; give left, top, width, height as "
            "shares of the page, 0 to 1",
        )


def _check_tick(field: Field) -> None:
    given = [key for key in OF_NUMBERS if getattr(field, key) not in (None, (), False)]
    if given:
        raise wrong(field, f"{given[0]} is for numbers, and this is a tick; leave it out")


def _check_number(field: Field) -> None:
    if field.group is not None:
        raise wrong(field, 'group is for ticks; leave it out, or say kind = "tick"')
    if field.cells is not None and field.digits is not None and field.cells < field.digits[1]:
        raise wrong(
            field,
            f"comb of {field.cells} cells has no room for {field.digits[1]} digits; change one",
        )
    try:
        field.expect  # noqa: B018 (to make it is to check it)
    except UsageError as error:
        raise wrong(field, str(error)) from None


def _check_groups(fields: Sequence[Field]) -> None:
    groups: dict[str, list[Field]] = {}
    for field in fields:
        if field.group is not None:
            groups.setdefault(field.group, []).append(field)
    for name, own in groups.items():
        if len(own) == 1:
            raise wrong(own[0], f"group {name!r} has this tick alone; add others, or leave it out")
        if len({field.optional for field in own}) > 1:
            odd = next(field for field in own if not field.optional)
            raise wrong(
                odd, f"in group {name!r} some ticks are optional and some not; make all alike"
            )


def _check_sums(fields: Sequence[Field]) -> None:
    named = {field.name: field for field in fields}
    for field in fields:
        for name in field.sum_of:
            other = named.get(name)
            if other is None:
                raise wrong(field, f"sum_of names {name!r}, and there is no such field")
            if other.kind != "number" or other.date is not None:
                raise wrong(field, f"sum_of names {name!r}, which is no number")
            if other.page != field.page:
                raise wrong(
                    field,
                    f"sum_of names {name!r}, which is on page {other.page}, and this is on page "
                    f"{field.page}; a sum and its parts must be on one page",
                )
        if len(set(field.sum_of)) != len(field.sum_of):
            raise wrong(field, "sum_of names a field twice; leave one out")
    done: set[str] = set()
    for field in fields:
        _check_circle(field, named, (), done)
        _check_reach(field, [named[name] for name in field.sum_of])


def _check_circle(
    field: Field, named: dict[str, Field], above: tuple[str, ...], done: set[str]
) -> None:
    """Raise UsageError if a field is a part of its own sum."""
    if field.name in above:
        way = " → ".join((*above[above.index(field.name) :], field.name))
        raise wrong(field, f"sum_of goes round in a circle ({way}); take one out")
    if field.name in done:
        return
    for name in field.sum_of:
        _check_circle(named[name], named, (*above, field.name), done)
    done.add(field.name)


def _check_reach(field: Field, parts: Sequence[Field]) -> None:
    """Raise UsageError if no sum of the parts lies in the sum's range."""
    ranges = [part.range for part in parts if part.range is not None]
    if field.range is None or not parts or len(ranges) < len(parts):
        return
    least = sum(0 if part.optional else own[0] for part, own in zip(parts, ranges, strict=True))
    most = sum(own[1] for own in ranges)
    if most < field.range[0] or least > field.range[1]:
        raise wrong(
            field,
            f"the sum of its parts lies between {least:g} and {most:g}, outside its range; "
            "change a range",
        )
