"""Warnings of a run, told at the line outside tenfold that asked for it."""

from __future__ import annotations

import inspect
import warnings

from tenfold.errors import TenfoldWarning


def warn(message: str) -> None:
    """Warn at the first line, from here outwards, that is not tenfold's own."""
    frame, level = inspect.currentframe(), 1
    while frame is not None and _is_own(str(frame.f_globals.get("__name__", ""))):
        frame, level = frame.f_back, level + 1
    warnings.warn(message, TenfoldWarning, stacklevel=level)


def _is_own(module: str) -> bool:
    return module.partition(".")[0] == "tenfold"
