"""tenfold form new: a template from a blank sheet."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tenfold.cli.console import Force, Json, Quiet, needing, note, out, print_json
from tenfold.cli.form.editing import edit_in_browser
from tenfold.cli.listening import Port
from tenfold.errors import UsageError
from tenfold.names import shown

if TYPE_CHECKING:
    from tenfold.forms.blank import BlankPage
    from tenfold.forms.draft import Draft
    from tenfold.forms.template import TemplatePage

EXAMPLE = "Example: tenfold form new blank.pdf --out form.toml"


def new(
    blank: Annotated[
        Path,
        typer.Argument(help="The blank form: a PDF, or a picture of it; or a template, to edit."),
    ],
    target: Annotated[
        Path | None,
        typer.Option("--out", help="The template to write; BLANK.toml unless said otherwise."),
    ] = None,
    edit: Annotated[
        bool, typer.Option("--edit", help="Draw and name the fields on a page in the browser.")
    ] = False,
    port: Port = 8011,
    force: Force = False,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Make a template of a blank form: propose its fields, and keep its pages' images.

    Fields are those of the PDF, or else the boxes, combs, tick boxes and lines that are found on
    it. Look through the template, name the fields, and say what may stand in them: by hand, or with
    --edit on a page in your browser, where a filled-in sheet shows at once what is read.
    """
    if blank.suffix.lower() == ".toml":
        if not edit or target is not None:
            raise UsageError(
                f"{blank}: is a template already. To edit it: tenfold form new {blank} --edit"
            )
        draft: Draft | None = _draft(blank, "", (), there=True)
    else:
        draft = _proposed(blank, target, edit=edit, force=force, json=json, quiet=quiet)
    if draft is not None:
        edit_in_browser(draft, port, quiet=quiet)


def _proposed(
    blank: Path, target: Path | None, *, edit: bool, force: bool, json: bool, quiet: bool
) -> Draft | None:
    """Write the template and its images, and print what was found; return it if it is edited."""
    from tenfold.files import check_target, write_output
    from tenfold.forms.blank import propose
    from tenfold.forms.rulings import written_on
    from tenfold.forms.template import make

    target = target or blank.with_suffix(".toml")
    if target.suffix.lower() != ".toml":
        raise UsageError(f"{target}: a template is a TOML file; give a name that ends in .toml.")
    check_target(target, force=force)
    pages = propose(blank)
    images = [
        target.with_name(f"{target.stem}-{number}.png") for number in range(1, len(pages) + 1)
    ]
    for image in images:
        check_target(image, force=force)
    fields = [field for page in pages for field in page.fields]
    if not fields and not edit:
        raise UsageError(
            f"{blank}: no boxes, combs, tick boxes or lines to fill in were found. Take a clearer "
            "scan of the blank form, or draw the fields yourself: add --edit."
        )
    for page, image in zip(pages, images, strict=True):
        write_output(image, page.png(), force=force)
    sheets = [page.template_page(image) for page, image in zip(pages, images, strict=True)]
    if fields:
        make(target, blank.stem, sheets, fields).write()
    filled = [name for page in pages for name in written_on(page.image, page.fields)]
    if filled and not quiet:
        note(f"Something stands in {', '.join(filled[:3])} already; it is taken for print.")
        note("A sheet that nobody has filled in makes a better blank.")
    if json:
        print_json(
            {
                "template": shown(target),
                "images": [shown(image) for image in images],
                "fields": [field.name for field in fields],
            }
        )
    elif fields:
        if not quiet:
            _show(pages)
        out.print(f"Template: {shown(target)}", markup=False)
    return _draft(target, blank.stem, sheets, there=bool(fields)) if edit else None


def _draft(path: Path, title: str, sheets: Sequence[TemplatePage], *, there: bool) -> Draft:
    """Return a template to edit; where no field was found, none has been written yet."""
    with needing("forms,serve"):
        from tenfold.forms.draft import Draft

        return Draft.open(path) if there else Draft(path, title, sheets)


def _show(pages: list[BlankPage]) -> None:
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0), width=80)
    table.add_column("field", overflow="fold", ratio=1)
    for head in ("page", "found as", "left", "top", "width", "height"):
        table.add_column(head, justify="left" if head == "found as" else "right")
    for page in pages:
        for field, found in zip(page.fields, page.kinds, strict=True):
            kind = f"{found} of {field.cells}" if field.cells else found
            shares = [f"{share:.1%}" for share in field.box]
            table.add_row(field.name, str(field.page), kind, *shares)
    out.print(table)
