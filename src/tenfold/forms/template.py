"""The template of a form: its pages, and what may stand in which field.

A template is a TOML file that people read and write by hand, ``form.toml``, with the reference image
of each page beside it. It is checked as a whole when it is loaded, so that a slip costs one sentence
and not a stack of scans.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Kind = Literal["number", "tick"]


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

    def write(self, path: Path) -> None:
        """Write the TOML file, with the reference images named relative to it."""
        raise NotImplementedError


def load(path: str | Path) -> Template:
    """Load a template from its TOML file and check it as a whole."""
    raise NotImplementedError
