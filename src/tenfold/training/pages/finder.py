"""The finder: which ink on a page is a digit, by hand or in print, and where each digit lies.

One fully convolutional network with a way down to a sixteenth of the picture and back up. At half
the picture's size it says of each pixel which kind of ink it is; at a quarter, where digits have
their middles, how large they are and which they may be (heat maps as in CenterNet, Zhou et al.
2019). It learns from composed pages, whose every pixel is known.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from tenfold.modelinfo import ModelInfo
from tenfold.signature import DIGIT_KINDS, FINE, KINDS, PLACE, PLACES, planes
from tenfold.synthesis.pages.hands import Part, Stock
from tenfold.synthesis.pages.pages import Page, PageMaker
from tenfold.training.export import export_plain
from tenfold.training.pages.blocks import Residual, unit

SMALLEST, LARGEST = 8.0, 150.0  # pixels: heights of digits that are taught
CORE = 0.7  # of the heat: places that learn a size
BATCH = 24
NEAR, LEAST = 0.16, 0.7  # a bump's spread: a share of the digit's side, and at least so many places
# How much each kind's masks weigh: few pages show what is struck out, or print in sentences.
WEIGHTS = (1.0, 1.5, 1.5, 1.0, 4.0)
RARE = 20  # cells: kinds that a batch hardly shows say little in the dice
# How much a digit's kind weighs where it has its middle, in the order of `DIGIT_KINDS`.
KIND_WEIGHTS = (1.0, 1.5, 1.5, 4.0)


class FinderNetwork(nn.Module):
    """Takes planes ``(n, 2, h, w)``, h and w multiples of 16.

    Returns logits of ink kinds ``(n, 5, h / 2, w / 2)`` and of places ``(n, 19, h / 4, w / 4)``:
    heat, offset x and y in places, log width and height in pixels, ten digits, four kinds.
    """

    def __init__(self, widths: tuple[int, int, int, int] = (16, 32, 64, 96)) -> None:
        super().__init__()
        a, b, c, d = widths
        self.down2 = unit(2, a, 2, 5)
        self.down4 = nn.Sequential(unit(a, b, 2), Residual(b))
        self.down8 = nn.Sequential(unit(b, c, 2), Residual(c))
        self.down16 = nn.Sequential(unit(c, d, 2), Residual(d), Residual(d, 2), Residual(d, 4))
        self.up16, self.mix8 = nn.Conv2d(d, c, 1), unit(c, c)
        self.up8, self.mix4 = nn.Conv2d(c, b, 1), unit(b, b)
        self.up4, self.mix2 = nn.Conv2d(b, a, 1), unit(a, a + 8)
        self.kinds = nn.Conv2d(a + 8, KINDS, 1)
        self.places = nn.Sequential(unit(b, 48), nn.Conv2d(48, PLACES, 1))
        nn.init.constant_(self.kinds.bias, -3.0)  # type: ignore[arg-type]
        nn.init.constant_(self.places[1].bias[:1], -4.6)  # type: ignore[index]

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return kinds and places."""
        at2 = self.down2(x)
        at4 = self.down4(at2)
        at8 = self.down8(at4)
        at16 = self.down16(at8)
        at8 = self.mix8(at8 + _double(self.up16(at16)))
        at4 = self.mix4(at4 + _double(self.up8(at8)))
        at2 = self.mix2(at2 + _double(self.up4(at4)))
        return self.kinds(at2), self.places(at4)


def _double(x: Tensor) -> Tensor:
    return functional.interpolate(x, scale_factor=2.0, mode="nearest")


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Planes and what they should give."""

    planes: NDArray[np.float32]  # (n, 2, h, w)
    kinds: NDArray[np.uint8]  # (n, kinds, h / 2, w / 2), 0 to 255
    heat: NDArray[np.float32]  # (n, h / 4, w / 4); −1 where nothing is taught
    # (m, 9): page, row, column, offset x, y, log width, height, digit, its place in DIGIT_KINDS
    boxes: NDArray[np.float32]


def targets(page: Page) -> tuple[NDArray[np.uint8], NDArray[np.float32], list[list[float]]]:
    """Return masks at half size, heat and boxes for one page."""
    height, width = page.pixels.shape
    half = (width // FINE, height // FINE)
    fine = np.stack([cv2.resize(mask, half, interpolation=cv2.INTER_AREA) for mask in page.masks])
    rows, columns = height // PLACE, width // PLACE
    heat = np.zeros((rows, columns), np.float32)
    boxes: list[list[float]] = []
    for mark in page.placed:
        if not mark.char.isdigit():
            continue
        left, top, right, bottom = (v / PLACE for v in mark.box)
        mx, my = (left + right) / 2 - 0.5, (top + bottom) / 2 - 0.5
        if not (-0.5 <= mx < columns - 0.5 and -0.5 <= my < rows - 0.5):
            continue
        if not SMALLEST <= (bottom - top) * PLACE <= LARGEST:
            area = np.s_[max(0, int(top)) : int(bottom) + 1, max(0, int(left)) : int(right) + 1]
            heat[area] = np.where(heat[area] > 0, heat[area], -1)
            continue
        size = [np.log(max(2.0, (right - left) * PLACE)), np.log((bottom - top) * PLACE)]
        for row, column in _warm(heat, mx, my, right - left, bottom - top):
            kind = DIGIT_KINDS.index(mark.kind)
            boxes.append([0, row, column, mx - column, my - row, *size, int(mark.char), kind])
    return fine.astype(np.uint8), heat, boxes


def _warm(
    heat: NDArray[np.float32], mx: float, my: float, width: float, height: float
) -> set[tuple[int, int]]:
    """Raise a bump of heat around a digit's middle; return the places that learn its size."""
    sx, sy = max(LEAST, NEAR * width), max(LEAST, NEAR * height)
    row, column = round(my), round(mx)
    up, aside = int(3 * sy) + 1, int(3 * sx) + 1
    r0, c0 = max(0, row - up), max(0, column - aside)
    y, x = np.ogrid[r0 : min(len(heat), row + up + 1), c0 : min(heat.shape[1], column + aside + 1)]
    bump = np.exp(-((x - mx) ** 2 / (2 * sx * sx) + (y - my) ** 2 / (2 * sy * sy)))
    near = heat[r0 : r0 + len(y), c0 : c0 + x.shape[1]]
    np.maximum(near, bump, out=near)
    heat[row, column] = 1
    return {(row, column), *((a + r0, b + c0) for a, b in np.argwhere(bump > CORE).tolist())}


