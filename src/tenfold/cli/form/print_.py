"""tenfold form print: sheets with corner marks, to be filled in."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tenfold.cli.console import Force, Quiet, note, out
from tenfold.errors import TenfoldError, UsageError
from tenfold.names import shown

EXAMPLE = "Example: tenfold form print form.toml --out sheet.pdf --copies 30"


def print_(
    template: Annotated[Path, typer.Argument(help="The form's template.")],
    target: Annotated[Path, typer.Option("--out", help="The PDF to write.")],
    copies: Annotated[int, typer.Option(min=1, help="How many; each has its number.")] = 1,
    first: Annotated[int, typer.Option(min=1, help="The first copy's number.")] = 1,
    force: Force = False,
    quiet: Quiet = False,
) -> None:
    """Print a form with corner marks and a page code, by which its scans are found at once.

    A page without a reference image is drawn from its fields. Beside sheet.pdf lie sheet.toml and
    its images: scans of the printed sheets are read with that template.
    """
    from tenfold.files import check_target, write_output
    from tenfold.forms.sheet import print_sheets
    from tenfold.forms.template import load
    from tenfold.forms.toml import toml_of

    if target.suffix.lower() != ".pdf":
        raise UsageError(f"{target}: sheets are a PDF; give a name that ends in .pdf.")
    beside = target.with_suffix(".toml")
    if beside.resolve() == template.resolve():
        raise UsageError(f"{target}: {beside} would take the template's place. Use another name.")
    form = load(template, images=False)
    check_target(target, force=force)
    for number, page in enumerate(form.pages, 1):
        if not page.image.exists():
            note(f"{page.image}: is not there, so page {number} is drawn from its fields.")
    sheets = print_sheets(form, target, copies=copies, first=first)
    text = toml_of(sheets.template, beside)
    if not force and beside.exists() and beside.read_text(encoding="utf-8") != text:
        raise TenfoldError(
            f"{beside}: already exists and says something else, so nothing was written. "
            "Choose another name for the PDF, or overwrite it with --force."
        )
    images = [page.image for page in sheets.template.pages]
    for image in images:
        check_target(image, force=force)
    for image, content in zip(images, sheets.images, strict=True):
        write_output(image, content, force=force)
    sheets.template.write()
    write_output(target, sheets.pdf, force=force)
    if quiet:
        out.print(shown(target), markup=False)
        return
    if sheets.shrunk < 1:
        note(f"The print is {sheets.shrunk:.0%} of its size, so that the marks have room.")
    pages = f"{len(images)} page{'s' if len(images) > 1 else ''}"
    numbers = f"No. {first}" if copies == 1 else f"No. {first} to {first + copies - 1}"
    out.print(f"Sheets: {shown(target)}, {pages}, {numbers}", markup=False)
    out.print(f"Read their scans with: tenfold form read {shown(beside)} SCANS", markup=False)
