from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tenfold.export.read import read_network
from tenfold.export.torch import torch_files
from tenfold.files import is_ours
from tenfold.training.export import with_info

from .conftest import NetworkOf

LOADED = """
import importlib
import sys
import numpy as np
import torch
for name in sys.argv[1:]:
    with torch.inference_mode():
        network = importlib.import_module(name).load()
        found = network(torch.from_numpy(np.load(f"{name}-in.npz")["inputs"]))
    found = found if isinstance(found, tuple) else (found,)
    np.savez(f"{name}-out.npz", *(each.numpy() for each in found))
assert "tenfold" not in sys.modules
"""


@pytest.mark.parametrize("recipe", ["small", "fast", "mnist", "best", "digits", "tutorial"])
def test_every_recipe_gives_the_same_answers(recipe: str, network_of: NetworkOf) -> None:
    _, _, difference = torch_files(network_of(recipe), "copied")
    assert difference < 1e-5


def test_they_load_without_tenfold(network_of: NetworkOf, tmp_path: Path) -> None:
    expected = {}
    for recipe in ("reader", "finder", "line"):
        network = network_of(recipe)
        source, weights, _ = torch_files(network, recipe)
        (tmp_path / f"{recipe}.py").write_text(source)
        (tmp_path / f"{recipe}.safetensors").write_bytes(weights)
        assert is_ours(tmp_path / f"{recipe}.py")
        assert is_ours(tmp_path / f"{recipe}.safetensors")
        inputs = network.trial(1000 if recipe == "reader" else 4, seed=1)
        np.savez(tmp_path / f"{recipe}-in.npz", inputs=inputs)
        expected[recipe] = network.expected(inputs)
    code = f"import sys; sys.path = [{str(tmp_path)!r}, *sys.path]\n{LOADED}"
    subprocess.run([sys.executable, "-I", "-c", code, *expected], cwd=tmp_path, check=True)
    for recipe, answers in expected.items():
        found = np.load(tmp_path / f"{recipe}-out.npz")
        for name, answer in zip(found.files, answers, strict=True):
            most = max(1.0, float(np.abs(answer).max()))
            np.testing.assert_allclose(found[name], answer, atol=1e-5 * most)


def test_the_source_reads_as_a_person_would_write_it(network_of: NetworkOf) -> None:
    source, _, _ = torch_files(network_of("reader"), "copied")
    assert "            Residual(nn.Conv2d, 64),\n" in source
    assert "            nn.Linear(1536, 11),\n" in source
    assert max(map(len, source.splitlines())) <= 100
    compile(source, "copied.py", "exec")


def test_names_of_strangers_stay_text(network_of: NetworkOf) -> None:
    network = network_of("digits")
    odd = with_info(network.content, network.info)
    where = 'a"""\nimport nothing\n"""\\.onnx'
    source, _, _ = torch_files(read_network(odd, where), "copied")
    assert "\nimport nothing" not in source
