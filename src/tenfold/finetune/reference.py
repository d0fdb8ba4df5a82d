"""What the reader could do before, composed on this machine: to replay, and to be held to.

Pictures that are replayed come from MNIST's training images, those of the reference set from the
6,000 of them that the bundled networks did not learn from either. They are composed once and kept
in the user's cache; MNIST's test images are not touched.
"""

from __future__ import annotations

import hashlib
import io
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from tenfold.data.dataset import Dataset
from tenfold.data.mnist import cache_folder, load_mnist
from tenfold.data.splits import stratified_split
from tenfold.errors import OldFormatWarning, TenfoldError, UsageError
from tenfold.files import make_folder, write_whole
from tenfold.modelinfo import ModelInfo
from tenfold.synthesis.glyphs.training_set import synthesise
from tenfold.synthesis.pages import hands
from tenfold.synthesis.pages.hands import Part, Stock
from tenfold.synthesis.pages.strips import Strip, StripMaker
from tenfold.training.recipe import parse_recipe
from tenfold.training.validation import VALIDATION_SEED, hold_out_validation

VERSION = 2  # of how sets are composed: another one is composed anew
# Shares, as the bundled classifier learned from.
ORIGINAL, NON_DIGITS, COMPOSED = 0.26, 0.18, 0.2
SOURCE = 12_000  # MNIST pictures that replay starts from
Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Sizes:
    """How many pictures are composed.

    Parameters
    ----------
    replay : int
        To learn from again.
    choose : int
        To choose by how far to go.
    judge : int
        To judge the result by: the reference set.
    """

    replay: int = 6144
    choose: int = 10_240
    judge: int = 20_000

    @classmethod
    def of(cls, judge: int) -> Sizes:
        """Return sizes for a reference set of so many pictures, the others in proportion.

        Examples
        --------
        >>> Sizes.of(20_000) == Sizes()
        True
        """
        usual = cls()
        share = min(1.0, max(0.1, judge / usual.judge))
        return cls(round(usual.replay * share), round(usual.choose * share), judge)

    def for_lines(self) -> Sizes:
        """Return how many strips: each holds some seven characters."""
        return Sizes(self.replay // 6, self.choose // 20, self.judge // 5)


@dataclass(frozen=True, slots=True)
class Glyphs:
    """Composed pictures of single digits and of none; see `Sizes`."""

    replay: Dataset
    choose: Dataset
    judge: Dataset


@dataclass(frozen=True, slots=True)
class Strips:
    """Composed strips; see `Sizes`."""

    replay: list[Strip]
    choose: list[Strip]
    judge: list[Strip]


def glyphs(info: ModelInfo, sizes: Sizes, data_dir: Path | None, tell: Tell) -> Glyphs:
    """Compose pictures of single digits, or take them from the cache.

    Parameters
    ----------
    info : ModelInfo
        Of the network; what its recipe held out of MNIST is what the reference set shows.
    sizes : Sizes
    data_dir : Path or None
        Where MNIST is looked for first.
    tell : callable
        Told what is composed.
    """
    train = load_mnist(data_dir).train
    learned, held = _parts(train, info)
    source = learned.take(np.random.default_rng(0).permutation(len(learned))[:SOURCE])

    def made(data: Dataset, count: int, seed: int) -> Dataset:
        name = f"glyphs-{_key(data.fingerprint(), count, seed)}.npz"
        arrays = _kept(name)
        if arrays is None:
            tell(f"composing {count:,} pictures")
            found = synthesise(data, count, ORIGINAL, NON_DIGITS, seed, COMPOSED)
            arrays = {"images": found.images, "labels": found.targets}
            _keep(name, arrays)
        classes = (*data.classes, "none")
        return replace(
            data,
            images=arrays["images"].astype(np.uint8),
            labels=arrays["labels"].astype(np.uint8),
            classes=classes,
        )

    return Glyphs(
        made(source, sizes.replay, 1), made(held, sizes.choose, 2), made(held, sizes.judge, 3)
    )


def _parts(train: Dataset, info: ModelInfo) -> tuple[Dataset, Dataset]:
    """Return what a network learned from and what its recipe held out of MNIST."""
    if info.data_fingerprint == train.fingerprint():
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", OldFormatWarning)  # of nothing that is to be mended
                recipe = parse_recipe(info.recipe, "the recipe")
            learned, held = hold_out_validation(train, recipe)
        except UsageError:
            held = None
        if held is not None:
            return learned, held
    return stratified_split(train, hands.HELD_OUT, VALIDATION_SEED)


def strips(sizes: Sizes, data_dir: Path | None, tell: Tell) -> tuple[Strips, Stock]:
    """Compose strips, or take them from the cache; also return digits for validation pages."""
    train = load_mnist(data_dir).train
    digest = train.fingerprint()
    held = Stock.of(train.images, train.targets, "validation")

    def made(part: Part, count: int, seed: int) -> list[Strip]:
        name = f"strips-{_key(digest + part, count, seed)}.npz"
        arrays = _kept(name)
        if arrays is None:
            tell(f"composing {count:,} strips")
            own = held if part == "validation" else Stock.of(train.images, train.targets, part)
            maker = StripMaker(own, part, seed)
            arrays = _packed([maker.strip() for _ in range(count)])
            _keep(name, arrays)
        return _unpacked(arrays)

    return Strips(
        made("train", sizes.replay, 11), made("validation", sizes.choose, 12),
        made("validation", sizes.judge, 13),
    ), held  # fmt: skip


Arrays = dict[str, np.ndarray[tuple[int, ...], np.dtype[np.generic]]]


def _packed(made: list[Strip]) -> Arrays:
    return {
        "pixels": np.concatenate([strip.pixels for strip in made], axis=1),
        "widths": np.array([strip.pixels.shape[1] for strip in made]),
        "texts": np.array([strip.text for strip in made]),
        "middles": np.array([m for strip in made for m in strip.middles], np.float64),
        "halves": np.array([h for strip in made for h in strip.halves], np.float64),
    }


def _unpacked(arrays: Arrays) -> list[Strip]:
    found, column, at = [], 0, 0
    for width, text in zip(arrays["widths"].tolist(), arrays["texts"].tolist(), strict=True):
        pixels = np.ascontiguousarray(arrays["pixels"][:, column : column + width], np.uint8)
        own = slice(at, at + len(text))
        places = (tuple(arrays[name][own].tolist()) for name in ("middles", "halves"))
        found.append(Strip(pixels, text, *places))
        column, at = column + width, at + len(text)
    return found


def _key(digest: str, count: int, seed: int) -> str:
    return hashlib.sha256(f"{VERSION} {digest} {count} {seed}".encode()).hexdigest()[:16]


def _folder() -> Path:
    return cache_folder().with_name("reference")


def _kept(name: str) -> Arrays | None:
    """Return what the cache holds; None where it is not there or damaged."""
    try:
        with np.load(_folder() / name, allow_pickle=False) as file:
            return {key: file[key] for key in file.files}
    except Exception:  # whatever a torn file raises, it is composed anew
        return None


def _keep(name: str, arrays: Arrays) -> None:
    """Keep a set for the next time; where that cannot be, it is composed again then."""
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)  # type: ignore[arg-type]
    try:
        write_whole(make_folder(_folder()) / name, buffer.getvalue())
    except (TenfoldError, OSError):
        return
