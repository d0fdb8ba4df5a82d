"""A reader that some pictures bring down; in a module of its own, for processes to import it."""

from __future__ import annotations

import ctypes
import os
import signal
import time
from collections.abc import Iterator, Sequence

from tenfold.errors import PageError
from tenfold.preprocess.document import DocumentPage
from tenfold.preprocess.image import Source, name_of
from tenfold.reader.reader import Reader


class Deadly(Reader):
    """Ends its process on pictures called deadly, and stands still on others."""

    def open_pages(
        self, source: Source, name: str | None = None, *, only: Sequence[range] | None = None
    ) -> Iterator[DocumentPage | PageError]:
        called = name_of(source, name)
        if "deadly" in called:
            os._exit(9)
        if "slow" in called:
            time.sleep(1000)
        if "hangs" in called:  # in C, deaf to signals, and it does not let go of Python
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGALRM})
            ctypes.PyDLL(None).sleep(1000)
        return super().open_pages(source, name, only=only)
