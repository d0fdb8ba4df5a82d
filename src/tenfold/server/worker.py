"""A process that reads: tasks in on standard input, answers out on standard output.

A message is two lengths, a head in JSON and a body of bytes. The process ends when its input does,
so none is left behind however the server ends.
"""

from __future__ import annotations

import contextlib
import faulthandler
import gc
import io
import json
import os
import signal
import struct
import sys
from pathlib import Path
from typing import BinaryIO, TextIO

import cv2
import numpy as np

from tenfold.reader.reader import Reader
from tenfold.server.problems import MEDIA_TYPE, fault, problem_bytes
from tenfold.server.settings import Settings
from tenfold.server.work import FAULT, Answer, Task, Work

LENGTHS = struct.Struct(">II")
HEAD = {"ready": True}


def pack(head: object, body: bytes) -> bytes:
    """Put a message together."""
    text = json.dumps(head).encode()
    return LENGTHS.pack(len(text), len(body)) + text + body


def main() -> None:
    """Serve tasks until the input ends."""
    # The server decides when to stop; a Ctrl-C or a SIGTERM to the whole group is for it alone.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    # Whatever a library prints must not end up between the messages.
    answers = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)
    cv2.setNumThreads(1)  # the cores are shared out by processes
    options = json.loads(sys.argv[1])
    model = options.pop("model")
    reader = Reader(Path(model) if model else None)
    reader.read(np.full((64, 64), 255, np.uint8))  # the first reading sets libraries up
    work = Work(reader.model, Settings(**options))
    gc.freeze()  # what is loaded now stays; looking through it again and again costs time
    answers.write(pack(HEAD, b""))
    with _own_errors() as faults, contextlib.suppress(BrokenPipeError):
        _serve(work, sys.stdin.buffer, answers, faults)


def _own_errors() -> TextIO:
    """Return standard error, and close it to everybody else.

    Libraries comment on damaged pictures there, at any length; the log is for requests.
    """
    faults = os.fdopen(os.dup(2), "w", buffering=1)
    faulthandler.enable(faults)
    with Path(os.devnull).open("wb") as nowhere:
        os.dup2(nowhere.fileno(), 2)
    return faults


def _serve(
    work: Work,
    tasks: io.BufferedIOBase | BinaryIO,
    answers: io.RawIOBase | BinaryIO,
    faults: TextIO,
) -> None:
    while len(lengths := tasks.read(LENGTHS.size)) == LENGTHS.size:
        head, body = (tasks.read(length) for length in LENGTHS.unpack(lengths))
        message = memoryview(pack(*_answer(work, json.loads(head), body, faults)))
        while message:
            message = message[answers.write(message) or 0 :]


def _answer(work: Work, task: Task, body: bytes, faults: TextIO) -> tuple[Answer, bytes]:
    try:
        answer = work.do(task, body)
    except Exception as error:  # what one request brings to light must not end the reader
        faults.write(fault(error))
        return Answer(status=500, media=MEDIA_TYPE), problem_bytes(500, f"The request {FAULT}")
    for of_picture in work.faults:
        faults.write(fault(of_picture))
    work.faults.clear()  # a traceback holds on to the picture
    return answer


if __name__ == "__main__":
    main()