def collate(pages: list[Page]) -> Batch:
    """Stack pages of one size."""
    parts = [targets(page) for page in pages]
    boxes = [[number, *box[1:]] for number, part in enumerate(parts) for box in part[2]]
    return Batch(
        np.stack([planes(page.pixels) for page in pages]),
        np.stack([part[0] for part in parts]),
        np.stack([part[1] for part in parts]),
        np.array(boxes, np.float32).reshape(-1, 9),
    )


class FinderTask:
    """Learn to find digits on pages."""

    def __init__(
        self, stock: Stock, part: Part, *, batch: int = BATCH, bfloat16: bool = True
    ) -> None:
        self.stock, self.part, self.batch, self.bfloat16 = stock, part, batch, bfloat16

    def batches(self, seed: int) -> Iterator[Batch]:
        """Compose pages."""
        maker = PageMaker(self.stock, self.part, seed)
        while True:
            yield collate([maker.page() for _ in range(self.batch)])

    def loss(self, network: nn.Module, batch: Any, step: int) -> tuple[Tensor, dict[str, float]]:  # noqa: ARG002
        """Binary cross-entropy and dice of the masks, focal loss of the heat, sizes, digits."""
        x = torch.from_numpy(batch.planes).contiguous(memory_format=torch.channels_last)
        with torch.autocast("cpu", torch.bfloat16, enabled=self.bfloat16):
            kinds, places = network(x)
        kinds, places = kinds.float(), places.float()
        truth = torch.from_numpy(batch.kinds).float() / 255
        weights = torch.tensor(WEIGHTS)
        entropy = functional.binary_cross_entropy_with_logits(
            kinds, truth, weight=weights[:, None, None]
        )
        dice = _dice(kinds.sigmoid(), truth)
        heat = _focal(places[:, 0], torch.from_numpy(batch.heat))
        size, named, kind = _at_places(places, torch.from_numpy(batch.boxes))
        loss = (
            4 * entropy
            + (dice * weights).sum() / weights.sum()
            + 0.5 * heat
            + size
            + 0.3 * named
            + kind
        )
        return loss, {
            "ink": entropy.item(), "dice": dice.mean().item(),
            "kind": kind.item(), "heat": heat.item(), "size": size.item(), "named": named.item(),
        }  # fmt: skip


def _dice(found: Tensor, truth: Tensor) -> Tensor:
    """Return what each kind's masks lack in overlap, 0 to 1."""
    overlap = (found * truth).sum((0, 2, 3))
    both = found.pow(2).sum((0, 2, 3)) + truth.pow(2).sum((0, 2, 3))
    return 1 - (2 * overlap + RARE) / (both + RARE)


def _at_places(places: Tensor, at: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return the losses of sizes, of digits and of their kinds where there are some."""
    if not len(at):
        return places.sum() * 0, places.sum() * 0, places.sum() * 0
    page, row, column = (at[:, k].long() for k in range(3))
    here = places[page, :, row, column]
    size = functional.smooth_l1_loss(here[:, 1:5], at[:, 3:7], beta=0.2)
    named = functional.cross_entropy(here[:, 5:15], at[:, 7].long())
    weights = torch.tensor(KIND_WEIGHTS)
    kinds = functional.cross_entropy(here[:, 15:], at[:, 8].long(), weight=weights)
    return size, named, kinds


def _focal(logits: Tensor, heat: Tensor) -> Tensor:
    """Penalty-reduced focal loss of CenterNet; heat −1 is not taught."""
    p = logits.sigmoid().clamp(1e-5, 1 - 1e-5)
    middle = heat >= 0.999
    taught = (heat >= 0).float()
    right = -(p.log() * (1 - p) ** 2)[middle].sum()
    wrong = -((1 - p).log() * p**2 * (1 - heat.clamp(min=0)) ** 4 * taught)[~middle].sum()
    return (right + wrong) / middle.sum().clamp(min=len(heat))


def export_finder(network: nn.Module, info: ModelInfo) -> bytes:
    """Return the model file: ``x``, planes of a page of any size, to ``kinds`` and ``places``.

    Weighing rare kinds more makes the network think them more frequent than they are; that is taken
    back here (Menon et al. 2021).
    """
    network = copy.deepcopy(network)
    weights = network.state_dict()["places.1.bias"]
    weights[-len(DIGIT_KINDS) :] -= torch.tensor(KIND_WEIGHTS).log()
    dim = torch.export.Dim
    axes = {2: 16 * dim("rows", min=1), 3: 16 * dim("columns", min=1)}
    return export_plain(network, torch.zeros(1, 2, 96, 128), axes, ["kinds", "places"], info)
