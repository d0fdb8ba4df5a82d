"""Tables that were written from results: they are written anew, and nothing else is overwritten.

Few tables can carry a mark, so the results remember their digests. Who has worked on a table since
then has a file that is theirs.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from tenfold.errors import TenfoldError
from tenfold.files import digest_of
from tenfold.forms.database import Database


def refuse_foreign_table(database: Database, path: Path, *, force: bool) -> None:
    """Raise TenfoldError if a file lies here that is no table of these results, or was changed.

    With ``force`` only the results themselves are spared.
    """
    if path.resolve() == database.path.resolve():
        raise TenfoldError(f"{path}: holds the results themselves. Choose another name.")
    if force or not os.path.lexists(path):
        return
    row = database.row("SELECT value FROM about WHERE key = ?", (_key(path),))
    if row is None or row["value"] != digest_of(path):
        what = "is not a table of these results" if row is None else "was changed since"
        raise TenfoldError(
            f"{path}: already exists and {what}, so it was not overwritten. "
            "Choose another name, or overwrite it with --force."
        )


def remember(database: Database, path: Path) -> None:
    """Note that a table was written here."""
    with suppress(TenfoldError), database.transaction() as db:  # results that can only be read
        db.execute("REPLACE INTO about VALUES (?, ?)", (_key(path), digest_of(path)))


def _key(path: Path) -> str:
    return f"table:{path.resolve()}".encode(errors="backslashreplace").decode()
