"""Train the network that reads digits that touch.

    python -m tenfold.training.touching runs/touching

composes lines of MNIST's digits, lets the reader cut strips out of them, and teaches a small
convolutional network to spell these from left to right. Nobody tells it where a digit ends: the
loss sums over every way of spelling (connectionist temporal classification, Graves et al. 2006).
About half an hour on two cores; `tenfold.reader.touching` uses the file that it writes.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from rich.progress import track
from torch import Tensor, nn
from torch.nn import functional

from tenfold.data.registry import load_splits
from tenfold.data.splits import stratified_split
from tenfold.files import make_folder, write_whole
from tenfold.modelinfo import ModelInfo
from tenfold.reader.touching import NOTHING, STRIDE, collapse
from tenfold.training.export import export_strips
from tenfold.training.networks import count_parameters
from tenfold.training.runfolder import versions
from tenfold.training.synthesis.strips import Strip, StripMaker

LINES, VALIDATION_LINES, VALIDATION = 44_000, 800, 6000  # the last: MNIST's pictures held out
EPOCHS, BATCH, RATE, DECAY, EMA = 12, 128, 3e-3, 0.02, 0.998
SYMBOLS = NOTHING + 1


class Spelling(nn.Module):
    """Convolutions over a strip; one frame every two columns.

    Takes float strips in [0, 1], ``(n, 1, 28, width)``; returns logits ``(n, frames, 11)``.
    """

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            *_unit(1, 24, 5, stride=2),  # 14 rows
            *_unit(24, 40, 3),
            *_unit(40, 40, 3),
            nn.MaxPool2d((2, 1)),  # 7 rows
            *_unit(40, 48, 3),
            *_unit(48, 48, 3),
            nn.MaxPool2d((2, 1)),  # 3 rows
            *_unit(48, 80, (3, 5), padding=(0, 2)),  # 1 row
            nn.Dropout(0.2),
            nn.Conv2d(80, SYMBOLS, (1, 3), padding=(0, 1)),
        )

    def forward(self, strips: Tensor) -> Tensor:
        """Return logits of every frame."""
        logits: Tensor = self.layers(strips)
        return logits[:, :, 0].transpose(1, 2)


def _unit(
    width: int,
    out: int,
    kernel: int | tuple[int, int],
    stride: int = 1,
    padding: int | tuple[int, int] | None = None,
) -> list[nn.Module]:
    if padding is None:
        padding = kernel // 2 if isinstance(kernel, int) else 0
    convolution = nn.Conv2d(width, out, kernel, stride, padding, bias=False)
    return [convolution, nn.BatchNorm2d(out), nn.ReLU()]


def stack(strips: Sequence[Strip]) -> Tensor:
    """Lay strips into one float tensor in [0, 1], ``(n, 1, 28, widest)``, paper on the right."""
    widest = max(strip.pixels.shape[1] for strip in strips)
    widest += -widest % STRIDE
    sheet = np.zeros((len(strips), 1, 28, widest), np.float32)
    for row, strip in zip(sheet, strips, strict=True):
        row[0, :, : strip.pixels.shape[1]] = strip.pixels
    return torch.from_numpy(sheet) / 255


def vary(strips: Tensor) -> Tensor:
    """Stretch, slant, shift and turn strips a little, and change their pens."""
    room = strips.shape[3] // (4 * STRIDE) * STRIDE  # to the right, for the stretched ones
    strips = functional.pad(strips, (0, room))
    n, _, height, width = strips.shape
    dice = torch.rand(n, 6) * 2 - 1
    matrix = torch.zeros(n, 2, 3)
    matrix[:, 0, 0] = torch.exp(0.22 * dice[:, 0])
    matrix[:, 0, 1] = 0.35 * dice[:, 1] * height / width
    matrix[:, 1, 1] = 1 + 0.08 * dice[:, 2]
    matrix[:, 1, 2] = 0.06 * dice[:, 3]
    matrix[:, 1, 0] = 0.015 * dice[:, 4] * width / height
    matrix[:, 0, 2] = matrix[:, 0, 0] - 1  # the left end stays where it is
    grid = functional.affine_grid(matrix, list(strips.shape), align_corners=False)
    strips = functional.grid_sample(strips, grid, align_corners=False)
    amount = (dice[:, 5] * (torch.rand(n) < 0.5)).view(n, 1, 1, 1)
    thicker = functional.max_pool2d(strips, 3, 1, 1) - strips
    thinner = strips + functional.max_pool2d(-strips, 3, 1, 1)
    return strips + 0.7 * amount.clamp(min=0) * thicker + 0.45 * amount.clamp(max=0) * thinner


def train(strips: Sequence[Strip], validation: Sequence[Strip], seed: int) -> nn.Module:
    """Train on strips, report on others, and return the network with averaged weights."""
    torch.manual_seed(seed)
    network = Spelling()
    by_width = sorted(strips, key=lambda strip: strip.pixels.shape[1])
    batches = [by_width[i : i + BATCH] for i in range(0, len(by_width), BATCH)]
    optimizer = torch.optim.AdamW(network.parameters(), lr=RATE, weight_decay=DECAY)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, RATE, total_steps=EPOCHS * len(batches), pct_start=0.15
    )
    ema = torch.optim.swa_utils.get_ema_multi_avg_fn(EMA)  # type: ignore[no-untyped-call]
    average = torch.optim.swa_utils.AveragedModel(
        network,
        multi_avg_fn=ema,
        use_buffers=True,
    )
    for epoch in range(EPOCHS):
        network.train()
        for batch in track(_shuffled(batches), f"epoch {epoch + 1}", len(batches)):
            optimizer.zero_grad()
            loss(network, batch).backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(network.parameters(), 5.0)
            optimizer.step()
            schedule.step()
            average.update_parameters(network)
        spelled = average.module.eval()
        print(f"words right: {right(spelled, validation):.2%} of {len(validation)}")  # noqa: T201
    return average.module.eval()


def _shuffled(batches: Sequence[Sequence[Strip]]) -> Iterator[Sequence[Strip]]:
    for row in torch.randperm(len(batches)).tolist():
        yield batches[row]


def loss(network: nn.Module, strips: Sequence[Strip]) -> Tensor:
    """Return the mean loss per digit of a batch."""
    with torch.autocast("cpu", torch.bfloat16):
        logits = network(vary(stack(strips)))
    spelt = torch.tensor([digit for strip in strips for digit in strip.digits])
    counts = torch.tensor([len(strip.digits) for strip in strips])
    frames = torch.full((len(strips),), logits.shape[1])
    chances = logits.float().log_softmax(2).transpose(0, 1)
    return functional.ctc_loss(chances, spelt, frames, counts, blank=NOTHING, zero_infinity=True)


@torch.inference_mode()
def right(network: nn.Module, strips: Sequence[Strip]) -> float:
    """Share of strips spelled without a fault, 0 to 1."""
    hits = 0
    for start in range(0, len(strips), BATCH):
        part = strips[start : start + BATCH]
        frames: NDArray[np.float32] = network(stack(part)).softmax(2).numpy()
        words = [tuple(int(row[i].argmax()) for i in collapse(row)) for row in frames]
        hits += sum(word == strip.digits for word, strip in zip(words, part, strict=True))
    return hits / len(strips)


def main() -> None:
    """Make the strips, train, and write the file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("folder", type=Path, help="where touching.onnx goes")
    parser.add_argument("--lines", type=int, default=LINES, help="how many lines are composed")
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args()
    make_folder(chosen.folder)
    source = load_splits("mnist").train
    learned, held_out = stratified_split(source, VALIDATION, 0)
    parts = []
    for part, lines, seed in (
        (learned, chosen.lines, chosen.seed),
        (held_out, VALIDATION_LINES, chosen.seed + 1),
    ):
        maker = StripMaker(part, seed)
        parts.append([strip for _ in track(range(lines), "lines") for strip in maker.line()])
    network = train(parts[0], parts[1], chosen.seed)
    info = ModelInfo(
        classes=source.classes,
        size=28,
        data=source.name,
        data_count=len(parts[0]),
        data_fingerprint=source.fingerprint(),
        recipe="",
        seed=chosen.seed,
        results={"validation_words": right(network, parts[1])},
        versions=versions(),
        parameters=count_parameters(network),
    )
    path = write_whole(chosen.folder / "touching.onnx", export_strips(network, info))
    print(f"{path}: {path.stat().st_size:,} bytes")  # noqa: T201


if __name__ == "__main__":
    main()
