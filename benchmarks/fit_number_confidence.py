"""Which curve makes a number's confidence honest? Fitted anew for a line recogniser's file.

    python benchmarks/fit_number_confidence.py         # after the finder or the classifier changed

`tenfold train --recipe line` fits it at its end, with the finder and the classifier of then. Writes
it into the bundled line recogniser's file, which is its only result; reading_composed_pages.py says
on test pages how honest it is.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2

import tenfold
from common import err, new_parser
from reading_composed_pages import stock
from tenfold.files import write_whole
from tenfold.reader.networks import LINE, LineRecogniser
from tenfold.training.export import with_info
from tenfold.training.pages.confidence import fit_number_confidence


def main() -> None:
    """Fit the curve and write it into the file."""
    parser = new_parser(__doc__)
    parser.add_argument("--pages", type=int, default=600, help="default %(default)s")
    file = Path(tenfold.__file__).parent / "models" / LINE
    parser.add_argument("--file", type=Path, default=file, help="default: the bundled file")
    given = parser.parse_args()
    cv2.setNumThreads(1)
    content = given.file.read_bytes()
    curve = fit_number_confidence(content, stock("validation"), given.pages)
    info = replace(LineRecogniser(content, str(given.file)).info, string_calibration=curve)
    write_whole(given.file, with_info(content, info))
    err.print(f"{[round(weight, 3) for weight in curve]}, written to {given.file}")


if __name__ == "__main__":
    main()
