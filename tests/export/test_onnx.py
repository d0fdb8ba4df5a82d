from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray

from tenfold.errors import ModelError, UsageError
from tenfold.export.framing import frame_crop
from tenfold.export.onnx import onnx_file
from tenfold.files import is_ours
from tenfold.model import open_model
from tenfold.modelfile import start

from .conftest import NetworkOf


def test_it_answers_as_our_framing_and_network_do(
    network_of: NetworkOf, crops: list[NDArray[np.uint8]], tmp_path: Path
) -> None:
    network = network_of("reader")
    content, difference = onnx_file(network)
    assert difference < 0.01
    onnx.checker.check_model(onnx.load_model_from_string(content))
    (tmp_path / "framed.onnx").write_bytes(content)
    assert is_ours(tmp_path / "framed.onnx")
    session = start(content, "framed", 1)
    names = ["glyph", "probabilities", "digitness"]
    answers = [session.run(names, {"grey": crop}) for crop in crops]
    glyphs, probabilities, digitness = (np.stack(each) for each in zip(*answers, strict=True))
    framed = np.stack([frame_crop(crop) for crop in crops])
    expected = network.expected(framed)
    # Pixels that lie between two levels are rounded either way, and sharpened after that.
    off = np.abs(glyphs.astype(int) - framed).reshape(len(crops), -1).max(axis=1)
    assert (off <= 4).mean() > 0.98
    assert (probabilities.argmax(axis=1) == expected[0].argmax(axis=1)).all()
    assert np.abs(probabilities - expected[0]).max() < 0.05
    assert np.abs(digitness.ravel() - expected[1]).max() < 0.05


def test_a_crop_without_ink_is_black(network_of: NetworkOf) -> None:
    session = start(onnx_file(network_of("small"))[0], "framed", 1)
    for crop in (np.zeros((40, 30), np.uint8), np.full((1, 1), 255, np.uint8)):
        glyph, probabilities = session.run(["glyph", "probabilities"], {"grey": crop})
        assert not glyph.any()
        assert probabilities.sum() == pytest.approx(1, abs=1e-5)


def test_it_says_what_its_classes_mean(network_of: NetworkOf) -> None:
    model = onnx.load_model_from_string(onnx_file(network_of("small"))[0])
    found = {entry.key: entry.value for entry in model.metadata_props}
    assert json.loads(found["classes"]) == list("0123456789")
    assert {opset.domain for opset in model.opset_import} == {""}


def test_tenfold_itself_does_not_take_it(network_of: NetworkOf) -> None:
    with pytest.raises(ModelError, match="not a model file of tenfold's"):
        open_model(onnx_file(network_of("small"))[0], "framed.onnx")


@pytest.mark.parametrize("recipe", ["finder", "digits"])
def test_networks_without_glyphs_are_refused(recipe: str, network_of: NetworkOf) -> None:
    with pytest.raises(UsageError, match="takes no glyphs"):
        onnx_file(network_of(recipe))
