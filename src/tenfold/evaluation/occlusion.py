"""What a model looks at: how much surer it is with a patch of the picture than without.

A patch of paper is moved over the picture, and where covering it costs most, the model looked most
(Zeiler & Fergus 2014, arXiv 1311.2901, section 4.2). That works on the model file alone, needs no
gradients, and shows what a person can check by covering the picture with a finger.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tenfold.model import Model

PATCH, STEP = 5 / 28, 1 / 14  # of the picture's width


def occlusion_map(model: Model, image: NDArray[np.uint8], answer: int) -> NDArray[np.float64]:
    """Return what each pixel does for an answer.

    Parameters
    ----------
    model : Model
    image : uint8 array, shape (size, size)
    answer : int
        Which class to ask about.

    Returns
    -------
    float array, shape (size, size)
        Mean fall of the answer's log-odds over all patches that cover a pixel, in nats: positive
        where the ink speaks for the answer, negative where it speaks against it.
    """
    size = len(image)
    patch, step = max(2, round(PATCH * size)), max(1, round(STEP * size))
    starts = np.unique([*range(0, size - patch, step), size - patch])
    corners = [(row, column) for row in starts for column in starts]
    covered = np.repeat(image[None], len(corners), axis=0)
    for picture, (row, column) in zip(covered, corners, strict=True):
        picture[row : row + patch, column : column + patch] = 0
    before, after = (_log_odds(model, images, answer) for images in (image[None], covered))
    total, times = np.zeros((2, size, size))
    for fall, (row, column) in zip(before - after, corners, strict=True):
        total[row : row + patch, column : column + patch] += fall
        times[row : row + patch, column : column + patch] += 1
    # Between steps that do not meet, some pixels of tiny pictures may never be covered.
    return np.asarray(total / times.clip(1))


def _log_odds(model: Model, images: NDArray[np.uint8], answer: int) -> NDArray[np.float64]:
    logits = model.predict_logits(images).astype(np.float64) / model.info.temperature
    others = np.delete(logits, answer, axis=1)
    return np.asarray(logits[:, answer] - np.logaddexp.reduce(others, axis=1))
