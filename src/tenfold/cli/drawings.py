"""Where ``tenfold read`` puts the pictures that it draws."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tenfold.cli.console import note
from tenfold.cli.sources import Source
from tenfold.errors import TenfoldError
from tenfold.names import shown

if TYPE_CHECKING:
    from tenfold.reader.reading import Reading
    from tenfold.reader.trace import Trace


class Drawings:
    """Copies of pictures and pictures of steps, in the folders that the pictures lie in themselves.

    Parameters
    ----------
    annotate, explain : Path or None
        The folders below which copies and steps go; None to draw none.
    force : bool
        Overwrite files too that tenfold did not write.
    """

    def __init__(self, annotate: Path | None, explain: Path | None, force: bool) -> None:
        self.annotate, self.explain, self.force = annotate, explain, force
        self._taken: dict[Path, tuple[Path | None, int | None]] = {}

    def draw(self, source: Source, trace: Trace) -> None:
        """Draw what was asked for of one picture, or one page.

        Raises
        ------
        TenfoldError
            If it cannot be written; it begins with the picture's name.
        """
        if self.annotate is None and self.explain is None:
            return
        from tenfold.files import make_folder
        from tenfold.reader.draw import annotate
        from tenfold.reader.explain import explain
        from tenfold.sheets import save_drawing

        place = self._place(source, trace.reading)
        try:
            if self.annotate is not None:
                target = self.annotate / place.with_name(f"{place.name}.read.png")
                make_folder(target.parent)
                save_drawing(annotate(trace.picture, trace.reading), target, force=self.force)
            if self.explain is not None:
                explain(trace, self.explain / place, force=self.force)
        except TenfoldError as error:  # names the file to be written; the picture comes first
            raise TenfoldError(f"{trace.reading.label}: read, but not drawn. {error}") from error

    def _place(self, source: Source, reading: Reading) -> Path:
        """Return a place that no other picture of this call has."""
        wanted = Path(source.place)
        if reading.page is not None:
            wanted = wanted.with_name(f"{wanted.name}.page-{reading.page}")
        place, own = wanted, (source.path, reading.page)
        number = 1
        while self._taken.setdefault(place, own) != own:
            number += 1
            place = wanted.with_name(f"{wanted.name}-{number}")
        if place != wanted:
            note(
                f"{reading.label}: drawn as {shown(place)}, "
                "because another picture is drawn by its own name."
            )
        return place
