"""scikit-learn's digits: 1,797 pictures of 8×8, embedded in the package, nothing to download.

They are the test set of the UCI "Optical Recognition of Handwritten Digits" (Alpaydin and Kaynak
1998): each pixel counts the ink in a 4×4 block of a 32×32 bitmap, hence 0 to 16.
"""

from __future__ import annotations

import numpy as np

from tenfold.data.dataset import Dataset
from tenfold.data.pixels import to_ink, to_labels
from tenfold.data.splits import Splits

COUNT = 1797
LAST = 200  # the tutorial's test set, "last200"


def load_digits() -> Splits:
    """Load the digits; the test set is the last 200 of them, as in the tutorial.

    Returns
    -------
    Splits
        1,597 training and 200 test pictures of 8×8, in scikit-learn's order; a count v of 0–16
        becomes round(v · 255 / 16) of ink.

    Examples
    --------
    >>> splits = load_digits()
    >>> len(splits.train), len(splits.test), splits.all.size
    (1597, 200, 8)
    """
    from sklearn.datasets import load_digits as load_bunch

    bunch = load_bunch()
    images = to_ink(bunch.images, str)
    labels = to_labels(bunch.target, str)
    whole = Dataset(images, labels, "digits", "all")
    rows = np.arange(len(whole))
    return Splits(whole.take(rows[:-LAST], "train"), whole.take(rows[-LAST:], "test"), True)
