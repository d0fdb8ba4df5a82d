"""What a model makes of non-digits: images out of its distribution.

A classifier must answer, so the question is whether its confidence tells a digit from something
else. Noise and blank paper are drawn here, letters and symbols set in the fonts that come with
matplotlib, so that everybody measures the same.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import cv2
import matplotlib
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from tenfold.decoders import damage_told
from tenfold.errors import DataError, UsageError
from tenfold.evaluation.encode import HIDDEN
from tenfold.evaluation.metrics.out_of_distribution import auroc, false_positive_rate
from tenfold.files import only_files
from tenfold.model import Model
from tenfold.preprocess.binarize import find_ink
from tenfold.preprocess.image import SUFFIXES, open_picture
from tenfold.preprocess.normalize import FIELD, frame_glyph
from tenfold.samples.load import load_dataset

Pixels = NDArray[np.uint8]

COUNT, EXAMPLES = 1000, 8  # pictures of each kind, and how many of them are shown
# Without those that look like digits in one hand or another, such as B, g, I, l, O, q, S and Z.
LETTERS = "ACEFGHKLMNPRTUVWXYadefhkmnprtuvwxy"
SYMBOLS = "+=*#%@&<^~{}≈≠∞∑√△□★♥♪☂✈"
FONTS = (
    "DejaVuSans", "DejaVuSans-Bold", "DejaVuSans-Oblique", "DejaVuSansMono", "DejaVuSerif",
    "DejaVuSerif-Bold", "DejaVuSerif-Italic", "STIXGeneral", "STIXGeneralBolIta",
)  # fmt: skip
SYMBOL_FONTS = ("DejaVuSans", "DejaVuSans-Bold")
DRAWN = 64  # pixels of a letter's height, before framing
TURN, SLANT = 10.0, 0.25  # degrees and sideways per height, either way, so that no two are the same


@dataclass(frozen=True, slots=True)
class OutOfDistribution:
    """How well digits are told from one kind of non-digits.

    Parameters
    ----------
    kind : str
        Such as ``"letters"``.
    count : int
        How many images.
    auroc : float
        Area under the ROC curve, 0.5 (chance) to 1.
    false_positive_rate : float
        Share that passes where 95 % of the digits do, 0 to 1.
    mean_confidence : float
        Of the best answer, 0 to 1.
    examples : uint8 array, shape (k, size, size)
        A few of them, to show.
    """

    kind: str
    count: int
    auroc: float
    false_positive_rate: float
    mean_confidence: float
    examples: Pixels = field(metadata=HIDDEN)


@cache
def built_in(size: int, seed: int = 0) -> dict[str, Pixels]:
    """Draw noise, blank paper, letters and symbols, each uint8 ``(n, size, size)``.

    Examples
    --------
    >>> {kind: images.shape for kind, images in built_in(28).items()}["letters"]
    (1000, 28, 28)
    """
    generator = np.random.default_rng(seed)
    return {
        "noise": _noise(size, generator),
        "blank": _blank(size, generator),
        "letters": _set(LETTERS, FONTS, size, generator),
        "symbols": _set(SYMBOLS, SYMBOL_FONTS, size, generator),
    }


def _noise(size: int, generator: np.random.Generator) -> Pixels:
    """White noise, from coarse to fine and from sparse to dense."""
    images = []
    for _ in range(COUNT):
        grid = generator.integers(3, size, endpoint=True)
        grain = generator.random((grid, grid)) ** generator.uniform(0.5, 8)
        images.append(cv2.resize(grain, (size, size), interpolation=cv2.INTER_LINEAR))
    return np.asarray(np.rint(np.stack(images) * 255), np.uint8)


def _blank(size: int, generator: np.random.Generator) -> Pixels:
    """Paper: even, of any grey up to half, with a little grain and sometimes a fold of light."""
    level = generator.uniform(0, 127, (COUNT, 1, 1))
    level[: COUNT // 4] = 0
    grain = generator.normal(0, 1, (COUNT, size, size)) * generator.uniform(0, 8, (COUNT, 1, 1))
    slope = np.linspace(-1, 1, size) * generator.uniform(-20, 20, (COUNT, 1, 1))
    grain[: COUNT // 8], slope[: COUNT // 4] = 0, 0
    return np.asarray(np.rint((level + grain + slope).clip(0, 255)), np.uint8)


def _set(
    characters: str, fonts: tuple[str, ...], size: int, generator: np.random.Generator
) -> Pixels:
    """Set characters in fonts, slanted and turned a little, framed as MNIST's digits are."""
    folder = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    loaded = [ImageFont.truetype(folder / f"{name}.ttf", DRAWN) for name in fonts]
    images = []
    for number in range(COUNT):
        character = characters[number % len(characters)]
        font = loaded[generator.integers(len(loaded))]
        canvas = Image.new("L", (3 * DRAWN, 3 * DRAWN))
        middle = (3 * DRAWN // 2, 3 * DRAWN // 2)
        ImageDraw.Draw(canvas).text(middle, character, fill=255, font=font, anchor="mm")
        slant = generator.uniform(-SLANT, SLANT)
        turn = float(generator.uniform(-TURN, TURN))
        matrix = np.asarray(cv2.getRotationMatrix2D(middle, turn, 1.0), np.float64)
        matrix[:, 1] += slant * matrix[:, 0]
        matrix[:, 2] -= slant * matrix[:, 0] * middle[1]
        drawn = np.asarray(cv2.warpAffine(np.asarray(canvas), matrix, canvas.size), np.uint8)
        images.append(_frame(drawn))
    return resized(np.stack(images), size)


def resized(glyphs: Pixels, size: int) -> Pixels:
    """Bring framed glyphs, ``(n, 28, 28)``, to another size."""
    if size == FIELD:
        return glyphs
    return np.stack(
        [cv2.resize(glyph, (size, size), interpolation=cv2.INTER_AREA) for glyph in glyphs]
    ).astype(np.uint8)


def load_non_digits(source: Path, size: int) -> Pixels:
    """Open a person's own non-digits, uint8 ``(n, size, size)``.

    Parameters
    ----------
    source : Path
        A folder of pictures, searched with all folders in it; or an NPZ or a CSV of pictures.
    size : int
        The size the model takes.

    Raises
    ------
    UsageError
        If there is no such path.
    DataError
        If there is no picture in it or one cannot be opened.
    """
    if not source.exists():
        raise UsageError(f"{source}: no such folder or file with non-digits.")
    if not source.is_dir():
        images = load_dataset(source, "all").images
        dark = np.median(images, axis=(1, 2)) > 127  # ink is what there is less of
        images = np.where(dark[:, None, None], 255 - images, images)
        if images.shape[1] == size:
            return images
        return resized(np.stack([_frame(image) for image in images]), size)
    found = sorted(path for path in source.rglob("*") if path.suffix.lower() in SUFFIXES)
    files = only_files(found)
    if not files:
        raise DataError(f"{source}: no pictures in this folder ({', '.join(SUFFIXES[:6])} …).")
    glyphs = []
    for path in files:
        with damage_told(str(path)):
            ink = find_ink(open_picture(path).pixels)
        glyphs.append(frame_glyph(ink.level, ink.mask))
    return resized(np.stack(glyphs), size)


def _frame(image: Pixels) -> Pixels:
    return frame_glyph(image, (image > 0).astype(np.uint8))


def measure_non_digits(
    model: Model, kind: str, images: Pixels, digits: NDArray[np.floating]
) -> OutOfDistribution:
    """Measure how well a model tells non-digits from digits.

    Parameters
    ----------
    model : Model
    kind : str
        What to call them.
    images : uint8 array, shape (n, size, size)
        None of them a digit.
    digits : float array, shape (m,)
        How much the model says digits look like any digit: `Model.predict_with_digitness`.
    """
    probabilities, score = model.predict_with_digitness(images)
    return OutOfDistribution(
        kind=kind,
        count=len(images),
        auroc=auroc(digits, score),
        false_positive_rate=false_positive_rate(digits, score),
        mean_confidence=float(probabilities.max(axis=1).mean()),
        examples=images[np.linspace(0, len(images) - 1, EXAMPLES).astype(int)],
    )
