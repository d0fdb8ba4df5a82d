from __future__ import annotations

import ctypes
import os
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from tenfold.errors import UsageError
from tenfold.export.c import Footprint, c_files
from tenfold.export.framing import frame_crop
from tenfold.export.network import Network
from tenfold.export.stages import quantise, run_floats, run_whole, stages_of

from .conftest import NetworkOf

COMPILER = shutil.which("gcc") or ""
STRICT = ["-std=c99", "-Wall", "-Wextra", "-Werror", "-pedantic"]
needs_compiler = pytest.mark.skipif(not COMPILER, reason="needs gcc")
FLAGS = {"both": [], "floats": ["-DDIGITS_INT8=0"], "int8": ["-DDIGITS_FLOAT=0"]}


class Library:
    """The compiled code, called from Python."""

    def __init__(self, path: Path) -> None:
        self.code = ctypes.CDLL(str(path))

    def frame(self, crop: NDArray[np.uint8]) -> NDArray[np.uint8]:
        crop, glyph = np.ascontiguousarray(crop), np.zeros((28, 28), np.uint8)
        self.code.digits_frame(_pointer(crop), *crop.shape, _pointer(glyph))
        return glyph

    def predict(
        self, images: NDArray[np.uint8], function: str
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        chances = np.zeros((len(images), 10), np.float32)
        call = getattr(self.code, function)
        rows = zip(np.ascontiguousarray(images), chances, strict=True)
        labels = [call(_pointer(image), _pointer(row)) for image, row in rows]
        return np.array(labels), chances


def _pointer(array: NDArray[np.generic]) -> ctypes.c_void_p:
    return ctypes.c_void_p(array.ctypes.data)


def _write(folder: Path, network: Network, images: NDArray[np.uint8]) -> Footprint:
    sources, footprint = c_files(network, images)
    for name, text in sources.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)
    return footprint


@pytest.fixture(scope="module")
def written(small: Network, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Footprint]:
    folder = tmp_path_factory.mktemp("c")
    return folder, _write(folder, small, small.trial(200))


@pytest.fixture(scope="module")
def library(written: tuple[Path, Footprint]) -> Library:
    folder, _ = written
    command = [COMPILER, *STRICT, "-O2", "-fPIC", "-shared", "-o", "digits.so", "digits.c", "-lm"]
    subprocess.run(command, cwd=folder, check=True)
    return Library(folder / "digits.so")


