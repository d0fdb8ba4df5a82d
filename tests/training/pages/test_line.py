from __future__ import annotations

import numpy as np
import torch

from tenfold.reader.ctc import best_path
from tenfold.signature import CHARS, STRIDE, STRIP, strips_of
from tenfold.synthesis.pages.hands import Stock
from tenfold.synthesis.pages.strips import Strip, StripMaker
from tenfold.training.pages.line import LineNetwork, LineTask, collate


def _strip(text: str, width: int, middles: tuple[float, ...], half: float) -> Strip:
    pixels = np.random.default_rng(width).integers(0, 256, (STRIP, width), np.uint8)
    return Strip(pixels, text, middles, (half,) * len(text))


def test_frames_are_taught_near_the_middles_and_left_open_at_the_rims() -> None:
    batch = collate([_strip("4.", 61, (20.0, 50.0), 8.0), _strip("", 30, (), 0.0)])
    assert batch.strips.shape == (2, 1, STRIP, 64)
    assert (batch.strips[0, ..., 61:] == batch.strips[0, ..., 60:61]).all()  # the last column again
    assert batch.texts == ("4.", "")
    first, second = batch.frames
    assert len(first) == 64 // STRIDE
    assert first[10] == CHARS.index("4") + 1
    assert first[25] == CHARS.index(".") + 1
    assert (first == -1).any()
    assert first[0] == first[17] == first[-1] == 0
    assert not second.any()


def test_strips_are_learned_from_as_the_reader_shows_them() -> None:
    strips = [_strip("4", 40, (20.0,), 8.0), _strip("5", 64, (20.0,), 8.0)]
    shown = strips_of([strip.pixels for strip in strips])
    np.testing.assert_array_equal(collate(strips).strips, shown)
    np.testing.assert_allclose(shown[0, 0, :, :40].mean(), 0, atol=1e-5)
    np.testing.assert_allclose(shown[0, 0, :, :40].std(), 1, atol=0.15)
    flat = strips_of([np.full((STRIP, 8), 90, np.uint8)])
    assert not flat.any()  # paper without ink stays as it is


def test_batches_hold_strips_of_about_one_width(stock: Stock) -> None:
    batches = LineTask(stock, "train", batch=3).batches(0)
    first = [next(batches) for _ in range(8)]
    assert all(len(batch.texts) == 3 for batch in first)
    assert all(batch.strips.shape[3] % 8 == 0 for batch in first)
    again = next(LineTask(stock, "train", batch=3).batches(0))
    np.testing.assert_array_equal(again.strips, first[0].strips)


def test_the_loss_of_a_batch_falls(stock: Stock) -> None:
    maker = StripMaker(stock, "train", 0)
    strips = [strip for strip in (maker.strip() for _ in range(20)) if 0 < len(strip.text) < 8][:2]
    batch = collate(strips)
    task = LineTask(stock, "train", bfloat16=False)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = LineNetwork().train()
    optimizer = torch.optim.AdamW(network.parameters(), 2e-3)
    losses = []
    for step in range(8):
        loss, figures = task.loss(network, batch, step)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        losses.append(loss.item())
        assert figures.keys() == {"frames", "ctc"}
    assert losses[-1] < 0.7 * losses[0]
    later = task.loss(network, batch, 3000)[0].item()
    assert later > task.loss(network, batch, 0)[0].item()  # the whole string counts for more


def test_the_best_path_leaves_out_blanks_and_repeats() -> None:
    classes = [0, 1, 1, 0, 1, 11, 11, 20, 0]
    assert best_path(np.eye(21, dtype=np.float32)[classes]) == "00.%"
    assert best_path(np.zeros((0, 21), np.float32)) == ""
