"""Bring pictures of any size to the size a model takes.

A 28×28 model was trained on digits framed as MNIST's were; sets of another size, such as USPS's
16×16, are framed the same way before it sees them. Other models take only their own size.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tenfold.data.dataset import Dataset
from tenfold.model import Model
from tenfold.preprocess.normalize import FIELD, frame_glyph


def framed(data: Dataset, model: Model) -> Dataset:
    """Return the data set in the model's size where it can be framed, else as it is.

    Examples
    --------
    >>> small = Dataset(np.full((1, 16, 16), 255, np.uint8), None, "small", "all")
    >>> from types import SimpleNamespace
    >>> framed(small, SimpleNamespace(info=SimpleNamespace(size=28))).images.shape
    (1, 28, 28)
    """
    if data.size == model.info.size or model.info.size != FIELD:
        return data
    glyphs = [frame_glyph(image, (image > 0).astype(np.uint8)) for image in data.images]
    return replace(data, images=np.stack(glyphs) if glyphs else np.zeros((0, 28, 28), np.uint8))
