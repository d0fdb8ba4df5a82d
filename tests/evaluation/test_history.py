from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tenfold.data.dataset import Dataset
from tenfold.errors import TenfoldError
from tenfold.evaluation.evaluate import measure
from tenfold.evaluation.evaluation import Evaluation
from tenfold.evaluation.history import FILE, load_records, recall, remember
from tenfold.evaluation.occlusion import OcclusionMap
from tenfold.evaluation.robustness import Corruptions, Sweep


def _measured(wrong: set[int], name: str = "toy") -> tuple[Dataset, Evaluation]:
    data = Dataset(np.zeros((10, 8, 8), np.uint8), np.zeros(10, np.uint8), name, "test")
    chances = np.full((10, 10), 0.01, np.float32)
    for row in range(10):
        chances[row, 1 if row in wrong else 0] = 0.91
    return data, measure(chances, data.targets, data)


def test_the_next_evaluation_is_compared_with_the_last(tmp_path: Path) -> None:
    data, before = _measured({1, 2, 3})
    assert recall(tmp_path, data, before.correct, "a") is None
    remember(tmp_path, data, before, "a")
    _, now = _measured({3, 4})
    found = recall(tmp_path, data, now.correct, "b")
    assert found is not None
    assert (found.accuracy, found.same_model) == (0.7, False)
    assert (found.test.only_first_right, found.test.only_second_right) == (2, 1)
    assert str(found.date).endswith("UTC")
    again = recall(tmp_path, data, before.correct, "a")
    assert again is not None
    assert again.same_model


def test_the_latest_of_several_models_counts(tmp_path: Path) -> None:
    data, _ = _measured(set())
    for model, wrong in (("a", {1}), ("b", {1, 2}), ("a", {1})):
        remember(tmp_path, data, _measured(wrong)[1], model)
    assert [record["model_sha256"] for record in load_records(tmp_path)] == ["b", "a"]
    last = recall(tmp_path, data, _measured(set())[1].correct, "c")
    assert last is not None
    assert last.accuracy == 0.9


def test_other_pictures_are_another_matter(tmp_path: Path) -> None:
    data, before = _measured({1})
    remember(tmp_path, data, before, "a")
    other = replace(data, images=data.images + np.uint8(1))
    assert recall(tmp_path, other, before.correct, "a") is None
    assert recall(tmp_path, replace(data, name="moved"), before.correct, "a") is not None


def test_what_was_left_out_this_time_is_kept(tmp_path: Path) -> None:
    data, found = _measured({1})
    corruptions = Corruptions(10, 0, 0.9, 0.5, {"fog": (0.5,)})
    sweep = Sweep("scale", "times the size", (1.0,), (0.9,), None)
    remember(tmp_path, data, replace(found, corruptions=corruptions, sweeps=(sweep,)), "a")
    _, perfect = _measured(set())
    remember(tmp_path, data, perfect, "a")
    (record,) = load_records(tmp_path)
    assert record["corruptions"]["mean_corruption_accuracy"] == 0.5
    assert record["sweeps"][0]["name"] == "scale"
    assert record["mistakes"] == []
    heat = OcclusionMap(0, "0", "0", np.zeros((8, 8)))
    remember(tmp_path, data, replace(perfect, occlusion_maps=(heat,)), "b")
    assert not {"corruptions", "occlusion_maps"} & load_records(tmp_path)[-1].keys()


@pytest.mark.parametrize(
    "text",
    ["", "{", "7", "{}", '["x"]', '[{"data_fingerprint": 1}]', '[{"mistakes": [{"index": 99}]}]'],
)
def test_a_file_of_somebody_elses_is_as_none_and_stays(text: str, tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(text)
    data, found = _measured({1})
    assert recall(tmp_path, data, found.correct, "a") is None
    with pytest.raises(
        TenfoldError, match="is not known to be tenfold's, so it was not overwritten"
    ):
        remember(tmp_path, data, found, "a")
    assert (tmp_path / FILE).read_text() == text


def test_a_record_of_the_same_pictures_that_makes_no_sense_is_as_none(tmp_path: Path) -> None:
    data, found = _measured({1})
    for mistakes in ([{"index": 99}], None, [3]):
        record = {"model_sha256": "a", "data_fingerprint": data.fingerprint(), "mistakes": mistakes}
        (tmp_path / FILE).write_text(json.dumps([record]))
        assert recall(tmp_path, data, found.correct, "a") is None


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    data, found = _measured({1})
    with pytest.raises(TenfoldError, match="cannot be written"):
        remember(tmp_path / "gone", data, found, "a")
