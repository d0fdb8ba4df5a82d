"""``tenfold data``: what data there is, and what a data set looks like."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tenfold import decoders
from tenfold.cli.app import App
from tenfold.cli.console import AsIs, DataDir, Force, Json, Quiet, note, out, print_json
from tenfold.errors import UsageError
from tenfold.names import shown

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from rich.table import Table

    from tenfold.data.dataset import Dataset

app = App(help="Look at data sets.", no_args_is_help=True)

PER_CLASS = 10  # pictures of each digit on the sheet
UNLABELLED = 100  # pictures on the sheet of a set without labels


class SplitName(StrEnum):
    """The parts that ``--split`` takes."""

    train = "train"
    test = "test"
    all = "all"


@app.command(epilog="Example: tenfold data show digits --out digits.png")
def show(
    name: Annotated[
        str,
        typer.Argument(
            help="digits, mnist, or a path: a folder of folders 0 to 9 with pictures, a folder of "
            "IDX files, a table (.csv, .tsv, .parquet), an .npz, results of a form review."
        ),
    ],
    data_dir: DataDir = None,
    split: Annotated[
        SplitName | None,
        typer.Option(help="Only this part; without it, every part that the data set has."),
    ] = None,
    sheet: Annotated[
        Path | None,
        typer.Option(
            "--out",
            help="Where to save the sheet of samples; NAME-samples.png unless said otherwise.",
        ),
    ] = None,
    as_is: AsIs = None,
    force: Force = False,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Show a data set: counts per class, size, range, and a sheet of samples."""
    from tenfold import sheets
    from tenfold.data.splits import concatenate
    from tenfold.files import check_target

    label = Path(name).resolve().name if Path(name).name in ("", "..") else Path(name).stem
    target = sheet or Path(f"{label}-samples.png")
    if target.suffix.lower() != ".png":
        raise UsageError(f"{target}: the sheet of samples is a PNG; give a name that ends in .png.")
    check_target(target, force=force)
    with decoders.caught():
        parts, assumed = _parts(name, split, data_dir, as_is)
    whole = parts[0] if len(parts) == 1 else concatenate(parts[0], parts[1])
    rows = _samples(whole)
    captions = None if whole.labels is None else [whole.classes[i] for i in whole.labels[rows]]
    title = f"{shown(label)} · {len(whole):,} images of {whole.size}×{whole.size}"
    drawn = sheets.sheet(whole.images[rows], captions, title=title)
    sheets.save_drawing(drawn, target, force=force)
    if json:
        print_json(_facts(name, parts, whole, target))
    else:
        _print(name, parts, whole)
        if not quiet:
            if assumed:
                note(f"{assumed}.")
            _draw(whole)
        out.print(f"Samples: {shown(target)}", markup=False)


@app.command("list", epilog="Example: tenfold data list --data-dir ~/data")
def list_sources(data_dir: DataDir = None, json: Json = False, quiet: Quiet = False) -> None:
    """List the data sets known by name, and which of them are on this machine."""
    from dataclasses import asdict

    from tenfold.data.registry import PATHS, known_sources

    sources = known_sources(data_dir)
    if json:
        for source in sources:
            print_json(asdict(source))
        return
    table = _table("name", "pictures", "what", "where")
    for source in sources:
        place = source.place or "not here yet; downloaded on first use"
        table.add_row(source.name, f"{source.pictures:,}", source.description, place)
    out.print(table)
    if not quiet:
        out.print(f"Or a path: {PATHS}.")


def _parts(
    name: str, split: SplitName | None, data_dir: Path | None, as_is: bool | None
) -> tuple[list[Dataset], str]:
    """Return the parts to show, and what was assumed of them."""
    from tenfold.samples.load import load, load_dataset

    loaded = load(name, data_dir, as_is=as_is)
    if split is not None:
        chosen = load_dataset(name, split.value, data_dir=data_dir, as_is=as_is)
        return [chosen], loaded.assumed
    both = [loaded.train] if loaded.test is None else [loaded.train, loaded.test]
    return both, loaded.assumed


def _samples(whole: Dataset) -> NDArray[np.int64]:
    """Row numbers of the pictures on the sheet, spread evenly over the set, class by class."""
    import numpy as np

    if whole.labels is None:
        return _spread(np.arange(len(whole)), UNLABELLED)
    present = np.flatnonzero(whole.counts())
    return np.concatenate([_spread(np.flatnonzero(whole.labels == i), PER_CLASS) for i in present])


def _spread(rows: NDArray[np.int64], most: int) -> NDArray[np.int64]:
    import numpy as np

    picks: NDArray[np.int64] = rows[
        np.linspace(0, len(rows) - 1, min(most, len(rows))).astype(np.int64)
    ]
    return picks


def _facts(name: str, parts: list[Dataset], whole: Dataset, target: Path) -> dict[str, object]:
    def counts(part: Dataset) -> dict[str, int] | None:
        if part.labels is None:
            return None
        return dict(zip(part.classes, part.counts().tolist(), strict=True))

    return {
        "name": shown(name),
        "pictures": len(whole),
        "size": whole.size,
        "min": int(whole.images.min()),
        "max": int(whole.images.max()),
        "parts": {part.split: {"pictures": len(part), "counts": counts(part)} for part in parts},
        "sheet": shown(target),
    }


def _print(name: str, parts: list[Dataset], whole: Dataset) -> None:
    low, high = whole.images.min(), whole.images.max()
    out.print(
        f"{shown(name)}: {len(whole):,} images of {whole.size}×{whole.size}, "
        f"values {low}–{high} (0 is paper, 255 full ink)",
        markup=False,
    )
    if whole.labels is None:
        out.print("Without labels.")
    else:
        out.print(_count_table(parts, whole))


def _draw(whole: Dataset) -> None:
    import numpy as np

    from tenfold.sheets import terminal_row

    rows, captions = np.arange(min(len(whole), len(whole.classes))), None
    if whole.labels is not None:
        present = np.flatnonzero(whole.counts())
        rows = np.array([np.argmax(whole.labels == i) for i in present])
        captions = [whole.classes[i] for i in present]
    out.print()
    out.print(terminal_row(whole.images[rows], captions, out.width), markup=False)
    out.print()


def _count_table(parts: list[Dataset], whole: Dataset) -> Table:
    table = _table("part", *whole.classes, "sum")
    for part in [*parts, whole] if len(parts) > 1 else parts:
        table.add_row(part.split, *map(str, part.counts()), str(len(part)))
    return table


def _table(first: str, *others: str) -> Table:
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column(first)
    for title in others:
        number = title.isdigit() or title in ("sum", "pictures")
        table.add_column(title, justify="right" if number else "left", overflow="fold")
    return table
