"""The template of a form: its pages, and what may stand in which field.

A template is a TOML file that people read and write by hand, ``form.toml``, with the reference
image of each page beside it. It is checked as a whole when it is loaded, so that a slip costs one
sentence and not a stack of scans.
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from tenfold.errors import UsageError, install
from tenfold.files import read_file, write_whole
from tenfold.reader.expect import Expect

if TYPE_CHECKING:
    from tenfold.forms.sheet_results import SheetResult

Kind = Literal["number", "tick"]

MOST_BYTES = 10_000_000  # of the TOML file
MOST_IMAGE = 100_000_000  # bytes of a reference image
DIGITS_OF_VERSION = 16
PLACES = 5  # decimals of a box: a hundredth of a millimetre


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a form: where it is, and what may stand in it.

    Parameters
    ----------
    name : str
        Its own among all fields; the head of its column.
    page : int
        Number of its page, from 1.
    box : tuple of float
        Left, top, width, height as shares of the page, 0 to 1.
    kind : str
        ``"number"`` or ``"tick"``.
    digits : tuple of int, optional
        The fewest and the most digits.
    cells : int, optional
        Of a comb: how many cells of one width the box has.
    optional : bool
        Whether it may stay empty.
    range : tuple of float, optional
        The least and the largest value.
    decimals : int, optional
        The most digits after the point.
    pattern : str, optional
        A regular expression; see `tenfold.reader.expect`.
    one_of : tuple of str, optional
        The values that there are.
    one_of_file : str, optional
        The CSV file they came from, as the TOML file has it: ``"list.csv"``, ``"list.csv:column"``.
    unique : bool
        Whether a value stands on one sheet of a stack only.
    checksum : str, optional
        ``"luhn"``, ``"mod-11"``, ``"isbn"``, ``"verhoeff"``.
    sum_of : tuple of str
        Names of the fields whose sum it is.
    date : str, optional
        A format such as ``"DD/MM/YYYY"``.
    group : str, optional
        Ticks of one group: one of them is set, or at most one where they are optional.
    """

    name: str
    page: int
    box: tuple[float, float, float, float]
    kind: Kind = "number"
    digits: tuple[int, int] | None = None
    cells: int | None = None
    optional: bool = False
    range: tuple[float, float] | None = None
    decimals: int | None = None
    pattern: str | None = None
    one_of: tuple[str, ...] | None = None
    one_of_file: str | None = None
    unique: bool = False
    checksum: str | None = None
    sum_of: tuple[str, ...] = ()
    date: str | None = None
    group: str | None = None

    @property
    def expect(self) -> Expect | None:
        """What its number may be; None where it may be anything, and for ticks.

        Raises
        ------
        UsageError
            If its constraints exclude each other.
        """
        return _expect_of(self)

    def with_values(self, values: tuple[str, ...], source: str | None = None) -> Field:
        """Return the field with a list of the values that there are, and where it came from."""
        return replace(self, one_of=values, one_of_file=source)


@dataclass(frozen=True, slots=True)
class TemplatePage:
    """One page of a form.

    Parameters
    ----------
    image : Path
        The reference image: a grey PNG, about 200 dots per inch.
    size : tuple of float, optional
        Width and height in millimetres, where known.
    marks : bool
        Whether it is printed with corner marks and a page code.
    """

    image: Path
    size: tuple[float, float] | None = None
    marks: bool = False


@dataclass(frozen=True, slots=True)
class Template:
    """A form: its pages and fields.

    Parameters
    ----------
    path : Path
        The TOML file.
    title : str
    pages : tuple of TemplatePage
    fields : tuple of Field
        In the order of the table's columns.
    code : int
        0 to 65535: tells this form's printed sheets from others'.
    version : str
        16 hexadecimal digits of the SHA-256 of all that matters for reading.
    """

    path: Path
    title: str
    pages: tuple[TemplatePage, ...]
    fields: tuple[Field, ...]
    code: int
    version: str

    def on(self, page: int) -> list[Field]:
        """Return the fields of one page, counted from 1."""
        return [field for field in self.fields if field.page == page]

    def read(self, paths: Iterable[str | Path]) -> Iterator[SheetResult]:
        """Yield what each page of PDFs, TIFFs or pictures shows, or why it cannot be read."""
        from tenfold.forms.stack import read_pages

        yield from read_pages(self, map(Path, paths))

    def write(self, path: str | Path | None = None) -> Path:
        """Write the TOML file, with the reference images named relative to it.

        Raises
        ------
        TenfoldError
            If it cannot be written.
        """
        from tenfold.forms.toml import toml_of

        path = Path(path) if path is not None else self.path
        return write_whole(path, toml_of(self, path))


