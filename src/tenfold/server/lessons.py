"""What people teach: glyphs with their right label, a data set for ``tenfold train --data``."""

from __future__ import annotations

import errno
import re
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
from PIL import Image

from tenfold.errors import TenfoldError
from tenfold.files import make_folder
from tenfold.preprocess.normalize import FIELD
from tenfold.server.bodies import Lesson
from tenfold.server.problems import ProblemError
from tenfold.sheets import save_png

MOST = 100_000  # pictures, so that nobody fills the disk
DIGITS = tuple("0123456789")
TRIES = 10  # at a folder that another server of the same collection has just found empty
FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class Collection:
    """A folder of labelled glyphs, ``DIR/7/3f….png``: 28×28, white ink on black.

    What it holds is asked of the disk each time: people move files, and other servers may share it.

    Parameters
    ----------
    folder : Path
        Made if it is not there.

    Raises
    ------
    TenfoldError
        If it cannot be made or written.
    """

    def __init__(self, folder: Path) -> None:
        try:
            self.folder = make_folder(folder).resolve()
        except TenfoldError as error:
            reason = getattr(error.__cause__, "strerror", None) or "it cannot be written"
            raise TenfoldError(
                f"{folder}: no folder to keep lessons in ({reason}). Choose another with --collect."
            ) from error
        # Adding to a class and removing its folder with its last glyph must not meet.
        self._lock = threading.Lock()

    def count(self) -> int:
        """Count the glyphs on the disk."""
        found = 0
        for digit in DIGITS:
            with suppress(FileNotFoundError):  # another server took its last glyph back
                found += sum(1 for _ in (self.folder / digit).glob("[!.]*.png"))
        return found

    def add(self, lesson: Lesson) -> tuple[str, int]:
        """Save one glyph; return the name it can be taken back by, and how many there are now.

        Raises
        ------
        ProblemError
            507 if the disk or the collection is full, 503 if the folder cannot be written.
        """
        name = uuid.uuid4().hex
        glyph = Image.fromarray(np.frombuffer(lesson.glyph, np.uint8).reshape(FIELD, FIELD))
        with self._lock, _on_the_disk("saved"):
            count = self.count()
            if count >= MOST:
                raise ProblemError(
                    507,
                    f"The collection holds {count} glyphs already, and takes no more than {MOST}. "
                    "Start the server with another folder for --collect.",
                )
            self._save(glyph, self.folder / str(lesson.digit) / f"{name}.png")
            return name, count + 1

    def _save(self, glyph: Image.Image, path: Path) -> None:
        for attempt in range(TRIES):
            path.parent.mkdir(parents=True, exist_ok=True)
            try:
                save_png(glyph, path)
            except TenfoldError as error:
                if not isinstance(error.__cause__, FileNotFoundError) or attempt == TRIES - 1:
                    raise
            else:
                return

    def remove(self, name: str) -> tuple[bool, int]:
        """Take one glyph back; return whether there was one of that name, and how many are left.

        Raises
        ------
        ProblemError
            503 if the folder cannot be written.
        """
        with self._lock, _on_the_disk("deleted"):
            return self._unlink(name), self.count()

    def _unlink(self, name: str) -> bool:
        if not re.fullmatch("[0-9a-f]{32}", name):
            return False
        for digit in DIGITS:
            path = self.folder / digit / f"{name}.png"
            if path.is_file():
                with suppress(FileNotFoundError):  # another server was quicker
                    path.unlink()
                    with suppress(OSError):  # it holds others
                        path.parent.rmdir()  # a data set has no empty classes
                    return True
        return False


@contextmanager
def _on_the_disk(done: str) -> Iterator[None]:
    """Tell callers, without the server's paths, what its disk does not let happen."""
    try:
        yield
    except (TenfoldError, OSError) as error:
        cause = error if isinstance(error, OSError) else error.__cause__
        if not isinstance(cause, OSError):
            raise
        raise ProblemError(
            507 if cause.errno in FULL else 503,
            f"The glyph was not {done}: the server's folder for lessons cannot be written "
            f"({cause.strerror}). Whoever runs it can make room there, or start it with another "
            "folder for --collect.",
        ) from error
