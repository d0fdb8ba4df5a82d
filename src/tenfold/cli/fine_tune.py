"""tenfold fine-tune: adapt the reader to a writer, a form, a country."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from tenfold import decoders
from tenfold.cli.console import DataDir, Force, Json, Quiet, err, note, out, print_json, say
from tenfold.names import shown

if TYPE_CHECKING:
    from tenfold.finetune.run import FineTuned

EXAMPLE = "Example: tenfold fine-tune --data mine/ --out mine-reader"


def fine_tune(
    data: Annotated[
        str,
        typer.Option(
            help="Labelled pictures of single digits (see 'tenfold data'), or a table file,text "
            "of lines."
        ),
    ],
    folder: Annotated[Path, typer.Option("--out", help="The folder for the adapted reader.")],
    source: Annotated[
        str,
        typer.Option("--from", help="bundled, a model file, or a folder that this command wrote."),
    ] = "bundled",
    allow: Annotated[
        float,
        typer.Option(min=0, max=100, help="Points that it may lose on what it could do before."),
    ] = 0.1,
    keep: Annotated[
        bool, typer.Option("--keep", help="Write a result that lost more too, under another name.")
    ] = False,
    reference: Annotated[
        int,
        typer.Option(min=500, help="Pictures of the reference set; fewer tell losses less finely."),
    ] = 20_000,
    seed: Annotated[int, typer.Option(help="Of what is drawn at random.")] = 0,
    data_dir: DataDir = None,
    force: Force = False,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Adapt the bundled reader to your samples, and see that it forgets nothing.

    Few samples move the last layer, 50 or more all of them, beside replayed pictures. It is
    measured before and after: on your samples, each read by a network that did not learn
    from it, and on a reference set composed here. What loses more than --allow is refused.
    'tenfold read', 'serve', 'form read' and 'evaluate' take the folder as their model.
    """
    from tenfold.finetune.reference import Sizes
    from tenfold.finetune.run import fine_tune as adapt

    with err.status("starting", spinner="line") as status, decoders.caught():
        found = adapt(
            data,
            folder,
            source=source,
            allow=allow,
            keep=keep,
            force=force,
            seed=seed,
            sizes=Sizes.of(reference),
            data_dir=data_dir,
            tell=lambda words: status.update(escape(words)),
        )
    if json:
        print_json(found.to_dict())
    elif quiet:
        say(shown(found.folder))
    else:
        _report(found)
    if found.refused:
        raise typer.Exit(1)


def _report(found: FineTuned) -> None:
    """Print what it came to."""
    adapted = found.adapted
    if found.assumed:
        note(f"{found.assumed}.")
    taught = "the last layer" if adapted.how == "prototypes" else "all weights"
    out.print(
        f"{found.samples:,} samples taught {taught}. The new weights count "
        f"{100 * adapted.alpha:.0f} %, the old the rest.\n"
    )
    out.print(f"{'right, with 95 % intervals':<28}{'before':>24}{'after':>24}")
    for name, each in (("your samples", adapted.own), ("the reference set", adapted.reference)):
        before, after = (
            _share(share, interval)
            for share, interval in (
                (each.before, each.before_interval),
                (each.after, each.after_interval),
            )
        )
        out.print(f"{name:<28}{before:>24}{after:>24}")
        low, high = (100 * value for value in each.interval)
        out.print(
            f"  {each.count:,} {each.unit}: {100 * each.change:+.2f} points "
            f"({low:+.2f} to {high:+.2f})"
        )
    if found.refused:
        note("")
        note(f"Refused: {found.refused}")
        out.print(f"Kept as [bold]{escape(shown(found.model))}[/]")
        return
    out.print(f"\nWritten to [bold]{escape(shown(found.model))}[/]. Read with it:")
    out.print(f"  tenfold read PICTURE --model {escape(shown(found.folder))}")


def _share(share: float, interval: tuple[float, float]) -> str:
    low, high = interval
    return f"{100 * share:.2f} % ({100 * low:.1f}–{100 * high:.1f})"
