"""Things that are no digits, for the network to learn to refuse.

Half are letters and signs, by hand and as fonts print them; the rest are strokes at random,
scribbles, solids, textures, empty paper, and MNIST's digits put together, cut up or turned so that
they are digits no more.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

from tenfold.synthesis.glyphs import stains
from tenfold.synthesis.glyphs.alphabet import alphabet
from tenfold.synthesis.glyphs.distances import FRAME, DistanceFields
from tenfold.synthesis.glyphs.pens import AXIS, PAPER, frame, render
from tenfold.synthesis.glyphs.polylines import FAR, chain, curve, only
from tenfold.synthesis.glyphs.rng import BatchRng
from tenfold.synthesis.glyphs.shapes import drawn

_SHARES = {"letters": 0.5, "strokes": 0.1, "scribbles": 0.06, "solids": 0.08, "textures": 0.06}


def draw_non_digits(
    digits: DistanceFields, images: Tensor, labels: Tensor, rng: BatchRng
) -> Tensor:
    """Draw n things that are no digits, float ``(n, 28, 28)`` in [0, 1].

    ``images`` and ``labels``, uint8 ``(m, 28, 28)`` and ``(m,)``, are MNIST's digits, of which some
    are put together.
    """
    part = {name: rng.of(int(rng.n * share)) for name, share in _SHARES.items()}
    rest = rng.of(rng.n - sum(own.n for own in part.values()))
    rows = torch.randint(len(images), (2, rest.n), generator=rng.generator)
    return torch.cat(
        [
            print_fonts(
                render(drawn(digits, letters(part["letters"])), part["letters"]), part["letters"]
            ),
            render(drawn(digits, strokes(part["strokes"])), part["strokes"]),
            render(drawn(digits, scribbles(part["scribbles"])), part["scribbles"]),
            stains.solids(part["solids"]),
            stains.textures(part["textures"]),
            no_longer_digits(images[rows].float() / 255, labels[rows[0]], rest),
        ]
    )


def letters(rng: BatchRng) -> Tensor:
    """Letters and signs as strokes: half by hand, the others as fonts draw them."""
    known = alphabet()
    which = torch.multinomial(known.weight.expand(rng.n, -1), 1, generator=rng.generator).squeeze(1)
    box = torch.stack([20 * rng.uniform(0.55, 1.05), torch.full((rng.n,), 20.0)], 1)
    control = (known.control[which] - 0.5) * box[:, None, None]  # n, strokes, 4, 2
    hand = rng.sometimes(0.5, rng.uniform(0.3, 1.2), 0.0)
    shape = control.shape[1:]
    wander = rng.noise(*shape) + 0.7 * rng.noise(shape[0], 1, 2)
    control = control + hand[:, None, None, None] * wander
    present = known.present[which]
    curves = [
        only(there, curve(*points.unbind(1)))
        for points, there in zip(control.unbind(1), present.unbind(1), strict=True)
    ]
    printed = (hand == 0) & rng.chance(0.7)
    feet = serifs(control, rng)
    footed = printed[:, None] & present & known.straight[which]
    lines = torch.cat([*curves, only(footed, feet[0]), only(footed, feet[1])], 1)
    # A broad nib is the same strokes once more, a little aside.
    nib = torch.stack([rng.uniform(0.5, 2.5), rng.normal(0.5)], 1).repeat(1, 2)
    there = lines[..., 0] < FAR
    return torch.cat([lines, only(rng.chance(0.3)[:, None] & there, lines + nib[:, None])], 1)


def serifs(control: Tensor, rng: BatchRng) -> tuple[Tensor, Tensor]:
    """Short strokes across both ends of strokes ``(n, k, 4, 2)``, each ``(n, k, 4)``."""
    start, end = control[:, :, 0], control[:, :, 3]
    steep = (end - start).abs()
    flat = (steep[..., 1] > steep[..., 0] / 2).float()
    reach = rng.uniform(1, 3)[:, None]
    across = torch.stack([reach * flat, 0.8 * reach * (1 - flat)], 2)
    first, second = (torch.cat([tip - across, tip + across], 2) for tip in (start, end))
    return first, second


def strokes(rng: BatchRng) -> Tensor:
    """Two to four strokes at random, straight or bent."""
    count, drawn_strokes = 2 + rng.whole(3), []
    for number in range(4):
        start = rng.spot(-10, 10)
        short = torch.where(rng.chance(0.3), 0.5, 1.0)[:, None]
        a, b, c = (start + short * (rng.spot(-10, 10) - start) for _ in range(3))
        straight = rng.chance(0.4)
        bent = only((count > number) & ~straight, curve(start, a, b, c))
        drawn_strokes += [bent, only((count > number) & straight, chain(start, c))]
    return torch.cat(drawn_strokes, 1)


def scribbles(rng: BatchRng) -> Tensor:
    """Let a pen wander, or go to and fro."""
    corners = 16
    wander = rng.noise(corners, 2) * 7
    along = torch.linspace(-9, 9, corners) + rng.noise(corners) * 0.6
    swing = 1 - 2 * (torch.arange(corners) % 2)
    across = swing * rng.uniform(3, 10)[:, None] * (1 + 0.2 * rng.noise(corners))
    hatch = torch.stack([along, across], 2)
    hatch = torch.where(rng.chance(0.5)[:, None, None], hatch.flip(2), hatch)
    path = torch.where(rng.chance(0.5)[:, None, None], hatch, wander)
    length = 6 + rng.whole(10)
    return only(torch.arange(corners - 1) < length[:, None], chain(*path.unbind(1)))


def print_fonts(images: Tensor, rng: BatchRng) -> Tensor:
    """Print a few in outline, white on black, or as a stencil."""
    inner = -functional.max_pool2d(-images[:, None], 3, 1, 1)[:, 0]
    outer = functional.max_pool2d(images[:, None], 3, 1, 1)[:, 0]
    sheet = PAPER.abs().amax(-1) <= 10 + rng.uniform(-1.5, 1)[:, None, None]
    angle, offset = rng.uniform(0, math.pi), rng.uniform(-5, 5)
    normal = torch.stack([angle.cos(), angle.sin()], 1)
    off = (torch.einsum("hwi,ni->nhw", PAPER, normal) - offset[:, None, None]).abs()
    bridge = off > rng.uniform(0.5, 1.5)[:, None, None]
    kind = (rng.uniform(0, 1) * 12).long()[:, None, None]
    images = torch.where(kind == 0, (outer - inner).clamp(0, 1), images)
    images = torch.where(kind == 1, (1 - images) * sheet, images)
    return torch.where(kind == 2, images * bridge, images)


def no_longer_digits(images: Tensor, labels: Tensor, rng: BatchRng) -> Tensor:
    """Two digits side by side or on top of each other; pieces; digits turned or mirrored.

    ``images`` is float ``(2, n, 28, 28)``, ``labels`` ``(n,)`` says what the first ones are: only
    those are cut, turned or mirrored that do not turn into another digit.
    """
    one, two = images
    aside = torch.stack([rng.uniform(6, 12), rng.normal(1.7)], 1)
    apart = torch.where(rng.chance(0.75)[:, None], aside, rng.noise(2) * 3)
    size = torch.full((rng.n,), 0.6)
    pair = torch.maximum(
        resize(one, size, apart), resize(two, size * rng.uniform(0.85, 1.15), -apart)
    )
    angle = torch.where(rng.chance(0.5), rng.uniform(-0.4, 0.4), rng.uniform(0, 2 * math.pi))
    normal = torch.stack([angle.cos(), angle.sin()], 1)
    side = torch.einsum("hwi,ni->nhw", PAPER, normal) > rng.uniform(-1, 2)[:, None, None]
    left, right = torch.rot90(one, 1, (1, 2)), torch.rot90(one, 3, (1, 2))
    turned = torch.where(rng.chance(0.5)[:, None, None], left, right)
    kind, result = rng.uniform(0, 1), pair
    for low, high, which, changed in (
        (0.60, 0.72, (2, 3, 5), one * side),
        (0.72, 0.86, (2, 3, 4, 5, 7, 8), turned),
        (0.86, 0.94, (3, 4, 7), one.flip(2)),
        (0.94, 1.01, (3, 4, 7), torch.rot90(one, 2, (1, 2))),
    ):
        chosen = (kind >= low) & (kind < high) & torch.isin(labels, torch.tensor(which))
        result = torch.where(chosen[:, None, None], changed, result)
    scale, middle = frame(result > 0.4, AXIS)
    return resize(result, scale, middle - 0.5 / scale[:, None])


def resize(images: Tensor, scale: Tensor, middle: Tensor) -> Tensor:
    """Enlarge by ``(n,)`` around the points ``(n, 2)``, which come to the middle."""
    matrix = torch.zeros(len(images), 2, 3)
    matrix[:, 0, 0] = matrix[:, 1, 1] = 1 / scale
    matrix[:, :, 2] = middle / (FRAME / 2)
    grid = functional.affine_grid(matrix, [len(images), 1, FRAME, FRAME], align_corners=False)
    return functional.grid_sample(images[:, None], grid, align_corners=False)[:, 0]
