"""The examples run as they stand, in few epochs."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parent.parent / "examples"


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
@pytest.mark.filterwarnings("ignore:FigureCanvasAgg is non-interactive:UserWarning")
def test_the_keras_tutorial_is_the_network_of_the_text(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    keras = pytest.importorskip("keras")
    if keras.backend.backend() != "torch":
        pytest.skip("Keras runs on another backend here")
    monkeypatch.setenv("MPLBACKEND", "agg")
    text = (EXAMPLES / "tutorial_keras.py").read_text(encoding="utf-8")
    assert "\nepochs = 150\n" in text
    short = tmp_path / "tutorial_keras.py"
    short.write_text(text.replace("\nepochs = 150\n", "\nepochs = 2\n"), encoding="utf-8")
    known = runpy.run_path(str(short))
    model = known["model"]
    assert model.count_params() == 53_002
    assert [tuple(layer.output.shape[1:]) for layer in model.layers] == [
        (6, 6, 32), (4, 4, 64), (2, 2, 64), (2, 2, 64), (256,), (128,), (128,), (10,)
    ]  # fmt: skip
    assert known["train_images"].shape == (1597, 8, 8, 1)
    assert known["test_targets"].shape == (200, 10)
    assert set(known["history"].history) == {"accuracy", "loss"}
    assert len(known["history"].history["loss"]) == 2
    assert known["accuracy"] > 0.3
    assert "test accuracy" in capsys.readouterr().out
