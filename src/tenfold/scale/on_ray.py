"""The same reading on a Ray cluster: a class for Ray Data's `map_batches`, and what uses it.

Ray carries the pictures to actors and begins anew what a lost machine was at. Each actor reads in a
process of its own, so that a picture that would end the actor costs its row alone. The machine that
asked collects the rows and alone writes parts: a row that comes twice counts once, and a part is
done when all of it is there.
"""

from __future__ import annotations

import logging
import os
import pickle
import socket
from collections.abc import Iterator, Sequence
from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any, cast

from tenfold.errors import TenfoldError, install
from tenfold.reader.batch import Row, check_seconds
from tenfold.reader.reader import Reader
from tenfold.scale.batches import BATCH, Batch, batches_of
from tenfold.scale.crew import SECONDS, Crew
from tenfold.scale.items import Item, item_of
from tenfold.scale.manifest import check_shard
from tenfold.scale.table import schema, table_of

if TYPE_CHECKING:
    import pyarrow as pa

    from tenfold.scale.manifest import Unit
    from tenfold.scale.output import Output

PLACE = ("unit", "part", "place", "count", "last")  # of a picture, in an output
KNOCKING = 10.0  # seconds in which a cluster must answer
FIELDS = tuple(field.name for field in fields(Item))


class PictureRows:
    """Reads the pictures of batches: a class for ``Dataset.map_batches`` of Ray Data.

    Parameters
    ----------
    reader : Reader
    id, image : str
        The columns with a picture's id and its bytes.
    keep : sequence of str
        Further columns to keep beside the rows.
    seconds : float
        That a picture may take.
    """

    def __init__(
        self,
        reader: Reader,
        id: str = "id",  # noqa: A002 (as the column is called)
        image: str = "bytes",
        keep: Sequence[str] = (),
        seconds: float = SECONDS,
    ) -> None:
        self._id, self._image, self._keep = id, image, list(keep)
        self._crew = Crew(reader, 1, seconds)

    def __call__(self, batch: pa.Table) -> pa.Table:
        """Return the rows of a batch, an Arrow table, with the columns of `Row`."""
        return self._table(batch)[0]

    def _table(self, batch: pa.Table) -> tuple[pa.Table, list[int]]:
        """Return the rows of a batch with what is kept, and for each the number of its picture."""
        rows, places = self._read(self._items(batch))
        table = table_of(rows)
        for name in self._keep:
            table = table.append_column(name, batch.column(name).take(places))
        return table, places

    def _read(self, items: list[Item]) -> tuple[list[Row], list[int]]:
        """Return the rows of pictures, and for each the number of its picture."""
        found: dict[int, list[Row]] = {}
        asked = [
            Batch(0, 0, first, tuple(items[first : first + BATCH]))
            for first in range(0, len(items), BATCH)
        ]
        for batch, rows in self._crew.read(asked):
            found |= dict(enumerate(rows, batch.first))
        places = [place for place in range(len(items)) for _ in found[place]]
        return [row for place in range(len(items)) for row in found[place]], places

    def _items(self, batch: pa.Table) -> list[Item]:
        ids, images = batch.column(self._id).to_pylist(), batch.column(self._image).to_pylist()
        names = map(str, ids)
        return [item_of(name, name, image) for name, image in zip(names, images, strict=True)]


class _PlacedRows(PictureRows):
    """The same for the pictures of an output: wherever they lie, and with their place in it."""

    def __init__(self, reader: Reader, seconds: float) -> None:
        super().__init__(reader, keep=PLACE, seconds=seconds)

    def __call__(self, batch: pa.Table) -> pa.Table:
        """Return the rows, each with its number among those of its picture, and their count."""
        import pyarrow as pa

        table, places = self._table(batch)
        numbers = [row - places.index(place) for row, place in enumerate(places)]
        table = table.append_column("row", pa.array(numbers, pa.int64()))
        counts = [places.count(place) for place in places]
        return table.append_column("rows", pa.array(counts, pa.int64()))

    def _items(self, batch: pa.Table) -> list[Item]:
        return [Item(**record) for record in batch.select(list(FIELDS)).to_pylist()]


def read_dataset(
    dataset: Any,
    *,
    id: str = "id",  # noqa: A002 (as the column is called)
    image: str = "bytes",
    keep: Sequence[str] = (),
    reader: Reader | None = None,
    workers: int | None = None,
    seconds: float = SECONDS,
) -> Any:
    """Read the pictures of a Ray dataset: a dataset of rows, which Ray computes when it is used.

    Parameters
    ----------
    dataset : ray.data.Dataset
    id, image : str
        The columns with a picture's id and its bytes, or a struct with ``bytes``.
    keep : sequence of str
        Further columns to keep.
    reader : Reader, optional
        By default one without options.
    workers : int, optional
        Actors that read, one core each; by default as many as the cluster has cores.
    seconds : float
        That a picture, or a page of a document, may take.

    Returns
    -------
    ray.data.Dataset
        With the columns of `tenfold.reader.batch.Row`, and those to keep.

    Raises
    ------
    UsageError
        If ``seconds`` is no time limit.
    TenfoldError
        If Ray is not installed.

    Examples
    --------
    >>> import ray  # doctest: +SKIP
    >>> pictures = ray.data.read_parquet("s3://bucket/scans/")  # doctest: +SKIP
    >>> rows = read_dataset(pictures, id="name", image="image")  # doctest: +SKIP
    >>> rows.write_parquet("s3://bucket/rows/")  # doctest: +SKIP
    """
    _ray()
    check_seconds(seconds)
    options: dict[str, Any] = {"id": id, "image": image, "keep": tuple(keep)}
    options |= {"reader": Reader() if reader is None else reader, "seconds": seconds}
    return _mapped(dataset, PictureRows, options, workers)


