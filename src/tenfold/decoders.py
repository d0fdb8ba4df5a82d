"""What decoders write to standard error by themselves, kept from people.

Of a damaged TIFF, libtiff writes lines that name no file, past Python and straight to the
descriptor, and Pillow warns of lines of its own code. One sentence that names the picture says
more. Commands catch those lines; in a program of somebody else's nothing is turned elsewhere.
"""

from __future__ import annotations

import os
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO

from tenfold.errors import TenfoldWarning

STDERR = 2
_OTHERS = b"onnxruntime"  # the networks' library; what it says is not about a picture
DAMAGED = "the file is damaged in places, and only what could be decoded was read"

Said = Callable[[], bool]  # tells whether any wrote since it was last asked

_catching: list[Said] = []  # what tells whether any wrote, while that is caught


@contextmanager
def caught() -> Iterator[Said]:
    """Catch what libraries write; yields what tells whether any did since it was last asked."""
    with warnings.catch_warnings(), _caught_descriptor() as written:
        warnings.simplefilter("always", UserWarning)
        show, warned, told = warnings.showwarning, 0, 0

        def heard(
            message: Warning | str, category: type[Warning], filename: str, *more: Any, **how: Any
        ) -> None:
            nonlocal warned
            if "PIL" in filename:
                warned += 1
            elif not issubclass(category, RuntimeWarning):  # arithmetic on what is no picture
                show(message, category, filename, *more, **how)

        def said() -> bool:
            nonlocal warned, told
            written.seek(told)  # the descriptor shares its place in the file, and gets it back
            lines = written.read().splitlines()
            told = written.tell()
            found = warned > 0 or any(_OTHERS not in line for line in lines)
            warned = 0
            return found

        warnings.showwarning = heard
        _catching.append(said)
        try:
            yield said
        finally:
            _catching.pop()


@contextmanager
def damage_told(name: str) -> Iterator[None]:
    """Warn of a picture that is read within, if a decoder complains of it and that is caught.

    Parameters
    ----------
    name : str
        What the picture is called.
    """
    said = _catching[-1] if _catching else bool
    said()  # of whatever was before
    yield
    if said():
        warnings.warn(f"{name}: {DAMAGED}.", TenfoldWarning, stacklevel=3)


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
