"""Standard input, output and error where the shell left them closed, as by ``>&-``.

A closed descriptor would go to the next file that is opened, and what a library prints would land
in it. So each of them is opened on nothing.
"""

from __future__ import annotations

import io
import os
import sys

from tenfold.cli.console import complain

STDIN, STDOUT, STDERR = range(3)


class Closed(io.TextIOBase):
    """Standard output that nobody reads: what is printed there ends the command with exit code 1.

    It ends as it does when a reader such as ``head`` has had enough.
    """

    encoding = "utf-8"
    told = False

    def writable(self) -> bool:
        """Say yes: it is the writing that fails."""
        return True

    def fileno(self) -> int:
        """Return standard output's number."""
        return STDOUT

    def write(self, _text: str) -> int:
        """Tell once that nothing can be printed."""
        if not self.told:
            self.told = True
            complain("standard output is closed, so nothing can be printed.")
        raise BrokenPipeError


def fill_closed() -> None:
    """Open on nothing what is closed of the three, for good."""
    for number in (STDIN, STDOUT, STDERR):
        try:
            os.fstat(number)
        except OSError:
            handle = os.open(os.devnull, os.O_RDWR)
            if handle != number:
                os.dup2(handle, number)
                os.close(handle)
    if sys.stderr is None:
        sys.stderr = open(STDERR, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    if sys.stdout is None:
        sys.stdout = Closed()