@needs_compiler
@pytest.mark.parametrize("variant", FLAGS)
def test_it_compiles_and_finds_itself_right(variant: str, written: tuple[Path, Footprint]) -> None:
    folder, footprint = written
    command = [COMPILER, *STRICT, *FLAGS[variant], "-o", variant, "digits.c", "selftest.c", "-lm"]
    subprocess.run(command, cwd=folder, check=True)
    done = subprocess.run([folder / variant], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert "WRONG" not in done.stdout
    assert done.stdout.count("right") == (3 if variant == "both" else 2)
    memory = footprint.memory_int8 if variant == "int8" else footprint.memory
    assert f"memory   {memory} bytes" in done.stdout


@needs_compiler
def test_the_self_test_fails_on_other_weights(
    written: tuple[Path, Footprint], tmp_path: Path
) -> None:
    folder, _ = written
    for name in ("digits.h", "digits.c", "selftest.c"):
        shutil.copy(folder / name, tmp_path)
    source = (tmp_path / "digits.c").read_text()
    changed = re.sub(r"(int8_weight_1\[\] = \{\n\s+)-?\d+", r"\g<1>127", source)
    changed = changed.replace("BOX 20 ", "BOX 19 ")
    (tmp_path / "digits.c").write_text(changed)
    subprocess.run(
        [COMPILER, "-std=c99", "-o", "out", "digits.c", "selftest.c", "-lm"],
        cwd=tmp_path,
        check=True,
    )
    done = subprocess.run([tmp_path / "out"], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert re.findall(r"(\w+) +WRONG", done.stdout) == ["int8", "framing"]


@needs_compiler
def test_glyphs_are_framed_as_tenfold_frames_them(
    library: Library, crops: list[NDArray[np.uint8]]
) -> None:
    off = [np.abs(library.frame(crop).astype(int) - frame_crop(crop)).max() for crop in crops]
    assert max(off) <= 2  # equal where the compiler rounds as OpenCV's did
    assert np.mean(np.array(off) == 0) > 0.95
    for crop in (np.zeros((9, 9), np.uint8), np.full((1, 1), 255, np.uint8)):
        assert not library.frame(crop).any()


@needs_compiler
@pytest.mark.parametrize("recipe", ["fast", pytest.param("mnist", marks=pytest.mark.slow)])
def test_other_plain_networks_are_written_too(
    recipe: str, network_of: NetworkOf, tmp_path: Path
) -> None:
    network = network_of(recipe)
    _write(tmp_path, network, network.trial(20))
    command = [COMPILER, *STRICT, "-o", "out", "digits.c", "selftest.c", "-lm"]
    subprocess.run(command, cwd=tmp_path, check=True)
    subprocess.run([tmp_path / "out"], check=True, stdout=subprocess.DEVNULL)


@pytest.mark.parametrize("recipe", ["reader", "finder", "digits"])
def test_networks_of_other_kinds_are_refused(recipe: str, network_of: NetworkOf) -> None:
    with pytest.raises(UsageError, match=r"is not written in C.* recipe 'small'"):
        c_files(network_of(recipe), np.zeros((1, 28, 28), np.uint8))


def test_the_sketch_says_that_nobody_compiled_it(written: tuple[Path, Footprint]) -> None:
    folder = written[0] / "esp32"
    assert "NOT COMPILED" in (folder / "esp32.ino").read_text()
    for name in ("digits.h", "digits.c"):  # nothing is left to be put there by hand
        assert (folder / name).read_text() == (written[0] / name).read_text()


def test_stages_give_the_networks_answers(small: Network) -> None:
    stages, images = stages_of(small), small.trial(50)
    logits = run_floats(stages, images)[-1]
    chances = np.exp(logits / np.float32(small.info.temperature))
    expected = small.expected(images)[0]
    np.testing.assert_allclose(chances / chances.sum(axis=1, keepdims=True), expected, atol=1e-5)
    whole = run_whole(stages, quantise(stages, images), images)
    assert np.corrcoef(whole.ravel(), logits.ravel())[0, 1] > 0.999


@needs_compiler
@pytest.mark.skipif("TENFOLD_DATA" not in os.environ, reason="needs MNIST: set TENFOLD_DATA")
@pytest.mark.parametrize("every", [pytest.param(1, marks=pytest.mark.slow), 10])
def test_mnist_is_read_the_same(small: Network, tmp_path: Path, every: int) -> None:
    from tenfold.data.mnist import load_mnist

    splits = load_mnist(None)
    footprint = _write(tmp_path, small, splits.train.images[::60])
    command = [COMPILER, *STRICT, "-O3", "-fPIC", "-shared", "-o", "d.so", "digits.c", "-lm"]
    subprocess.run(command, cwd=tmp_path, check=True)
    library = Library(tmp_path / "d.so")
    test = splits.test.take(np.arange(0, len(splits.test), every))
    expected = small.expected(test.images)[0]
    labels, chances = library.predict(test.images, "digits_predict")
    np.testing.assert_array_equal(labels, expected.argmax(axis=1))
    assert np.abs(chances - expected).max() < 1e-5
    eight, _ = library.predict(test.images, "digits_predict_int8")
    right, right_eight = (int((each == test.targets).sum()) for each in (labels, eight))
    assert right > 0.99 * len(test)
    assert abs(right - right_eight) <= max(1, len(test) // 2000)  # 0.05 percentage points
    assert small.info.parameters <= 10_000
    assert footprint.agreement > 0.995
