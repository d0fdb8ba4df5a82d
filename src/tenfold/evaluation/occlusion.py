"""What a model looks at: how much surer it is with a patch of the picture than without.

A patch of paper is moved over the picture, and where covering it costs most, the model looked most
(Zeiler & Fergus 2014, arXiv 1311.2901, section 4.2). That works on the model file alone, needs no
gradients, and shows what a person can check by covering the picture with a finger.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tenfold.data.dataset import Dataset
from tenfold.model import Model

PATCH, STEP = 5 / 28, 1 / 14  # of the picture's width


@dataclass(frozen=True, slots=True)
class OcclusionMap:
    """What a model looked at in one image.

    Parameters
    ----------
    index : int
        Its row in the test set.
    label, predicted : str
    map : float array, shape (size, size)
        As `occlusion_map` gives it, to a thousandth of a nat.
    """

    index: int
    label: str
    predicted: str
    map: NDArray[np.float64]


def occlusion_maps(
    model: Model, data: Dataset, confidence: NDArray[np.floating], mistakes: Sequence[int]
) -> tuple[OcclusionMap, ...]:
    """Map a typical image of each class (of median confidence), then these mistakes, by row."""
    rows, targets, names = [], data.targets, data.classes
    for number in range(len(names)):
        own = np.flatnonzero(targets == number)
        if len(own):
            rows.append(int(own[np.argsort(confidence[own])[len(own) // 2]]))
    maps = []
    for row in [*(row for row in rows if row not in mistakes), *mistakes]:
        image = data.images[row]
        answer = int(model.predict(image[None])[0])
        heat = occlusion_map(model, image, answer).round(3)
        maps.append(OcclusionMap(row, names[targets[row]], names[answer], heat))
    return tuple(maps)


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
