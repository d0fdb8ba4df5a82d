"""The notebooks run from top to bottom, and come to what they say."""

from __future__ import annotations

import importlib.util
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from jupyter_client.manager import KernelManager
from nbclient import NotebookClient

ROOT = Path(__file__).parents[1]
SOURCES = sorted((ROOT / "notebooks").glob("[0-9]*.py"))


def _read(path: Path) -> Any:
    return nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]


def _pair() -> Any:
    spec = importlib.util.spec_from_file_location("pair", ROOT / "notebooks" / "pair.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.stem)
def test_a_notebook_is_its_python_file(source: Path) -> None:
    pair = _pair()
    made = pair.notebook(source, pair.repository())
    written = _read(source.with_suffix(".ipynb"))
    assert made.cells == written.cells, "run: python notebooks/pair.py"
    assert [cell for cell in written.cells if cell.get("outputs")] == []


def test_a_repository_brings_a_badge_and_a_clone() -> None:
    made = _pair().notebook(SOURCES[0], "someone/tenfold")
    address = "colab.research.google.com/github/someone/tenfold/blob/main/notebooks/01-first-digits"
    assert address in made.cells[0]["source"]
    install = made.cells[1]["source"]
    assert "git clone --quiet --depth 1 https://github.com/someone/tenfold\n" in install
    assert install.endswith('%pip install --quiet "../.[train]"')


@pytest.fixture(scope="module")
def kernel() -> Iterator[KernelManager]:
    """One for all: torch is imported once. It starts with the first notebook."""
    one = KernelManager(kernel_name="python3")
    yield one
    one.shutdown_kernel(now=True)


def _run(kernel: KernelManager, number: int, tmp_path: Path, shorter: dict[str, str]) -> str:
    """Run a notebook away from the project; returns all it prints and shows as text.

    ``shorter`` says what takes the place of what in its cells.
    """
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "docs" / "pictures").mkdir(parents=True)
    shutil.copy(ROOT / "docs" / "pictures" / "sample.png", tmp_path / "docs" / "pictures")
    book = _read(SOURCES[number - 1].with_suffix(".ipynb"))
    for long, short in shorter.items():
        (cell,) = (cell for cell in book.cells if cell.cell_type == "code" and long in cell.source)
        cell.source = cell.source.replace(long, short)
    # Of the notebook before, no name is left.
    start = f"%reset -f\nimport os\nos.chdir({str(tmp_path / 'notebooks')!r})\ndel os"
    book.cells.insert(0, nbformat.v4.new_code_cell(start))  # type: ignore[no-untyped-call]
    # On a busy machine a cell's lines come one by one: together they are what the cell printed.
    client = NotebookClient(
        book, km=kernel, timeout=300, startup_timeout=300, coalesce_streams=True
    )
    try:
        client.execute()
    finally:
        if client.kc is not None:
            client.kc.stop_channels()
    outputs = [output for cell in book.cells for output in cell.get("outputs", ())]
    assert [output for output in outputs if output.get("name") == "stderr"] == []
    shown = [output.get("text") or output["data"].get("text/plain", "") for output in outputs]
    shown += [output.get("data", {}).get("text/html", "") for output in outputs]
    return "\n".join(shown)


def _share(pattern: str, text: str) -> float:
    found = re.search(pattern.replace("SHARE", r"([\d.]+)%"), text)
    assert found is not None, pattern
    return float(found[1])


# As they stand they take a minute: in the quick tier they train for fewer epochs.
LONG_FIRST = {'tenfold.train("digits")': 'tenfold.train("digits", settings={"epochs": 10})'}
LONG_THIRD = {'{"epochs": 12}': '{"epochs": 8}', '{"epochs": 2}': '{"epochs": 1}'}


@pytest.mark.filterwarnings("ignore")  # those of Jupyter's own packages
@pytest.mark.parametrize(
    ("shorter", "least"), [(LONG_FIRST, 92), pytest.param({}, 96, marks=pytest.mark.slow)]
)
def test_first_digits(
    kernel: KernelManager, tmp_path: Path, shorter: dict[str, str], least: float
) -> None:
    text = _run(kernel, 1, tmp_path, shorter)
    assert least <= _share("accuracy SHARE, 95 % interval", text) <= 100
    assert least - 6 <= _share("5 epochs SHARE", text) <= 100
    assert "Confusion matrix" in text
    assert text.count("<progress") >= 2
    assert "convolution 3×3" in text
    assert len(list((tmp_path / "notebooks" / "runs").iterdir())) == 2


@pytest.mark.filterwarnings("ignore")
def test_your_own_pictures(kernel: KernelManager, tmp_path: Path) -> None:
    text = _run(kernel, 2, tmp_path, {})
    assert "\n40718\n2593 6\n" in text
    assert 50 < _share(r" 40718  SHARE", text) <= 100
    assert re.search(r"upside down.*'40718'", text)
    assert re.search(r"^40718\n40718  [\d.]+%", text, re.MULTILINE)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("shorter", "least"), [(LONG_THIRD, 92), pytest.param({}, 95, marks=pytest.mark.slow)]
)
def test_how_good_is_it(
    kernel: KernelManager, tmp_path: Path, shorter: dict[str, str], least: float
) -> None:
    text = _run(kernel, 3, tmp_path, shorter)
    assert least <= _share("measured +SHARE", text) <= 100
    assert 0 < _share("expected calibration error SHARE", text) < 20
    assert re.search(r"letters +AUROC 0\.[5-9]", text)
    assert _share("12 epochs SHARE", text) > _share(", 2 epochs SHARE", text)
    first = re.search(r"only the first right: (\d+)", text)
    assert first is not None
    assert int(first[1]) >= 3
