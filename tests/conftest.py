"""What tests of several modules share: a few digits, and one run trained on them."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

if TYPE_CHECKING:
    from tests.stacks import Stack

    from tenfold.data.dataset import Split
    from tenfold.data.splits import Splits
    from tenfold.model import Model
    from tenfold.synthesis.pages.hands import Part, Stock
    from tenfold.training.result import Run

# Keras chooses its backend when it is imported; small tensors run fastest on one thread.
os.environ.setdefault("KERAS_BACKEND", "torch")
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENCV_FOR_THREADS_NUM", "1")  # of two processes that test, each has a core

Settings = dict[str, Any]


def pytest_make_parametrize_id(val: object) -> str | None:
    """Name parameters the same in every process that tests: no addresses, nothing drawn by lot."""
    if isinstance(val, str) and "boundary=" in val:
        return val.partition(";")[0]
    return type(val).__name__ if " at 0x" in repr(val) else None


@pytest.fixture(scope="session")
def few() -> Splits:
    """The first 300 of scikit-learn's digits to learn from, and 60 to measure on."""
    from tenfold.data.registry import load_splits
    from tenfold.data.splits import Splits

    digits = load_splits("digits")
    train, test = digits.train.take(np.arange(300)), digits.test.take(np.arange(60))
    return Splits(train, test, own_test=True)


@pytest.fixture(scope="session")
def quick() -> Settings:
    """Changes to a recipe that make a run take a fraction of a second."""
    return {
        "epochs": 6,
        "batch": 32,
        "validation": 0.05,
        "precision": "float32",
        "threads": 1,
        "network.name": "convnet",
        "network.channels": [4, 8],
        "network.depth": 1,
        "optimizer.name": "adamw",
        "optimizer.learning_rate": 0.01,
    }


@pytest.fixture(scope="session")
def run(few: Splits, quick: Settings, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A finished run; its folder is shared, so tests leave it as it is."""
    from tenfold.training.run import train

    return train(few, "digits", settings=quick, out=tmp_path_factory.mktemp("runs") / "shared")


@pytest.fixture(scope="session")
def model(run: Run) -> Model:
    """The model file of that run, opened."""
    from tenfold.model import load_model

    return load_model(run.model, threads=1)


@pytest.fixture(scope="session")
def write_npz(few: Splits) -> Callable[[Path], Path]:
    """Write those digits as an NPZ with a test set, for commands that take a path."""

    def write(path: Path) -> Path:
        np.savez(
            path,
            x_train=few.train.images,
            y_train=few.train.targets,
            x_test=few.test.images,
            y_test=few.test.targets,
        )
        return path

    return write


@pytest.fixture
def fault(monkeypatch: pytest.MonkeyPatch) -> None:
    """A fault inside the reader, which pictures called faulty bring to light."""
    from tenfold.preprocess.image import Source, name_of
    from tenfold.reader.reader import Reader
    from tenfold.reader.trace import Trace

    inner = Reader._trace

    def trace(self: Reader, source: Source, name: str | None) -> Trace:
        if "faulty" in name_of(source, name):
            raise IndexError(f"no mark in {name_of(source, name)}")
        return inner(self, source, name)

    monkeypatch.setattr(Reader, "_trace", trace)


def _module(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def make_pdf() -> Callable[..., bytes]:
    """Make a PDF of one picture a page, each filling its page, as scanners do."""
    import io

    from fpdf import FPDF

    def make(*images: NDArray[np.uint8], dpi: float = 100, **encryption: Any) -> bytes:
        pdf = FPDF(unit="pt")
        if encryption:
            pdf.set_encryption(**encryption)
        for pixels in images:
            size = (pixels.shape[1] * 72 / dpi, pixels.shape[0] * 72 / dpi)
            jpeg = io.BytesIO()
            Image.fromarray(pixels).save(jpeg, "JPEG", quality=95)
            pdf.add_page(format=size)
            pdf.image(jpeg, 0, 0, *size)
        return bytes(pdf.output())

    return make


@pytest.fixture(scope="session")
def make_tiff() -> Callable[..., bytes]:
    """Make a TIFF of one picture a page."""
    import io

    def make(*images: NDArray[np.uint8], **how: Any) -> bytes:
        tiff = io.BytesIO()
        first, *others = map(Image.fromarray, images)
        first.save(tiff, "TIFF", save_all=True, append_images=others, **how)
        return tiff.getvalue()

    return make


@pytest.fixture(scope="session", autouse=True)
def exports_share_a_registry() -> Iterator[None]:
    """Build PyTorch's table of ONNX operators once: it takes most of the time of a small export."""
    from torch.onnx._internal.exporter._registration import ONNXRegistry

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            ONNXRegistry, "from_torchlib", staticmethod(cache(ONNXRegistry.from_torchlib))
        )
        yield


@pytest.fixture(scope="session")
def hand() -> ModuleType:
    """A hand that writes digits: the module that draws the pictures of the docs."""
    return _module(Path(__file__).parents[1] / "docs" / "pictures" / "hand.py")


@pytest.fixture(scope="session")
def stack(hand: ModuleType) -> Stack:
    """Sheets of an exam as they were read, and what stands on them."""
    from tests.stacks import Stack

    return Stack(hand)


@pytest.fixture(scope="session")
def large() -> Splits:
    """600 of scikit-learn's digits brought into MNIST's frame, and 60 more: what pages show."""
    import cv2

    from tenfold.data.dataset import Dataset
    from tenfold.data.registry import load_splits
    from tenfold.data.splits import Splits

    digits = load_splits("digits").train

    def part(first: int, last: int, split: Split) -> Dataset:
        grown = [
            np.pad(np.asarray(cv2.resize(image, (20, 20)), np.uint8), 4)
            for image in digits.images[first:last]
        ]
        return Dataset(np.stack(grown), digits.targets[first:last].astype(np.uint8), "large", split)

    return Splits(part(0, 600, "train"), part(600, 660, "test"), own_test=True)


@pytest.fixture(scope="session")
def stocks(large: Splits) -> dict[Part, Stock]:
    """Digits for composed pages of each part."""
    from tenfold.synthesis.pages.hands import Stock

    parts: tuple[Part, ...] = ("train", "validation", "test")
    images, labels = large.train.images, large.train.targets
    # Each a third of them, whole: "test" takes what it is given.
    return {
        part: Stock.of(images[200 * n : 200 * n + 200], labels[200 * n : 200 * n + 200], "test")
        for n, part in enumerate(parts)
    }


@pytest.fixture
def stock(stocks: dict[Part, Stock]) -> Stock:
    """Digits for composed training pages."""
    return stocks["train"]
