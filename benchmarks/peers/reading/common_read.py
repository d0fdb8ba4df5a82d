"""What the readers' scripts share: take a list of files, print one line of JSON for each."""

from __future__ import annotations

import json
import re
import sys
import time
from collections.abc import Callable
from pathlib import Path


def read_all(read: Callable[[str], str]) -> None:
    """Read every file named in the list; one that fails counts as unread."""
    files: list[str] = json.loads(Path(sys.argv[2]).read_text())
    try:
        read(files[0])  # warm up: models load on first use
    except Exception as error:
        print(f"{files[0]}: {error}", file=sys.stderr)
    for file in files:
        started = time.perf_counter()
        try:
            text = read(file)
        except Exception as error:
            print(f"{file}: {error}", file=sys.stderr)
            text = ""
        seconds = time.perf_counter() - started
        lines = [re.sub(r"\D", "", line) for line in text.splitlines()]
        print(json.dumps({"text": "\n".join(filter(None, lines)), "seconds": seconds}), flush=True)


def by_lines(words: list[tuple[float, float, float, str]]) -> str:
    """Join words (left, top, bottom, text) to lines, top to bottom and left to right."""
    lines: list[list[tuple[float, float, float, str]]] = []
    for word in sorted(words, key=lambda one: one[1] + one[2]):
        middle = (word[1] + word[2]) / 2
        if lines and middle < max(one[2] for one in lines[-1]):
            lines[-1].append(word)
        else:
            lines.append([word])
    return "\n".join("".join(word[3] for word in sorted(line)) for line in lines)
