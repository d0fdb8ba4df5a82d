"""What is read together: the pictures of a unit in batches, part by part of the output."""

from __future__ import annotations

from collections.abc import Iterator, Set
from dataclasses import dataclass, replace

from tenfold.names import shown
from tenfold.scale.items import Item, pictures_in
from tenfold.scale.manifest import Unit, check_shard
from tenfold.scale.output import Output

BATCH = 16  # pictures
BATCH_BYTES = 32_000_000  # in memory


@dataclass(frozen=True, slots=True)
class Batch:
    """Pictures that are read together: neighbours in one part of the output.

    Parameters
    ----------
    unit, part : int
        Of the output; see `tenfold.scale.output`.
    first : int
        The place of the first picture in its part.
    items : tuple of Item
    count : int or None
        How many pictures the part has, if this batch closes it.
    last : bool
        Whether that part is its unit's last.
    tried : int
        How often a batch of one picture has ended its process.
    """

    unit: int
    part: int
    first: int
    items: tuple[Item, ...]
    count: int | None = None
    last: bool = False
    tried: int = 0

    def halves(self) -> tuple[Batch, Batch]:
        """Return its two halves; each closes the part if all of it does."""
        middle = len(self.items) // 2
        return (
            replace(self, items=self.items[:middle]),
            replace(self, first=self.first + middle, items=self.items[middle:]),
        )


def batches(output: Output, column: str | None) -> Iterator[Batch]:
    """Yield what is not done yet, in the plan's order."""
    for unit in output.units():
        if not output.is_done(unit.number):
            check_shard(unit)
            done = {part for own, part in output.done if own == unit.number}
            yield from batches_of(unit, column, output.part_size, done)


def batches_of(unit: Unit, column: str | None, part_size: int, done: Set[int]) -> Iterator[Batch]:
    """Yield the pictures of a unit in batches, without those of parts that are done."""
    held: list[Item] = []
    size = place = part = 0
    for item, final in _ending(_items(unit, column)):
        place += 1
        closes = final or place == part_size
        if part not in done:
            held.append(item)
            size += len(item.content or b"")
        if held and (closes or len(held) == BATCH or size >= BATCH_BYTES):
            count = place if closes else None
            yield Batch(unit.number, part, place - len(held), tuple(held), count, final)
            held, size = [], 0
        if closes:
            part, place = part + 1, 0


def _items(unit: Unit, column: str | None) -> Iterator[Item]:
    if unit.shard is not None:
        yield from pictures_in(unit.shard, column)
        return
    for path in unit.pictures:
        yield Item(shown(path), path)


def _ending(items: Iterator[Item]) -> Iterator[tuple[Item, bool]]:
    """Yield each item, and whether it is the last."""
    before = next(items, None)
    for item in items:
        if before is not None:
            yield before, False
        before = item
    if before is not None:
        yield before, True