def load(path: str | Path, *, images: bool = True) -> Template:
    """Load a template from its TOML file and check it as a whole.

    Parameters
    ----------
    path : str or Path
    images : bool
        Whether the reference images must be there; a form that is yet to be printed has none.

    Raises
    ------
    UsageError
        If it is no TOML, has keys that there are none of or values of a wrong kind, contradicts
        itself, or a library is missing. The message names the field and says what to do.
    DataError
        If the file or a reference image cannot be read.

    Examples
    --------
    >>> load("form.toml").fields[0].name  # doctest: +SKIP
    'student_id'
    """
    path = Path(path)
    try:
        from tenfold.forms.schema import parsed
    except ModuleNotFoundError as error:
        if error.name != "pydantic":
            raise
        raise UsageError(f"Forms need more packages. {install('forms')}") from error
    try:
        record = tomllib.loads(read_file(path, MOST_BYTES).decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise UsageError(f"{path}: is not UTF-8 text. Save it in UTF-8.") from error
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{path}: is no TOML: {error}. Mend that line.") from None
    title, code, pages, fields = parsed(record, path)
    return make(path, title, pages, fields, code, images=images)


def make(
    path: str | Path,
    title: str,
    pages: Sequence[TemplatePage],
    fields: Sequence[Field],
    code: int | None = None,
    *,
    images: bool = True,
) -> Template:
    """Make a template and check it as a whole; nothing is written.

    Parameters
    ----------
    path : str or Path
        Where its TOML file is, or will be.
    title : str
    pages : sequence of TemplatePage
        Their images are read.
    fields : sequence of Field
        Their boxes are rounded to what the file holds.
    code : int, optional
        0 to 65535; by itself it comes from the images, so that changed fields leave it as it is.
    images : bool
        Whether all images must be there; False counts those that are not as empty.

    Raises
    ------
    UsageError
        If the fields contradict each other or themselves.
    DataError
        If an image cannot be read.
    """
    from tenfold.forms.checks import check

    fields = tuple(
        replace(
            field,
            box=rounded(field.box),
            range=None if field.range is None else (float(field.range[0]), float(field.range[1])),
        )
        for field in fields
    )
    try:
        check(fields, len(pages))
    except UsageError as error:
        raise UsageError(f"{path}: {error}") from None
    digests = [_digest(page.image, required=images) for page in pages]
    if code is None:
        named = "".join(digests) if images else title + "".join(digests)
        code = int(hashlib.sha256(named.encode()).hexdigest()[:4], 16)
    matters = {
        "fields": [asdict(field) | {"one_of_file": None} for field in fields],
        "pages": [[[*map(float, page.size or ())], page.marks] for page in pages],
        "images": digests,
        "code": code,
    }
    digest = hashlib.sha256(json.dumps(matters, sort_keys=True).encode()).hexdigest()
    return Template(Path(path), title, tuple(pages), fields, code, digest[:DIGITS_OF_VERSION])


def _digest(image: Path, *, required: bool) -> str:
    if not required and not image.exists():
        return ""
    return hashlib.sha256(read_file(image, MOST_IMAGE)).hexdigest()


def rounded(box: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
    """Round a box to what the file holds of it."""
    left, top, width, height = (round(share, PLACES) for share in box)
    return left, top, width, height


@lru_cache(maxsize=4096)
def _expect_of(field: Field) -> Expect | None:
    given = {
        key: getattr(field, key)
        for key in ("digits", "range", "decimals", "pattern", "one_of", "checksum", "date")
    }
    if field.kind == "tick" or all(value is None for value in given.values()):
        return None
    return Expect.of(**given)
