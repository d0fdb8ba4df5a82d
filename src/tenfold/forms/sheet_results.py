"""What was read on the pages of a stack, as data: one result a field, one a page."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Literal, TypeAlias

Status: TypeAlias = Literal["ok", "doubtful", "blank", "contradiction", "not aligned"]
PageStatus: TypeAlias = Literal["read", "not aligned", "failed"]
Cell: TypeAlias = tuple[int, int, int, int]  # left, top, width, height in a snippet
KeepImages: TypeAlias = Literal["no", "doubtful", "all"]
KEEP_IMAGES: tuple[KeepImages, ...] = ("no", "doubtful", "all")

TICKED = "x"  # the value of a box that is ticked; of one that is not it is None
SURE: tuple[Status, ...] = ("ok", "blank")  # the others are shown to a person
AUDITABLE = 0.05  # of the sure fields: their snippets are kept among the doubtful, for audits


@dataclass(frozen=True, slots=True)
class FieldResult:
    """What was read in a field of one sheet.

    Parameters
    ----------
    field : str
        Its name.
    value : str or None
        None where nothing stands in it.
    probability : float
        That the value is right, 0 to 1.
    runner_up : str or None
        The next best valid value, and `runner_up_probability`.
    status : str
        ``"ok"``, ``"doubtful"``, ``"blank"``, ``"contradiction"`` or ``"not aligned"``.
    reason : str
        Why it is not ok.
    snippet : bytes
        PNG of the field, cut out of the aligned page.
    candidates : tuple of (str, float)
        Valid values with their probabilities, best first.
    cells : tuple of (int, int, int, int)
        Left, top, width, height in the snippet's pixels of each cell of a comb that holds a digit;
        empty where it is not known which digit stands where.
    """

    field: str
    value: str | None
    probability: float
    runner_up: str | None
    runner_up_probability: float
    status: Status
    reason: str = ""
    snippet: bytes = b""
    candidates: tuple[tuple[str, float], ...] = ()
    cells: tuple[Cell, ...] = ()


@dataclass(frozen=True, slots=True)
class SheetResult:
    """What was read on one page of a scan.

    Parameters
    ----------
    source : str
        The file's name as it is shown.
    page : int
        Number of the page in the file, from 1; 0 for a file that could not be opened.
    template_page : int or None
        Which page of the template it shows, from 1.
    status : str
        ``"read"``, ``"not aligned"`` or ``"failed"``.
    reason : str
        Why it was not read.
    fields : tuple of FieldResult
    image : bytes
        PNG or JPEG of the page: aligned, or as it was scanned.
    digest : str
        Of the file's content. Decisions about a scan hold for no other content of that name.
    model : str
        Version of the model that read it.
    """

    source: str
    page: int
    template_page: int | None
    status: PageStatus
    reason: str = ""
    fields: tuple[FieldResult, ...] = ()
    image: bytes = b""
    digest: str = ""
    model: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """How a field was read by one model and by a later one.

    Parameters
    ----------
    source : str
    page : int
    field : str
    before, after : str or None
        The values, with `before_status` and `before_model`, `after_status` and `after_model`.
    decided : str or None
        What a person had said it is; None where nobody had, or that it is blank.
    kept : bool
        Whether a person's decision still holds: it does unless the scan itself is another one.
    """

    source: str
    page: int
    field: str
    before: str | None
    before_status: str
    before_model: str
    after: str | None
    after_status: str
    after_model: str
    decided: str | None
    kept: bool


def lot(source: str, page: int, field: str) -> float:
    """Draw a number from 0 to 1 for a field, the same one each time: audits go by it.

    Examples
    --------
    >>> lot("a.pdf", 1, "total") == lot("a.pdf", 1, "total") != lot("a.pdf", 2, "total")
    True
    """
    drawn = hashlib.blake2b(f"{source}\0{page}\0{field}".encode(), digest_size=6).digest()
    return int.from_bytes(drawn) / 2**48


def keeps(keep_images: KeepImages, source: str, page: int, field: FieldResult) -> bool:
    """Whether a snippet is kept: of the doubtful, and of some of the sure for audits."""
    if keep_images != "doubtful":
        return keep_images == "all"
    return field.status not in SURE or lot(source, page, field.field) < AUDITABLE