def _mapped(dataset: Any, rows: type, options: dict[str, Any], workers: int | None) -> Any:
    ray = _ray()
    count = workers or max(1, int(ray.cluster_resources().get("CPU", 1)))
    return dataset.map_batches(
        rows,
        fn_constructor_kwargs=options,
        batch_size=BATCH,
        batch_format="pyarrow",
        compute=ray.data.ActorPoolStrategy(min_size=1, max_size=count),
        num_cpus=1,
    )


def _ray() -> Any:
    """Return Ray's package; raises TenfoldError if it is not installed."""
    try:
        import ray
        import ray.data
    except ModuleNotFoundError as error:
        raise TenfoldError(
            f"reading on Ray needs the package {error.name}, which is not installed. "
            + install("ray")
        ) from error
    return ray


def connect(address: str) -> None:
    """Connect to a cluster, unless this process is connected to one.

    Raises
    ------
    TenfoldError
        If no cluster answers, or Ray is not installed.
    """
    # Ray reports its use to its makers unless told not to; nobody asked for that.
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    ray = _ray()
    if ray.is_initialized():
        return
    try:
        _knock(address)
        ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR)
    except (OSError, OverflowError, RuntimeError, ValueError) as error:
        raise TenfoldError(
            f"no Ray cluster at {address!r}. Start one by 'ray start --head', or give its address."
        ) from error


def _knock(address: str) -> None:
    """Raise OSError if nobody listens there; Ray itself would go on trying for minutes."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if host and port.isdecimal():
        socket.create_connection((host.strip("[]"), int(port)), KNOCKING).close()


def read_output(
    output: Output, reader: Reader, workers: int | None, seconds: float, column: str | None
) -> Iterator[tuple[Batch, list[list[Row]]]]:
    """Read on the cluster what an output lacks, and yield the rows of each picture as they come.

    Every machine of the cluster must see the pictures under the same paths, and have tenfold.

    Raises
    ------
    TenfoldError
        If the cluster gives up.
    """
    ray = _ray()
    from ray.exceptions import RayError

    ray.data.DataContext.get_current().enable_progress_bars = False
    asked = [_asked(output, unit) for unit in output.units() if not output.is_done(unit.number)]
    if not asked:
        return
    loader = _Loader(column, output.part_size)
    pictures = ray.data.from_items(asked, override_num_blocks=len(asked)).flat_map(
        loader, num_cpus=0.25
    )
    options = {"reader": reader, "seconds": seconds}
    try:
        read = _mapped(pictures, _PlacedRows, options, workers)
        yield from _answers(
            row
            for block in read.iter_batches(batch_size=None, batch_format="pyarrow")
            for row in block.to_pylist()
        )
    except RayError as error:
        what = " ".join(str(error).split())[:200]
        raise TenfoldError(
            f"the Ray cluster gave up ({what}). What was read is kept; go on with --resume."
        ) from error


def _asked(output: Output, unit: Unit) -> dict[str, Any]:
    """Return a unit as a row of the dataset that Ray begins with."""
    check_shard(unit)
    done = [part for own, part in output.done if own == unit.number]
    return {"unit": pickle.dumps(unit), "done": done}


class _Loader:
    """Turns a unit into rows, a picture each: where it lies, and its place in the output."""

    def __init__(self, column: str | None, part_size: int) -> None:
        self._column, self._part_size = column, part_size

    def __call__(self, row: dict[str, Any]) -> Iterator[dict[str, Any]]:
        unit: Unit = pickle.loads(row["unit"])  # noqa: S301 (of our own making)
        for batch in batches_of(unit, self._column, self._part_size, set(row["done"])):
            for place, item in enumerate(batch.items, batch.first):
                count = -1 if batch.count is None else batch.count
                where = (batch.unit, batch.part, place, count, batch.last)
                yield dict(zip(PLACE, where, strict=True)) | asdict(item)


def _answers(rows: Iterator[dict[str, Any]]) -> Iterator[tuple[Batch, list[list[Row]]]]:
    """Put the rows of each picture together again: Ray may part them, and send some twice."""
    open_: dict[tuple[int, int, int], dict[int, Row]] = {}
    columns = schema().names
    for row in rows:
        unit, part, place = row["unit"], row["part"], row["place"]
        own = open_.setdefault((unit, part, place), {})
        own[row["row"]] = cast("Row", {name: row[name] for name in columns})
        if len(own) == row["rows"]:
            del open_[unit, part, place]
            count = None if row["count"] < 0 else row["count"]
            found = [own[number] for number in sorted(own)]
            yield Batch(unit, part, place, (), count, row["last"]), [found]
