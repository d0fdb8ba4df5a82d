from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sklearn.metrics import roc_auc_score, roc_curve

from tenfold.errors import DataError, UsageError
from tenfold.evaluation.encode import encode
from tenfold.evaluation.non_digits import built_in, load_non_digits, measure_non_digits
from tenfold.model import open_model


def test_four_kinds_come_along_the_same_each_time() -> None:
    kinds = built_in(28)
    assert list(kinds) == ["noise", "blank", "letters", "symbols"]
    built_in.cache_clear()
    for kind, images in built_in(28).items():
        assert images.dtype == np.uint8
        assert images.shape == (1000, 28, 28)
        assert np.array_equal(images, kinds[kind])
        assert len(np.unique(images, axis=0)) > (700 if kind == "blank" else 950)
    ink = np.asarray(kinds["letters"].any(axis=(0, 2)))
    assert not ink[:2].any()  # framed as MNIST's digits: 20 pixels in the middle of 28
    assert kinds["letters"].max(axis=(1, 2)).min() > 200
    assert not kinds["blank"][:10].any()


def test_they_come_in_other_sizes_too() -> None:
    assert {images.shape for images in built_in(8).values()} == {(1000, 8, 8)}


def test_figures_are_scikit_learns(linear_file: Callable[..., bytes]) -> None:
    rng = np.random.default_rng(0)
    model = open_model(linear_file(rng.normal(0, 0.01, (64, 3))), "dice")
    images = rng.integers(0, 256, (300, 8, 8)).astype(np.uint8)
    digits = rng.uniform(0.4, 1, 500).astype(np.float32)
    others = model.predict_proba(images).max(axis=1)
    found = measure_non_digits(model, "dice", images, digits)
    truth, score = np.repeat([1, 0], [500, 300]), np.concatenate([digits, others])
    assert found.auroc == pytest.approx(roc_auc_score(truth, score))
    passed, kept, _ = roc_curve(truth, score, drop_intermediate=False)
    assert found.false_positive_rate == pytest.approx(passed[kept >= 0.95].min())
    assert found.mean_confidence == pytest.approx(others.mean())
    assert len(found.examples) == 8
    assert "examples" not in encode(found)


def test_a_folder_of_pictures_is_framed(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    drawing = np.full((200, 300), 255, np.uint8)
    drawing[40:160, 140:160] = 0
    drawing[90:110, 90:210] = 0
    Image.fromarray(drawing).save(tmp_path / "deep" / "plus.png")
    glyphs = load_non_digits(tmp_path, 28)
    assert glyphs.shape == (1, 28, 28)
    assert glyphs[0, 14, 14] > 200
    assert not glyphs[0, :2].any()
    assert load_non_digits(tmp_path, 8).shape == (1, 8, 8)


def test_an_archive_is_taken_in_either_polarity(tmp_path: Path) -> None:
    images = np.zeros((2, 28, 28), np.uint8)
    images[0, 5:20, 14] = 255
    images[1] = 255 - images[0]
    np.savez(tmp_path / "mine.npz", images=images)
    glyphs = load_non_digits(tmp_path / "mine.npz", 28)
    assert np.array_equal(glyphs[0], glyphs[1])
    assert load_non_digits(tmp_path / "mine.npz", 8).shape == (2, 8, 8)


def test_what_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such folder or file"):
        load_non_digits(tmp_path / "gone", 28)
    with pytest.raises(DataError, match="no pictures in this folder"):
        load_non_digits(tmp_path, 28)
    (tmp_path / "broken.png").write_bytes(b"not a picture")
    with pytest.raises(DataError, match=r"broken\.png"):
        load_non_digits(tmp_path, 28)
