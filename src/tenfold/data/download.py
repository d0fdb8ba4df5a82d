"""Downloads with checksums, from several mirrors in turn, through pooch.

pooch fetches into a temporary file and moves it into place only when its checksum is right, so a
broken connection leaves nothing behind that could be taken for the data.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from tenfold.errors import DataError
from tenfold.files import make_folder

TIMEOUT = 20  # seconds without an answer before the next mirror is tried


class Fetch(NamedTuple):
    """A file to download: its name below every mirror, and its checksum (``"md5:…"``)."""

    name: str
    known_hash: str


def fetch(files: Sequence[Fetch], folder: Path, mirrors: Sequence[str]) -> None:
    """Download files into a folder, each whole and checked, with progress at a terminal.

    Raises
    ------
    DataError
        If a file comes from no mirror; it says which files to fetch by hand and where to put them.
    """
    make_folder(folder)
    progress = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        console=Console(stderr=True),
        disable=not sys.stderr.isatty(),
        transient=True,
    )
    with progress:
        for file in files:
            reasons = _fetch_one(file, folder, mirrors, progress)
            if reasons:
                raise DataError(_by_hand(files, folder, mirrors, file, reasons[-1]))


def _fetch_one(file: Fetch, folder: Path, mirrors: Sequence[str], progress: Progress) -> list[str]:
    import pooch

    pooch.get_logger().setLevel(logging.ERROR)  # the progress bar says the same, more quietly
    reasons: list[str] = []
    for mirror in mirrors:
        downloader = pooch.HTTPDownloader(progressbar=_Bar(progress, file.name), timeout=TIMEOUT)
        try:
            pooch.retrieve(mirror + file.name, file.known_hash, file.name, folder, None, downloader)
        except (
            OSError,
            ValueError,
        ) as error:  # requests' errors are OSErrors; ValueError: checksum
            reasons.append(_reason(error))
        else:
            return []
    return reasons


def _reason(error: Exception) -> str:
    kind = type(error).__name__
    if isinstance(error, ValueError) and "hash" in str(error):
        return "the file that came has a wrong checksum"
    return f"{kind}: {error}" if kind in {"HTTPError", "OSError"} else kind


def _by_hand(
    files: Sequence[Fetch], folder: Path, mirrors: Sequence[str], failed: Fetch, reason: str
) -> str:
    names = ", ".join(file.name for file in files)
    places = " or ".join(mirrors)
    return (
        f"{failed.name} cannot be downloaded ({reason}). Fetch {names} (from {places}) on a "
        f"machine that can, and put them into {folder}, or into any folder that "
        "TENFOLD_DATA names."
    )


class _Bar:
    """What pooch asks of a progress bar, drawn by Rich."""

    def __init__(self, progress: Progress, name: str) -> None:
        self.progress, self.total = progress, 0
        self.task = progress.add_task(name, total=None)

    def update(self, amount: int) -> None:
        """Count so many bytes more."""
        self.progress.update(self.task, total=self.total, advance=amount)

    def reset(self) -> None:
        """Start again from nothing; pooch does so once, to end at a full bar."""
        self.progress.reset(self.task)

    def close(self) -> None:
        """Leave the bar where it stands; the display around it is closed by `fetch`."""
