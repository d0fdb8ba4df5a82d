"""The tenfold command, with less patience for heads that do not come."""

from __future__ import annotations

from tenfold.cli import main
from tenfold.server import protocol

HEAD_SECONDS = 1.5

if __name__ == "__main__":
    protocol.HEAD_SECONDS = HEAD_SECONDS
    main()
