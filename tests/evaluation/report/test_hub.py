from __future__ import annotations

from dataclasses import replace
from typing import Any

import yaml

from tenfold.evaluation.report.hub import front_matter
from tenfold.modelinfo import ModelInfo

INFO = ModelInfo(
    classes=tuple("0123456789"), size=28, data="mnist", data_count=60_000, recipe="", seed=0,
    results={"test_accuracy": 0.9956, "test_count": 10_000},
)  # fmt: skip


def _read(text: str) -> Any:
    head, found, rest = text.split("---\n")
    assert (head, rest) == ("", "")
    return yaml.safe_load(found)


def test_the_header_holds_the_hubs_fields() -> None:
    found = _read(front_matter(INFO, [], "mine.onnx", "apache-2.0"))
    assert found["license"] == "apache-2.0"
    assert found["datasets"] == ["ylecun/mnist"]
    assert found["pipeline_tag"] == "image-classification"
    assert {"onnx", "tenfold"} <= {*found["tags"]}
    (index,) = found["model-index"]
    (result,) = index["results"]
    assert index["name"] == "mine"
    runs = _read(front_matter(INFO, [], "runs/fast/model.onnx"))
    assert runs["model-index"][0]["name"] == "fast"
    assert result["dataset"] == {"type": "ylecun/mnist", "name": "MNIST", "split": "test"}
    assert result["metrics"] == [{"type": "accuracy", "value": 0.9956, "name": "Accuracy"}]


def test_every_evaluation_is_a_result() -> None:
    calibration = {"before": {"error": 0.02}, "after": {"error": 0.01}, "fitted_here": False}
    records = [
        {"data": "mnist", "split": "test", "accuracy": 0.99, "calibration": calibration},
        {"data": 'my: "data"\n- x', "split": "all", "accuracy": 0.5},
    ]
    found = _read(front_matter(INFO, records, "mine"))
    assert "license" not in found
    first, second = found["model-index"][0]["results"]
    assert [metric["value"] for metric in first["metrics"]] == [0.99, 0.01]
    assert second["dataset"]["name"] == r'my: "data"\n- x'


def test_what_is_not_known_is_left_out() -> None:
    found = _read(front_matter(replace(INFO, data="mine.npz", results={}), [], "mine"))
    assert not {"datasets", "license", "model-index"} & found.keys()
