"""What people decided in the review of forms, as labelled digits."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tenfold.data.dataset import Dataset
from tenfold.errors import DataError


def is_results(path: Path) -> bool:
    """Whether a folder holds what ``tenfold form read`` wrote."""
    from tenfold.forms.database import NAME

    return (path / NAME).is_file()


def reviewed(folder: Path) -> Dataset:
    """Return the digits of combs that people decided, in MNIST's frame.

    Raises
    ------
    DataError
        If there are none.
    """
    from tenfold.forms.decisions import decided_digits
    from tenfold.forms.results import Results

    with Results.open(folder) as results:
        found = list(decided_digits(results))
    if not found:
        raise DataError(
            f"{folder}: holds no digit that people decided. Review combs first: "
            f"tenfold form review {folder}"
        )
    labels = np.array([int(digit) for digit, _ in found], np.uint8)
    return Dataset(np.stack([glyph for _, glyph in found]), labels, str(folder), "all")
