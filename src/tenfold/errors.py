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


class FaultError(TenfoldError):
    """Something in tenfold itself went wrong with one picture; the others can still be read."""

    @classmethod
    def of(cls, name: str, error: BaseException) -> FaultError:
        """Say so in one sentence that names the picture."""
        if isinstance(error, MemoryError):
            return cls(f"{name}: not enough memory to read it. Use a smaller copy.")
        what = " ".join(f"{type(error).__name__}: {error}".split())[:200]
        return cls(
            f"{name}: could not be read because of a fault in tenfold ({what}). "
            "Please report it together with the picture."
        )
