"""Errors a person can mend.

Every message says what was wrong, names the file or the value, and says what to do about it.
The command line prints the message alone; a traceback is left for our own mistakes.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tenfold.names import plain

INTERRUPTED = 130  # the exit code after Ctrl-C, as shells have it


def install(extra: str) -> str:
    """Return the sentence that says how to install what is missing.

    Parameters
    ----------
    extra : str
        The extras that bring it, such as ``"train"`` or ``"forms,serve"``.

    Examples
    --------
    >>> install("serve")
    "In tenfold's source folder, run: pip install '.[serve]'"
    """
    words = f"In tenfold's source folder, run: pip install '.[{extra}]'"
    if "train" not in extra.split(","):
        return words
    return (
        f"{words}. On Linux that takes PyTorch for NVIDIA's GPUs, about 3 GB; uv pip install "
        f"--torch-backend=cpu '.[{extra}]' takes the one for the processor, 0.2 GB"
    )


class TenfoldError(Exception):
    """Something outside the program is wrong; the message says what, where and what to do.

    The message is one line, and whatever it quotes steers no terminal; see `tenfold.names`.
    """

    exit_code = 1

    def __init__(self, message: str = "") -> None:
        super().__init__(plain(message))


class UsageError(TenfoldError):
    """The call itself is wrong: an unknown name, an impossible combination of options."""

    exit_code = 2


class DataError(TenfoldError):
    """A data set or a picture cannot be used."""


class PictureTypeError(DataError, TypeError):
    """What was handed over is of no type that pictures come in."""


class PictureValueError(DataError, ValueError):
    """An array, or an open image or file, that holds no picture."""


class PageError(DataError):
    """A page, or a whole file of pages or a picture, cannot be read; the others can.

    What was wrong is its ``__cause__``.

    Parameters
    ----------
    message : str
        What a person is told; it begins with the page's name.
    file : str
        What the file is called.
    page : int or None
        The number of the page, from 1; None where it is the whole file.
    """

    def __init__(self, message: str, file: str, page: int | None) -> None:
        super().__init__(message)
        self.file, self.page = file, page


class ModelError(TenfoldError):
    """A model file cannot be used."""


class TrainingError(TenfoldError):
    """A training run cannot go on."""


class TenfoldWarning(UserWarning):
    """The work can be done, but a person should know something about what it comes to.

    The message is written as an error's is.
    """

    def __init__(self, message: str = "") -> None:
        super().__init__(plain(message))


class OldFormatWarning(TenfoldWarning, FutureWarning):
    """What was written for an earlier tenfold is still taken, but not for ever."""


class FaultError(TenfoldError):
    """Something nobody foresaw went wrong with one picture; it costs that picture and no other.

    What went wrong is its ``__cause__``.

    Parameters
    ----------
    message : str
        What a person is told.
    name : str
        What the picture is called.
    """

    def __init__(self, message: str, name: str) -> None:
        super().__init__(message)
        self.name = name


@contextmanager
def faults_of(name: str, done: str = "read") -> Iterator[None]:
    """Turn whatever goes wrong unforeseen with one picture into its error.

    Errors that a person can mend, an interrupt, and a reader of our output who has had enough pass
    as they are.

    Parameters
    ----------
    name : str
        What the picture is called.
    done : str
        What is done with it: "read", "drawn".

    Raises
    ------
    FaultError
        In place of any other exception.
    DataError
        If the memory did not suffice.

    Examples
    --------
    >>> with faults_of("a.png"):
    ...     [][0]
    Traceback (most recent call last):
    tenfold.errors.FaultError: a.png: could not be read because of a fault in tenfold \
(IndexError: list index out of range). Please report it with the picture.
    """
    try:
        yield
    except (TenfoldError, BrokenPipeError):
        raise
    except MemoryError as error:
        raise DataError(
            f"{name}: could not be {done} for lack of memory. Use a smaller copy."
        ) from error
    except OSError as error:
        raise FaultError(
            f"{name}: could not be {done} ({error.strerror or error}). "
            "Check the disk and who may use the folder.",
            name,
        ) from error
    except Exception as error:
        # One line, whatever the message: OpenCV's have several.
        what = " ".join(f"{type(error).__name__}: {error}".split()).rstrip(" :.")
        raise FaultError(
            f"{name}: could not be {done} because of a fault in tenfold ({what}). "
            "Please report it with the picture.",
            name,
        ) from error
