"""Pages: a scene on paper, maybe on a desk, photographed, with the truth of every pixel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from tenfold.signature import KINDS
from tenfold.synthesis.pages import scenes, textures
from tenfold.synthesis.pages.camera import edge, grain, lay, photograph, unfocused
from tenfold.synthesis.pages.canvas import Placed
from tenfold.synthesis.pages.hands import Part, Stock
from tenfold.synthesis.pages.paper import paper
from tenfold.synthesis.pages.strokes import Floats, Pixels

Matrix = NDArray[np.float64]

SIDE = 256  # of a page that is learned from
TAKES, AHEAD = 3, 48  # photographs of one scene, and how many wait to be taken
NOTHING, DESKS = 0.03, 0.1  # shares of pages without any writing, and of sheets on desks


@dataclass(frozen=True, slots=True, eq=False)
class Page:
    """A picture with its ground truth.

    Parameters
    ----------
    pixels : uint8 array, shape (h, w)
    masks : uint8 array, shape (kinds, h, w)
        Ink of each kind in `canvas`, 0 to 255.
    placed : tuple of Placed
        Every digit and sign, its box upright in the picture.
    scene : str
        What was drawn.
    """

    pixels: Pixels
    masks: Pixels
    placed: tuple[Placed, ...]
    scene: str


class PageMaker:
    """Composes pages; the same seed gives the same pages.

    Parameters
    ----------
    stock : Stock
    part : {"train", "validation"}
    seed : int
    """

    def __init__(self, stock: Stock, part: Part, seed: int) -> None:
        self.stock, self.part = stock, part
        self.rng = np.random.default_rng((seed, 2, ("train", "validation", "test").index(part)))
        self._scenes: list[tuple[scenes.Scene, str]] = []

    def page(self) -> Page:
        """Compose one page, 256×256; a drawn scene is photographed `TAKES` times, not in a row."""
        rng = self.rng
        if rng.random() < NOTHING:
            return self._nothing(SIDE, SIDE)
        while len(self._scenes) < AHEAD:
            scene = scenes.Scene(rng, self.stock, self.part, SIDE, SIDE)
            name = scenes.draw(scene)
            self._scenes += [(scene, name)] * TAKES
        scene, name = self._scenes.pop(int(rng.integers(len(self._scenes))))
        return self.take(scene, name)

    def take(self, scene: scenes.Scene, name: str) -> Page:
        """Photograph a scene: on paper of its own, turned a little, or lying on a desk."""
        rng, canvas = self.rng, scene.canvas
        if rng.random() < DESKS and name != "cell":
            return self._on_desk(scene, name)
        ink, masks, placed = canvas.ink, canvas.masks, list(canvas.placed)
        if rng.random() < 0.35 and name != "cell" and not scene.windows:
            ink, masks, placed = turn(ink, masks, placed, float(rng.normal(0, 6)))
        light = self._light(scene, ink)
        if name == "cell" or rng.random() < 0.05:
            self._edges(light)
        heights = [p.box[3] - p.box[1] for p in placed if p.char.isdigit()]
        light = unfocused(rng, light, float(np.median(heights)) if heights else 0.0)
        picture = photograph(rng, light, strength=0.9)
        tallest = max(heights, default=0.0)
        if rng.random() < (0.25 if name in ("single", "plot") and tallest > 60 else 0.02):
            picture = self._blocky(picture, tallest)
        return Page(picture, masks, tuple(placed), name)

    def _light(self, scene: scenes.Scene, ink: Pixels) -> Floats:
        rng = self.rng
        height, width = ink.shape
        if scene.windows:
            return self._windows(scene, ink)
        sheet = paper(rng, height, width)
        if rng.random() < 0.06:
            sheet = (
                textures.texture(rng, height, width) * 0.35 + 140
            )  # writing on cloth, wood, skin
        return lay(rng, ink, sheet)

    def _windows(self, scene: scenes.Scene, ink: Pixels) -> Floats:
        """Light digits in dark windows, or dark ones in light windows."""
        rng = self.rng
        height, width = ink.shape
        if rng.random() < 0.4:
            light = textures.texture(rng, height, width)
        else:
            light = np.full((height, width), rng.uniform(60, 230), np.float32)
            light += 4 * grain(rng, height, width)
        dark = rng.random() < 0.7
        pane = rng.uniform(0, 70) if dark else rng.uniform(170, 250)
        inside = np.zeros((height, width), bool)
        for left, top, right, bottom in scene.windows:
            box = np.s_[
                max(0, int(top)) : max(0, int(bottom)), max(0, int(left)) : max(0, int(right))
            ]
            light[box] = pane
            inside[box] = True
        level = rng.uniform(160, 255) if dark else rng.uniform(0, 90)
        other = rng.uniform(0, 90) if float(light[0].mean()) > 120 else rng.uniform(170, 255)
        cover = ink.astype(np.float32) * np.float32(1 / 255)
        tone = np.where(inside, np.float32(level), np.float32(other))
        return np.asarray(light * (1 - cover) + tone * cover, np.float32)

    def _nothing(self, height: int, width: int) -> Page:
        """Photograph the world without any digit."""
        light = textures.texture(self.rng, height, width)
        picture = photograph(self.rng, light, strength=0.9)
        return Page(picture, np.zeros((KINDS, height, width), np.uint8), (), "nothing")

    def _on_desk(self, scene: scenes.Scene, name: str) -> Page:
        """Lay the sheet, or a dark canvas, on something else, at any tilt."""
        rng = self.rng
        canvas = scene.canvas
        height, width = canvas.ink.shape
        light = self._light(scene, canvas.ink)
        if rng.random() < 0.25:  # a blackboard, a drawing program's canvas
            light = 255 - light
        desk = textures.texture(rng, height, width)
        if rng.random() < 0.3:
            desk = np.full((height, width), rng.uniform(0, 255), np.float32)
        zoom = rng.uniform(0.55, 1.05)
        matrix = turning(height, width, float(rng.normal(0, 7)), zoom)
        matrix[:, 2] += rng.normal(0, 0.12, 2) * (width, height)
        sheet = np.full((height, width), 255, np.uint8)
        seen = warped(sheet, matrix).astype(np.float32) / 255
        how, border = cv2.INTER_AREA, cv2.BORDER_REPLICATE
        moved = cv2.warpAffine(light, matrix, (width, height), flags=how, borderMode=border)
        if rng.random() < 0.5:  # its shadow on the desk
            shift = (int(rng.integers(-6, 7)), int(rng.integers(-6, 7)))
            shade = cv2.GaussianBlur(np.roll(seen, shift, (0, 1)), (0, 0), rng.uniform(1, 6))
            desk = desk * (1 - 0.5 * shade)
        scene_light = desk * (1 - seen) + moved * seen
        masks = np.stack([warped(mask, matrix) for mask in canvas.masks])
        placed = _moved(canvas.placed, height, width, matrix)
        picture = photograph(rng, np.asarray(scene_light, np.float32), strength=0.7)
        return Page(picture, masks, tuple(placed), f"{name} on a desk")

    def _edges(self, light: Floats) -> None:
        """Lay dark strips along the edges, as cutting and scanning leave them."""
        rng = self.rng
        for side in range(4):
            if rng.random() < 0.45:
                thick = int(rng.integers(1, max(2, len(light) // 14)))
                part = edge(light, side, thick)
                part[:] = part * 0.3 + 0.7 * rng.uniform(0, 140)

    def _blocky(self, picture: Pixels, tallest: float) -> Pixels:
        """Enlarge from a few pixels: what saving a plot of an 8×8 digit gives."""
        height, width = picture.shape
        factor = max(2.0, tallest / self.rng.uniform(7, 24))
        size = (max(8, int(width / factor)), max(8, int(height / factor)))
        small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
        large = cv2.resize(small, (width, height), interpolation=cv2.INTER_NEAREST)
        return np.asarray(large, np.uint8)


def turning(height: int, width: int, degrees: float, zoom: float = 1.0) -> Matrix:
    """Return the affine map that turns a picture around its middle, float ``(2, 3)``."""
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, zoom)
    return np.asarray(matrix, np.float64)


def warped(picture: Pixels, matrix: Matrix) -> Pixels:
    """Move a picture by an affine map."""
    height, width = picture.shape
    return np.asarray(
        cv2.warpAffine(picture, matrix, (width, height), flags=cv2.INTER_LINEAR), np.uint8
    )


def turn(
    ink: Pixels, masks: Pixels, placed: list[Placed], degrees: float
) -> tuple[Pixels, Pixels, list[Placed]]:
    """Turn a canvas around its middle."""
    height, width = ink.shape
    matrix = turning(height, width, degrees)
    layers = np.stack([warped(mask, matrix) for mask in masks])
    return warped(ink, matrix), layers, _moved(placed, height, width, matrix)


def _moved(placed: Sequence[Placed], height: int, width: int, matrix: Matrix) -> list[Placed]:
    """Boxes after an affine map, those that left the picture gone; tilt is small, so boxes stay."""
    out = []
    zoom = float(np.sqrt(abs(np.linalg.det(matrix[:, :2]))))
    for mark in placed:
        left, top, right, bottom = mark.box
        middle = matrix[:, :2] @ np.array([(left + right) / 2, (top + bottom) / 2]) + matrix[:, 2]
        half_w, half_h = (right - left) / 2 * zoom, (bottom - top) / 2 * zoom
        if 0 < middle[0] < width and 0 < middle[1] < height:
            box = (middle[0] - half_w, middle[1] - half_h, middle[0] + half_w, middle[1] + half_h)
            out.append(Placed(mark.char, mark.kind, box))
    return out
