"""A small shift per field: where its frame and label lie on a scan that is otherwise aligned.

Paper curls, folds and stretches in copiers, so that a field may lie a millimetre beside the place
where the page's map says. Its printed surroundings tell; what is written inside does not count.
"""

from __future__ import annotations

import cv2
import numpy as np

from tenfold.forms.pyramid import Grey

REACH = 8  # pixels of the halved pages by which a field may be off: 2 mm at 200 dots per inch
_BESIDE, _ABOVE = 48, 18  # pixels of the halved pages around a field that are compared
_INSET = 3  # likewise; so thick is its frame
_SURE = 0.45  # correlation of the surroundings from which on they count as found
_BETTER = 0.03  # by so much it must correlate better there than where it was
_NEAR = 0.002  # correlation that a pixel costs, for a line looks alike all along
_FLAT = 12.0  # spread of grey levels below which there is no print to go by


def settle(
    aligned: Grey, reference: Grey, box: tuple[float, float, float, float]
) -> tuple[float, float]:
    """Return how far a field lies from its place, to the right and down.

    Parameters
    ----------
    aligned, reference : uint8 arrays, shape (h, w)
        The aligned scan and the reference image of its page.
    box : tuple of float
        The field's left, top, width and height as shares of the page.

    Returns
    -------
    tuple of float
        In pixels, at most 16 each way; zeros unless the print around it clearly says otherwise.

    Examples
    --------
    >>> reference = np.full((200, 400), 255, np.uint8)
    >>> _ = cv2.rectangle(reference, (100, 80), (300, 120), 0, 2)
    >>> settle(np.roll(reference, (4, 6), (0, 1)), reference, (0.25, 0.4, 0.5, 0.2))
    (6.0, 4.0)
    """
    height, width = reference.shape
    left, right = (round(share * width / 2) for share in (box[0], box[0] + box[2]))
    top, bottom = (round(share * height / 2) for share in (box[1], box[1] + box[3]))
    x, y = max(0, left - _BESIDE), max(0, top - _ABOVE)
    wide = min(width // 2, right + _BESIDE) - x
    high = min(height // 2, bottom + _ABOVE) - y
    if min(wide, high) < 2 * _INSET:
        return 0.0, 0.0
    known = _halved(reference[2 * y : 2 * (y + high), 2 * x : 2 * (x + wide)])
    mask = np.ones((high, wide), np.float32)
    mask[top - y + _INSET : bottom - y - _INSET, left - x + _INSET : right - x - _INSET] = 0
    if known[mask > 0].std() < _FLAT:
        return 0.0, 0.0
    edge = 2 * REACH
    seen = _halved(_window(aligned, 2 * x - edge, 2 * y - edge, 2 * wide + 2 * edge,
                           2 * high + 2 * edge))  # fmt: skip
    match = cv2.matchTemplate(seen, known, cv2.TM_CCOEFF_NORMED, mask=mask)
    match = np.nan_to_num(match, nan=0.0, posinf=0.0, neginf=0.0)
    rows, columns = np.mgrid[-REACH : REACH + 1, -REACH : REACH + 1]
    judged = match - _NEAR * np.hypot(rows, columns)
    row, column = np.unravel_index(int(np.argmax(judged)), judged.shape)
    if match[row, column] < _SURE or judged[row, column] < match[REACH, REACH] + _BETTER:
        return 0.0, 0.0
    return 2.0 * float(columns[row, column]), 2.0 * float(rows[row, column])


def _window(picture: Grey, left: int, top: int, wide: int, high: int) -> Grey:
    """Cut a window out; beyond the picture, its edge goes on."""
    rows = np.clip(np.arange(top, top + high), 0, picture.shape[0] - 1)
    columns = np.clip(np.arange(left, left + wide), 0, picture.shape[1] - 1)
    return picture[rows[:, None], columns]


def _halved(picture: Grey) -> Grey:
    height, width = (side // 2 for side in picture.shape)
    return np.asarray(cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
