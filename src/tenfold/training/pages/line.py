"""The line recogniser: a strip of writing in, a string of digits and signs out.

A convolutional network gives every second column of a strip a probability for each character and
for none (the blank of connectionist temporal classification, Graves et al. 2006). Because strips
are composed, it is also known where every character stands: frames near its middle are taught
directly, which makes the network learn within minutes what CTC alone finds in hours.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from tenfold.modelinfo import ModelInfo
from tenfold.signature import CHARS, STRIDE, STRIP, strips_of
from tenfold.synthesis.pages.hands import Part, Stock
from tenfold.synthesis.pages.strips import Strip, StripMaker
from tenfold.training.export import export_plain
from tenfold.training.pages.blocks import Residual, unit

CORE, MARGIN = 0.35, 0.75  # of half a character's width: taught as it; beyond the second, as blank
BATCH, BATCHES = 64, 8  # strips in a batch, and batches that are sorted by width together
BLANK = 0.3  # how much a frame of the blank weighs; most frames are
CTC, MORE_CTC, CTC_STEPS = 0.1, 0.5, 3000  # its share at first, what it gains, and within how long


class Residual1d(nn.Module):
    """Two convolutions along the line and a way around them."""

    def __init__(self, width: int, dilation: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv1d(width, width, 3, padding=dilation, dilation=dilation, bias=False),
            nn.BatchNorm1d(width),
            nn.ReLU(inplace=True),
            nn.Conv1d(width, width, 3, padding=1, bias=False),
            nn.BatchNorm1d(width),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Return features of the same shape."""
        return torch.relu(x + self.layers(x))


class LineNetwork(nn.Module):
    """Takes normalised strips ``(n, 1, 48, w)``, w a multiple of 4; logits ``(n, w / 2, 21)``."""

    def __init__(self) -> None:
        super().__init__()
        self.columns = nn.Sequential(
            unit(1, 24, 2, 5),  # 24 rows, half the columns
            unit(24, 32),
            unit(32, 64, 2),  # 12 rows, a quarter of the columns
            Residual(64),
            unit(64, 96, (2, 1)),  # 6 rows
            Residual(96),
            unit(96, 128, (2, 1)),  # 3 rows
            Residual(128),
        )
        self.down = nn.Sequential(
            nn.Conv2d(128, 160, (3, 1), bias=False), nn.BatchNorm2d(160), nn.ReLU(inplace=True)
        )
        self.along = nn.Sequential(Residual1d(160, 1), Residual1d(160, 2), Residual1d(160, 4))
        self.finer = nn.ConvTranspose1d(160, 96, 4, 2, 1)
        self.head = nn.Sequential(
            nn.ReLU(inplace=True),
            nn.Conv1d(96, 96, 3, padding=1),
            nn.ReLU(inplace=True),
            nn.Conv1d(96, 1 + len(CHARS), 1),
        )

    def forward(self, strips: Tensor) -> Tensor:
        """Return logits, frames along the second axis."""
        features = self.down(self.columns(strips))[:, :, 0]
        logits: Tensor = self.head(self.finer(self.along(features)))
        return logits.transpose(1, 2)


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Strips of about one width with their strings and frames."""

    strips: NDArray[np.float32]  # (n, 1, 48, w)
    texts: tuple[str, ...]
    frames: NDArray[np.int64]  # the class of each frame, −1 where it is not taught


def collate(strips: list[Strip]) -> Batch:
    """Normalise strips, bring them to one width and say what each frame shows."""
    pixels = strips_of([strip.pixels for strip in strips])
    width = -(-pixels.shape[3] // 8) * 8
    pixels = np.pad(pixels, ((0, 0), (0, 0), (0, 0), (0, width - pixels.shape[3])), "edge")
    frames = np.zeros((len(strips), width // STRIDE), np.int64)
    for row, strip in enumerate(strips):
        for wide in (True, False):
            for char, middle, half in zip(strip.text, strip.middles, strip.halves, strict=True):
                reach = max(half, 2.0) * (MARGIN if wide else CORE)
                first = max(0, round((middle - reach) / STRIDE))
                last = max(first + 1, round((middle + reach) / STRIDE))
                frames[row, first:last] = -1 if wide else CHARS.index(char) + 1
    return Batch(pixels, tuple(strip.text for strip in strips), frames)


class LineTask:
    """Learn to read strips."""

    def __init__(
        self, stock: Stock, part: Part, *, batch: int = BATCH, bfloat16: bool = True
    ) -> None:
        self.stock, self.part, self.batch, self.bfloat16 = stock, part, batch, bfloat16
        self.weights = torch.ones(1 + len(CHARS))
        self.weights[0] = BLANK

    def batches(self, seed: int) -> Iterator[Batch]:
        """Draw strips and sort them by width into batches."""
        maker = StripMaker(self.stock, self.part, seed)
        rng = np.random.default_rng(seed)
        while True:
            strips = (maker.strip() for _ in range(BATCHES * self.batch))
            pool = sorted(strips, key=lambda strip: strip.pixels.shape[1])
            groups = [pool[i : i + self.batch] for i in range(0, len(pool), self.batch)]
            for index in rng.permutation(len(groups)):
                yield collate(groups[index])

    def loss(self, network: nn.Module, batch: Any, step: int) -> tuple[Tensor, dict[str, float]]:
        """Cross-entropy of the frames whose character is known, and CTC of the strings."""
        strips = torch.from_numpy(batch.strips).contiguous(memory_format=torch.channels_last)
        with torch.autocast("cpu", torch.bfloat16, enabled=self.bfloat16):
            logits = network(strips)
        logits = logits.float()
        known = torch.from_numpy(batch.frames)
        frames = functional.cross_entropy(
            logits.transpose(1, 2), known, weight=self.weights, ignore_index=-1
        )
        lengths = torch.tensor([len(text) for text in batch.texts])
        letters = [CHARS.index(c) + 1 for text in batch.texts for c in text]
        spelled = functional.ctc_loss(
            logits.log_softmax(2).transpose(0, 1), torch.tensor(letters, dtype=torch.long),
            torch.full((len(batch.texts),), logits.shape[1]), lengths, zero_infinity=True,
        )  # fmt: skip
        share = CTC + MORE_CTC * min(1.0, (step + 1) / CTC_STEPS)
        return frames + share * spelled, {"frames": frames.item(), "ctc": spelled.item()}


def export_line(network: nn.Module, info: ModelInfo) -> bytes:
    """Return the model file: ``x``, normalised strips of any number and width, to ``frames``."""
    dim = torch.export.Dim
    axes = {0: dim("n"), 3: 4 * dim("quarters", min=2)}
    return export_plain(network, torch.zeros(2, 1, STRIP, 128), axes, ["frames"], info)
