"""Where pictures lie: files, tar shards as WebDataset writes them, Parquet with a column of images.

A shard is walked one picture after the other. Of a plain tar file only the heads are read here, and
whoever reads a picture takes its bytes out of the shard; what is packed or in Parquet comes along.
"""

from __future__ import annotations

import tarfile
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

from tenfold.errors import DataError, TenfoldError, TenfoldWarning, faults_of
from tenfold.files import open_file
from tenfold.names import shown
from tenfold.preprocess.document import SUFFIXES
from tenfold.preprocess.encoded import MAX_BYTES

if TYPE_CHECKING:
    import pyarrow as pa

TARS = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")
PARQUETS = (".parquet", ".pq")
LISTS = (".txt", ".lst")
SHARDS = (*TARS, *PARQUETS)
IMAGES = ("image", "bytes", "picture", "img", "content", "jpg", "jpeg", "png")
IDS = ("id", "key", "__key__", "image_id", "name", "filename", "path", "file")
ROWS_AT_ONCE = 32  # of Parquet, in memory
MOST_IDS = 1_000_000  # of one file, held in memory to find one that comes twice


@dataclass(frozen=True, slots=True)
class Item:
    """A picture, or a document of several pages, to read.

    Parameters
    ----------
    id : str
    path : str
        The file that it is, or lies in.
    offset, size : int or None
        Of its bytes in that file; None where it is the file.
    content : bytes or None
        Its bytes, where they are known already.
    error : str or None
        Why there is nothing to read.
    """

    id: str
    path: str
    offset: int | None = None
    size: int | None = None
    content: bytes | None = None
    error: str | None = None

    def source(self) -> Path | bytes:
        """Return what to read.

        Raises
        ------
        DataError
            If there is nothing, or its file cannot be read.
        """
        if self.error is not None:
            raise DataError(self.error)
        if self.content is not None:
            return self.content
        if self.offset is None or self.size is None:
            return Path(self.path)
        if self.size > MAX_BYTES:
            raise DataError(f"{self.id}: is larger than {MAX_BYTES // 1_000_000} MB.")
        with faults_of(self.id), open_file(self.path) as file:
            file.seek(self.offset)
            content = file.read(self.size)
        if len(content) < self.size:
            raise DataError(f"{self.id}: the shard ends within it. Copy the file again.")
        return content


def is_shard(path: str) -> bool:
    """Whether a file holds many pictures, by its name."""
    return path.lower().endswith(SHARDS)


def pictures_in(shard: str, column: str | None = None) -> Iterator[Item]:
    """Yield the pictures of a shard; where it is damaged, an item that says so stands last.

    Parameters
    ----------
    shard : str
        Its path.
    column : str, optional
        The column of images in Parquet; by default the one that has a usual name.
    """
    name = shown(shard)
    walk = _in_tar(shard, name) if shard.lower().endswith(TARS) else _in_table(shard, name, column)
    item = None
    try:
        with faults_of(name, "opened"):
            for item in walk:
                yield item
    except TenfoldError as error:
        yield Item(name, shard, error=str(error))
    else:
        if item is None:
            yield Item(name, shard, error=f"{name}: holds no pictures.")


def _in_tar(shard: str, name: str) -> Iterator[Item]:
    packed = not shard.lower().endswith(".tar")
    with open_file(shard, name) as file:
        try:
            with tarfile.open(fileobj=file, mode="r|*" if packed else "r:") as tar:
                while (member := tar.next()) is not None:
                    tar.members = []  # type: ignore[attr-defined]  # it would remember them all
                    if _is_picture(member):
                        yield _member(tar, member, shard, name, packed)
        except (tarfile.TarError, EOFError, OSError, ValueError) as error:
            raise DataError(
                f"{name}: not a tar file, or damaged from here on ({error}). Copy the file again."
            ) from error
        except Exception as error:  # zlib and lzma raise their own
            raise DataError(f"{name}: cannot be unpacked ({error}). Copy it again.") from error


def _is_picture(member: tarfile.TarInfo) -> bool:
    path = PurePath(member.name)
    return (
        member.isreg() and path.suffix.lower() in SUFFIXES and not path.name.startswith("._")
    )  # the last: what macOS writes beside a file


