"""The file that results lie in: one SQLite file, in which nothing is ever half-written.

Its journal is the kind that is gone after each transaction, so that the one file is all there is to
copy; what is deleted is overwritten (``secure_delete``). Whatever SQLite finds wrong, with the disk
or the file, becomes a sentence.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeAlias

from tenfold.errors import DataError, TenfoldError
from tenfold.files import kind_of

Row: TypeAlias = sqlite3.Row

NAME = "results.db"
APPLICATION = 0x7E9F0125  # tells the file from other SQLite files
FORMAT = 1
OURS = {0, sqlite3.SQLITE_ERROR, sqlite3.SQLITE_CONSTRAINT, sqlite3.SQLITE_MISUSE}  # our faults
BUSY_SECONDS = 30.0  # how long another process may hold the file

# A page is one page of a scan. `decision` points at what holds for a page or a field; decisions are
# never changed, only taken back or replaced by a later one. `lot` draws what an audit shows.
SCHEMA = """
CREATE TABLE about (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE page (
    id INTEGER PRIMARY KEY,
    source TEXT NOT NULL,
    number INTEGER NOT NULL,
    digest TEXT NOT NULL,
    template_page INTEGER,
    status TEXT NOT NULL,
    reason TEXT NOT NULL,
    model TEXT NOT NULL,
    template TEXT NOT NULL,
    read REAL NOT NULL,
    decision INTEGER REFERENCES decision,
    UNIQUE (source, number)
);
CREATE TABLE field (
    id INTEGER PRIMARY KEY,
    page INTEGER NOT NULL REFERENCES page,
    name TEXT NOT NULL,
    position INTEGER NOT NULL,
    value TEXT,
    probability REAL NOT NULL,
    runner_up TEXT,
    runner_up_probability REAL NOT NULL,
    status TEXT NOT NULL,
    reason TEXT NOT NULL,
    candidates TEXT NOT NULL,
    lot REAL NOT NULL,
    decision INTEGER REFERENCES decision,
    UNIQUE (page, name)
);
CREATE INDEX field_by_status ON field (status, decision, position, page);
CREATE INDEX field_by_decision ON field (decision) WHERE decision IS NOT NULL;
CREATE TABLE picture (
    id INTEGER PRIMARY KEY,
    page INTEGER NOT NULL REFERENCES page,
    field INTEGER REFERENCES field,
    cells TEXT NOT NULL,
    content BLOB NOT NULL
);
CREATE INDEX picture_by_page ON picture (page, field);
CREATE TABLE decision (
    id INTEGER PRIMARY KEY,
    page INTEGER NOT NULL REFERENCES page,
    field INTEGER REFERENCES field,
    action TEXT NOT NULL,
    value TEXT,
    proposed TEXT,
    audit INTEGER NOT NULL,
    reviewer TEXT NOT NULL,
    window TEXT NOT NULL,
    time REAL NOT NULL,
    replaces INTEGER REFERENCES decision,
    within INTEGER REFERENCES decision,
    undone REAL
);
CREATE INDEX decision_by_window ON decision (window, id);
CREATE TABLE lease (
    kind TEXT NOT NULL,
    item INTEGER NOT NULL,
    window TEXT NOT NULL,
    reviewer TEXT NOT NULL,
    until REAL NOT NULL,
    PRIMARY KEY (kind, item)
) WITHOUT ROWID;
CREATE TABLE change (
    id INTEGER PRIMARY KEY,
    page INTEGER NOT NULL REFERENCES page,
    field TEXT NOT NULL,
    before TEXT,
    before_status TEXT NOT NULL,
    before_model TEXT NOT NULL,
    after TEXT,
    after_status TEXT NOT NULL,
    after_model TEXT NOT NULL,
    decided TEXT,
    kept INTEGER NOT NULL
);
"""


class Database:
    """An open results file; threads take turns, and so do processes.

    Parameters
    ----------
    folder : Path
        Where it lies.
    create : bool
        Whether to make it where there is none.

    Raises
    ------
    DataError
        If there is none, or what lies there is none of tenfold's or of a later version of it.
    TenfoldError
        If it cannot be read or written.
    """

    def __init__(self, folder: Path, *, create: bool = False) -> None:
        self.path = folder / NAME
        self._lock = threading.RLock()
        _look_at(self.path, create=create)
        with self._told():
            self._connection = sqlite3.connect(
                self.path, BUSY_SECONDS, isolation_level=None, check_same_thread=False
            )
            try:
                self._set_up(create=create)
            except BaseException:
                self._connection.close()
                raise

    def _set_up(self, *, create: bool) -> None:
        db = self._connection
        db.row_factory = sqlite3.Row
        for setting in ("foreign_keys = ON", "secure_delete = ON", "synchronous = FULL"):
            db.execute(f"PRAGMA {setting}")
        if create:
            with self.transaction():
                if not db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
                    for statement in SCHEMA.split(";\n"):
                        db.execute(statement)
                    db.execute(f"PRAGMA application_id = {APPLICATION}")
                    db.execute(f"PRAGMA user_version = {FORMAT}")
        if db.execute("PRAGMA application_id").fetchone()[0] != APPLICATION:
            raise DataError(f"{self.path}: is no results file of tenfold. Choose another folder.")
        version = db.execute("PRAGMA user_version").fetchone()[0]
        if version != FORMAT:
            raise DataError(
                f"{self.path}: is of format {version}, and this version of tenfold knows format "
                f"{FORMAT}. Use the version that wrote it, or read the scans into another folder."
            )

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Do several things as one: all of them reach the disk, or none does."""
        with self._lock, self._told():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                with suppress(sqlite3.Error):  # SQLite has rolled back itself
                    self._connection.execute("ROLLBACK")
                raise

    def rows(self, sql: str, values: tuple[object, ...] | dict[str, object] = ()) -> list[Row]:
        """Return what a question is answered with."""
        with self._lock, self._told():
            return self._connection.execute(sql, values).fetchall()

    def row(self, sql: str, values: tuple[object, ...] | dict[str, object] = ()) -> Any:
        """Return the first row of an answer, or None."""
        with self._lock, self._told():
            return self._connection.execute(sql, values).fetchone()

    def each(self, sql: str, values: tuple[object, ...] = ()) -> Iterator[Row]:
        """Yield an answer row by row, for what is too large to be held at once."""
        with self._told():
            yield from self._connection.execute(sql, values)

    def compact(self) -> None:
        """Give the space of what was deleted back to the disk."""
        with self._lock, self._told():
            self._connection.execute("VACUUM")

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            if getattr(error, "sqlite_errorcode", 0) & 0xFF in OURS:
                raise
            raise _said(self.path, error) from error


def _look_at(path: Path, *, create: bool) -> None:
    """Raise what a person should know before SQLite is asked: it opens no pipe and no folder."""
    try:
        kind = kind_of(path)
    except FileNotFoundError:
        if create:
            return
        raise DataError(
            f"{path.parent}: holds no results. Give the folder that 'tenfold form read' wrote to."
        ) from None
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: cannot be opened ({error}).") from error
    if kind is not None:
        raise DataError(f"{path}: is {kind}, not a file. Choose another folder for results.")


def _said(path: Path, error: sqlite3.Error) -> TenfoldError:
    """Say what SQLite found wrong, and what to do."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code == sqlite3.SQLITE_FULL:
        return TenfoldError(
            f"{path}: the disk is full. Nothing of the last step was stored, and all before it is "
            "safe. Free some space and start again; it goes on from there."
        )
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return TenfoldError(
            f"{path}: another program has held it for {BUSY_SECONDS:g} seconds. "
            "Wait until that ends, and try again."
        )
    if code in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT):
        return DataError(
            f"{path}: is damaged, or no results file ({error}). Take it back from a copy, or read "
            "the scans into another folder."
        )
    what = "written" if code == sqlite3.SQLITE_READONLY else "read or written"
    return TenfoldError(f"{path}: cannot be {what} ({error}). Check the disk, and who may use it.")
