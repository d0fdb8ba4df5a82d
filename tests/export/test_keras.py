from __future__ import annotations

import importlib.util
import io
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from tenfold.data.digits import load_digits
from tenfold.export.keras import keras_file
from tenfold.export.network import Network
from tenfold.files import is_ours

from .conftest import NetworkOf

pytest.importorskip("keras")
# Keras hands its tensors to NumPy without the copy argument that NumPy 2 asks for.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

# Load the file as somebody does who has Keras alone, and answer on the pictures of an .npz.
LOADED = """
import sys
import numpy as np
import keras
for name in sys.argv[1:]:
    network = keras.models.load_model(f"{name}.keras")
    found = network.predict(np.load(f"{name}-in.npz")["images"], verbose=0, batch_size=250)
    found = found if isinstance(found, dict) else {"only": found}
    np.savez(f"{name}-out.npz", **{name: np.asarray(value) for name, value in found.items()})
assert "tenfold" not in sys.modules
print(keras.backend.backend())
"""


def _pictures(network: Network) -> NDArray[np.uint8]:
    """A thousand: handwritten digits where they are of the size, else strokes at random."""
    return load_digits().train.images[:1000] if network.info.size == 8 else network.trial(1000)


def _run(folder: Path, names: list[str], backend: str) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", LOADED, *names],
        cwd=folder, env=os.environ | {"KERAS_BACKEND": backend, "PYTHONPATH": ""},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == backend


@pytest.mark.parametrize("recipe", ["fast", "mnist", "best", "digits", "tutorial"])
def test_every_recipe_gives_the_same_answers(recipe: str, network_of: NetworkOf) -> None:
    content, difference = keras_file(network_of(recipe))
    assert difference < 1e-5
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        config = archive.read("config.json").decode()
    # Layers of Keras alone: no Lambda, and nothing that its loader would have to be told of.
    assert "Lambda" not in config
    assert "tenfold." not in config


@pytest.mark.parametrize("backend", ["torch", "jax", "tensorflow"])
def test_a_thousand_pictures_give_the_same_probabilities_on_every_backend(
    backend: str, small: Network, network_of: NetworkOf, tmp_path: Path
) -> None:
    if importlib.util.find_spec(backend) is None:
        pytest.skip(f"{backend} is not installed")
    networks = {"small": small, "reader": network_of("reader")}
    pictures = {name: _pictures(network) for name, network in networks.items()}
    for name, network in networks.items():
        (tmp_path / f"{name}.keras").write_bytes(keras_file(network)[0])
        assert is_ours(tmp_path / f"{name}.keras")
        np.savez(tmp_path / f"{name}-in.npz", images=pictures[name])
    _run(tmp_path, list(networks), backend)
    for name, network in networks.items():
        found = dict(np.load(tmp_path / f"{name}-out.npz"))
        given = [found["probabilities" if "probabilities" in found else "only"]]
        given += [found["digitness"].ravel()] if "digitness" in found else []
        assert len(pictures[name]) == 1000
        for one, other in zip(given, network.expected(pictures[name]), strict=True):
            assert np.abs(one - other).max() < 1e-5


@pytest.mark.parametrize("recipe", ["finder", "line"])
def test_finder_and_line_recogniser_give_the_same_logits(
    recipe: str, network_of: NetworkOf
) -> None:
    _, difference = keras_file(network_of(recipe))
    assert difference < 1e-5  # of the largest logit
