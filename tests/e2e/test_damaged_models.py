"""A model file that is damaged, or whose network answers with no numbers, ends in one sentence."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest

from tenfold.errors import ModelError
from tenfold.model import load_model
from tenfold.modelinfo import sealed
from tenfold.reader.networks import bundled_content

COMMANDS = {
    "read": ["read", "page.png", "--json", "--model", "model.onnx"],
    "evaluate": ["evaluate", "model.onnx", "--data", "digits", "--json"],
    "card": ["card", "model.onnx"],
    "serve": ["serve", "--port", "0", "--model", "model.onnx"],
}


def _flipped() -> bytes:
    content = bytearray(bundled_content())
    content[len(content) // 2] ^= 1
    return bytes(content)


def _no_numbers() -> bytes:
    """Weights that are NaN, in a file that is sound otherwise."""
    model = onnx.load_model_from_string(bundled_content())
    for tensor in model.graph.initializer:
        if tensor.name == "network.14.bias":
            tensor.raw_data = np.full(11, np.nan, np.float32).tobytes()
    return sealed(model.SerializeToString())


FLIPPED, NO_NUMBERS = (_flipped(), "damaged or changed"), (_no_numbers(), "no probabilities")


@pytest.mark.parametrize(
    ("command", "content", "words"),
    [
        ("read", *FLIPPED),
        ("card", *FLIPPED),
        ("evaluate", *NO_NUMBERS),
        ("serve", *NO_NUMBERS),
    ],
    ids=COMMANDS,
)
def test_every_command_says_it_in_one_line(
    command: str, content: bytes, words: str, tmp_path: Path
) -> None:
    (tmp_path / "model.onnx").write_bytes(content)
    done = subprocess.run(
        [sys.executable, "-m", "tenfold", *COMMANDS[command]],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stdout) == (1, "")
    (line,) = done.stderr.strip().splitlines()
    assert line.startswith("Error: model.onnx: ")
    assert words in line


def test_damaged_files_that_once_were_opened_are_refused() -> None:
    folder = Path(os.environ.get("TENFOLD_DATA", "")) / "damaged"
    paths = sorted(folder.glob("*.onnx"))
    if not paths:
        pytest.skip("needs the damaged files: set TENFOLD_DATA")
    for path in paths:
        with pytest.raises(ModelError) as caught:
            load_model(path)
        assert str(caught.value).startswith(f"{path}: ")
        assert "\n" not in str(caught.value)
