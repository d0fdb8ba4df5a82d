"""What decoders write to standard error by themselves, kept from people.

Of a damaged TIFF, libtiff writes lines that name no file, past Python and straight to the
descriptor, and Pillow warns of lines of its own code. One sentence that names the picture says
more.
"""

from __future__ import annotations

import os
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import BinaryIO

STDERR = 2
_OTHERS = b"onnxruntime"  # the networks' library; what it says is not about a picture
DAMAGED = "the file is damaged in places, and only what could be decoded was read"


@contextmanager
def caught() -> Iterator[Callable[[], bool]]:
    """Catch what libraries write; yields what tells whether any did since it was last asked."""
    with warnings.catch_warnings(record=True) as warned, _caught_descriptor() as written:
        warnings.simplefilter("always", UserWarning)
        told = 0

        def said() -> bool:
            nonlocal told
            written.seek(told)  # the descriptor shares its place in the file, and gets it back
            lines = written.read().splitlines()
            told = written.tell()
            found = any(_OTHERS not in line for line in lines)
            found |= any("PIL" in each.filename for each in warned)
            warned.clear()
            return found

        yield said


@contextmanager
def _caught_descriptor() -> Iterator[BinaryIO]:
    """Turn the descriptor to a file, and Python's own standard error to where it led before."""
    before = sys.stderr
    with tempfile.TemporaryFile(buffering=0) as written:
        try:
            kept = os.dup(STDERR)
        except OSError:  # closed: nothing of anybody's arrives there
            yield written
            return
        os.dup2(written.fileno(), STDERR)
        if _descriptor(before) == STDERR:
            sys.stderr = os.fdopen(
                os.dup(kept), "w", 1, encoding=before.encoding, errors=before.errors
            )
        try:
            yield written
        finally:
            if sys.stderr is not before:
                sys.stderr.close()
                sys.stderr = before
            os.dup2(kept, STDERR)
            os.close(kept)


def _descriptor(stream: object) -> int | None:
    try:
        return int(stream.fileno())  # type: ignore[attr-defined]
    except (AttributeError, OSError, ValueError):  # none, closed, or no file at all
        return None
