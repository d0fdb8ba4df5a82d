from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from tenfold.reader.find import Found
from tenfold.signature import FINE, HAND, KINDS, PLACE, SIGN
from tenfold.synthesis.pages.canvas import Placed
from tenfold.synthesis.pages.hands import Stock
from tenfold.synthesis.pages.pages import Page
from tenfold.training.pages.finder import (
    FinderNetwork,
    FinderTask,
    collate,
    targets,
)
from tenfold.training.pages.score import match

PLACED = (
    Placed("7", HAND, (20, 30, 40, 70)),
    Placed("3", HAND, (60, 30, 90, 66)),
    Placed(",", SIGN, (95, 60, 100, 70)),
    Placed("1", HAND, (110, 10, 112, 14)),  # too small to be taught
)


def _page() -> Page:
    pixels = np.random.default_rng(0).integers(0, 256, (96, 128), np.uint8)
    masks = np.zeros((KINDS, 96, 128), np.uint8)
    masks[HAND, 30:70, 20:40] = 255
    return Page(pixels, masks, PLACED, "toy")


def _network(small: bool = True) -> FinderNetwork:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return FinderNetwork((4, 8, 8, 8)) if small else FinderNetwork()


def test_heat_peaks_at_the_digits_middles() -> None:
    fine, heat, boxes = targets(_page())
    assert fine.shape == (KINDS, 96 // FINE, 128 // FINE)
    assert heat.shape == (96 // PLACE, 128 // PLACE)
    peaks = {tuple(place) for place in np.argwhere(heat == 1).tolist()}
    assert len(peaks) == 2
    for mark in PLACED[:2]:
        left, top, right, bottom = mark.box
        row, column = ((top + bottom) / 2 / PLACE - 0.5, (left + right) / 2 / PLACE - 0.5)
        assert min(math.dist(peak, (row, column)) for peak in peaks) <= math.sqrt(0.5)
    assert (heat[2:4, 27:29] == -1).any()  # nobody is asked about the small one
    assert {box[-2:] for box in map(tuple, boxes)} == {(7, 0), (3, 0)}
    for _, row, column, dx, dy, wide, tall, digit, _ in boxes:
        mark = PLACED[0] if digit == 7 else PLACED[1]
        left, top, right, bottom = mark.box
        assert (column + 0.5 + dx) * PLACE == pytest.approx((left + right) / 2)
        assert (row + 0.5 + dy) * PLACE == pytest.approx((top + bottom) / 2)
        assert math.exp(wide) == pytest.approx(right - left)
        assert math.exp(tall) == pytest.approx(bottom - top)


def test_pages_are_stacked_with_the_number_of_their_page() -> None:
    empty = Page(np.zeros((96, 128), np.uint8), np.zeros((KINDS, 96, 128), np.uint8), (), "none")
    batch = collate([empty, _page()])
    assert batch.planes.shape == (2, 2, 96, 128)
    assert batch.kinds.shape == (2, KINDS, 48, 64)
    assert batch.heat.shape == (2, 24, 32)
    assert (batch.boxes[:, 0] == 1).all()
    assert collate([empty]).boxes.shape == (0, 9)


def test_a_page_without_digits_has_a_loss() -> None:
    empty = Page(np.zeros((96, 128), np.uint8), np.zeros((KINDS, 96, 128), np.uint8), (), "none")
    loss, figures = FinderTask(_none(), "train").loss(_network(), collate([empty]), 0)
    assert torch.isfinite(loss)
    assert figures["size"] == figures["named"] == 0


def _none() -> Stock:
    return Stock(np.zeros((0, 28, 28), np.uint8), [], np.zeros(0, np.float32))


def test_the_loss_of_a_batch_falls() -> None:
    batch, network = collate([_page(), _page()]), _network().train()
    task = FinderTask(_none(), "train", bfloat16=False)
    optimizer = torch.optim.AdamW(network.parameters(), 1e-2)
    losses = []
    for step in range(10):
        loss, figures = task.loss(network, batch, step)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        losses.append(loss.item())
        assert figures.keys() == {"ink", "dice", "kind", "heat", "size", "named"}
    assert losses[-1] < 0.8 * losses[0]


def test_batches_are_composed_by_seed(stock: Stock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tenfold.synthesis.pages.pages.AHEAD", 3)
    one, two = (next(FinderTask(stock, "train", batch=2).batches(5)) for _ in range(2))
    assert one.planes.shape == (2, 2, 256, 256)
    np.testing.assert_array_equal(one.planes, two.planes)
    np.testing.assert_array_equal(one.boxes, two.boxes)


def _found(x: float, y: float, width: float, height: float, score: float = 0.9) -> Found:
    return Found(
        x, y, width, height, score, np.zeros(10, np.float32), np.zeros(4, np.float32), 0
    )  # fmt: skip


def test_found_digits_are_matched_once() -> None:
    right, again, far = _found(21, 31, 20, 40), _found(20, 30, 20, 40, 0.5), _found(0, 0, 9, 9)
    small, loose = _found(110, 10, 2, 4), _found(62, 31, 5, 5)
    assert match([right], PLACED) == ([(right, PLACED[0])], 0, 1)
    assert match([again, right], PLACED) == ([(right, PLACED[0])], 1, 1)
    assert match([right, far], PLACED) == ([(right, PLACED[0])], 1, 1)
    assert match([small], PLACED) == ([], 0, 2)  # neither way
    assert match([loose], PLACED) == ([], 1, 2)  # its middle lies inside, but it is too small
    assert match([], ()) == ([], 0, 0)