def _member(
    tar: tarfile.TarFile, member: tarfile.TarInfo, shard: str, name: str, packed: bool
) -> Item:
    own = f"{name}/{shown(member.name)}"
    if not packed and member.sparse is None:
        return Item(own, shard, member.offset_data, member.size)
    if member.size > MAX_BYTES:
        return Item(own, shard, error=f"{own}: is larger than {MAX_BYTES // 1_000_000} MB.")
    file = tar.extractfile(member)
    return Item(own, shard, content=b"" if file is None else file.read())


def _in_table(shard: str, name: str, column: str | None) -> Iterator[Item]:
    import pyarrow as pa
    from pyarrow import parquet

    with open_file(shard, name) as file:
        try:
            table = parquet.ParquetFile(file)
            schema = table.schema_arrow
            image, key = image_column(schema, name, column), id_column(schema)
            wanted = [image] if key is None else [image, key]
            row = 0
            for batch in table.iter_batches(ROWS_AT_ONCE, columns=wanted, use_threads=False):
                images = batch.column(image).to_pylist()
                keys = [None] * len(images) if key is None else batch.column(key).to_pylist()
                for value, own in zip(images, keys, strict=True):
                    row += 1
                    id_ = f"{name}#{row}" if own is None else shown(str(own))
                    yield item_of(id_, shard, value)
        except (pa.ArrowException, OSError) as error:
            what = " ".join(str(error).split())[:200]
            raise DataError(
                f"{name}: not a Parquet file, or damaged ({what}). Copy it again."
            ) from error


def item_of(name: str, path: str, value: Any) -> Item:
    """Return what a column of images holds, bytes or a struct with them, as an item."""
    content = value.get("bytes") if isinstance(value, dict) else value
    if not isinstance(content, bytes) or not content:
        return Item(name, path, error=f"{name}: its row holds no picture.")
    return Item(name, path, content=content)


def warn_of_shared_ids(shard: str) -> bool:
    """Warn of the first id that rows of a Parquet file share; return whether there is one.

    Of a larger file the first `MOST_IDS` rows are looked at. Where it is damaged, that is told when
    it is read.
    """
    if not shard.lower().endswith(PARQUETS):
        return False
    from pyarrow import parquet

    name, seen = shown(shard), set[object]()
    try:
        with faults_of(name), open_file(shard, name) as file:
            table = parquet.ParquetFile(file)
            column = id_column(table.schema_arrow)
            if column is None:
                return False
            for batch in table.iter_batches(columns=[column], use_threads=False):
                for own in batch.column(0).to_pylist():
                    if own in seen:
                        warnings.warn(
                            f"{name}: several rows have the same id in the column {column!r}, the "
                            f"first is {own!r}. Tell their results apart by the order.",
                            TenfoldWarning,
                            stacklevel=2,
                        )
                        return True
                    if own is not None:
                        seen.add(own)
                if len(seen) >= MOST_IDS:
                    break
    except TenfoldError:
        pass
    return False


def image_column(schema: pa.Schema, name: str, column: str | None) -> str:
    """Return the column that holds images: bytes, or as Hugging Face has it a struct with them.

    Raises
    ------
    DataError
        If there is none, or there are several and none has a usual name.
    """
    import pyarrow as pa

    def holds_bytes(type_: pa.DataType) -> bool:
        if pa.types.is_struct(type_):
            return any(field.name == "bytes" and holds_bytes(field.type) for field in type_)
        return bool(pa.types.is_binary(type_) or pa.types.is_large_binary(type_))

    found = [field.name for field in schema if holds_bytes(field.type)]
    if column is not None:
        if column in found:
            return column
        raise DataError(f"{name}: has no column {column!r} of images. {_columns(found)}")
    usual = [each for each in found if each.lower() in IMAGES]
    chosen = usual or found
    if len(chosen) != 1:
        raise DataError(f"{name}: name the column of images with --column. {_columns(found)}")
    return str(chosen[0])


def _columns(found: list[str]) -> str:
    if not found:
        return "No column holds bytes."
    return f"Columns of bytes: {', '.join(map(shown, found))}."


def id_column(schema: pa.Schema) -> str | None:
    """Return the column that says how a picture is called: text or whole numbers, a usual name."""
    import pyarrow as pa

    for name in IDS:
        place = schema.get_field_index(name)
        if place < 0:
            continue
        type_ = schema.field(place).type
        text = pa.types.is_string(type_) or pa.types.is_large_string(type_)
        if text or pa.types.is_integer(type_):
            return name
    return None
