"""Read single digits with digit-recognizer-py; it has no mode for numbers."""

from __future__ import annotations

import sys

from common_read import read_all
from digit_recognizer import DigitRecognizer

if sys.argv[1] != "digit":
    sys.exit("reads single digits only")
recognizer = DigitRecognizer()
read_all(lambda file: str(recognizer.predict(file)))
