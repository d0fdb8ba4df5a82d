from __future__ import annotations

import os
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from tenfold.reader.touching import NOTHING, open_speller
from tenfold.training import touching
from tenfold.training.synthesis.strips import Strip
from tenfold.training.touching import Spelling, loss, right, stack, train, vary


def _strip(*digits: int) -> Strip:
    """As many bars as there are digits, each as broad as its digit is large."""
    pixels = np.zeros((28, 8 + 16 * len(digits)), np.uint8)
    for place, digit in enumerate(digits):
        pixels[2:26, 6 + 16 * place : 8 + 16 * place + digit] = 255
    return Strip(pixels, digits)


class _Perfect(torch.nn.Module):
    def forward(self, strips: torch.Tensor) -> torch.Tensor:
        logits = torch.zeros(len(strips), strips.shape[3] // 2, 11)
        logits[:, :, NOTHING] = 1
        logits[:, 4, 1] = logits[:, 8, 7] = 9
        return logits


def test_strips_are_stacked_with_paper_on_the_right() -> None:
    sheet = stack([_strip(1), _strip(2, 3)])
    assert sheet.shape == (2, 1, 28, 40)
    assert sheet[0, 0, :, 24:].sum() == 0
    assert float(sheet.max()) == 1.0


def test_varied_strips_keep_their_ink() -> None:
    torch.manual_seed(0)
    strips = stack([_strip(5, 5)] * 50)
    varied = vary(strips)
    assert varied.shape[3] >= strips.shape[3]
    assert varied.min() >= 0
    assert varied.max() <= 1
    kept = varied.sum((1, 2, 3)) / strips.sum((1, 2, 3))
    assert float(kept.min()) > 0.4


def test_right_counts_whole_words() -> None:
    assert right(_Perfect(), [_strip(1, 7), _strip(1, 8)]) == 0.5


def test_a_few_epochs_lower_the_loss(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(touching, "EPOCHS", 12)
    monkeypatch.setattr(touching, "BATCH", 8)
    monkeypatch.setattr(touching, "EMA", 0.8)
    strips = [_strip(a, b) for a in (0, 4, 9) for b in (0, 4, 9)] * 8
    torch.manual_seed(1)
    before = float(loss(Spelling().eval(), strips).detach())
    network = train(strips, strips[:9], seed=0)
    assert float(loss(network, strips).detach()) < before / 2


@pytest.mark.skipif("TENFOLD_DATA" not in os.environ, reason="needs MNIST in TENFOLD_DATA")
def test_the_command_writes_a_file_that_the_reader_opens(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(touching, "EPOCHS", 1)
    monkeypatch.setattr(touching, "VALIDATION_LINES", 10)
    monkeypatch.setattr(sys, "argv", ["touching", str(tmp_path), "--lines", "20"])
    touching.main()
    content = (tmp_path / "touching.onnx").read_bytes()
    frames = open_speller(content, "touching.onnx")(np.zeros((3, 28, 50), np.uint8))
    assert frames.shape == (3, 25, 11)
    assert np.allclose(frames.sum(axis=2), 1, atol=1e-5)
