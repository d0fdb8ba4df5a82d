"""Read with tenfold, on one thread."""

from __future__ import annotations

import sys

import cv2
from common_read import read_all

from tenfold.reader.reader import Reader

cv2.setNumThreads(1)
reader = Reader(layout="digit" if sys.argv[1] == "digit" else "auto")
read_all(lambda file: reader.read(file).text)
