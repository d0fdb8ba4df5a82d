"""Errors a person can mend.

Every message says what was wrong, names the file or the value, and says what to do about it.
The command line prints the message alone; a traceback is left for our own mistakes.
"""

from __future__ import annotations

INTERRUPTED = 130  # the exit code after Ctrl-C, as shells have it


class TenfoldError(Exception):
    """Something outside the program is wrong; the message says what, where and what to do."""

    exit_code = 1


class UsageError(TenfoldError):
    """The call itself is wrong: an unknown name, an impossible combination of options."""

    exit_code = 2


class DataError(TenfoldError):
    """A data set or a picture cannot be used."""


class ModelError(TenfoldError):
    """A model file cannot be used."""


class TrainingError(TenfoldError):
    """A training run cannot go on."""
