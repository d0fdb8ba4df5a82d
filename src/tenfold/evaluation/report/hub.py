"""The YAML header of a model card that model hubs read.

Its fields are those of the Hugging Face Hub
(https://github.com/huggingface/hub-docs/blob/main/modelcard.md); other hubs take them over.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tenfold.evaluation.history import Record
from tenfold.files import MARK
from tenfold.modelinfo import ModelInfo
from tenfold.names import plain

HUB_NAMES = {"mnist": ("ylecun/mnist", "MNIST"), "digits": ("digits", "scikit-learn's digits")}
ON_HUB = ("mnist",)  # data sets that the hub has
TASK = "image-classification"


def front_matter(
    info: ModelInfo, records: list[Record], name: str, license_id: str | None = None
) -> str:
    """Return the header, with its lines of dashes.

    Parameters
    ----------
    info : ModelInfo
        What the model file says of itself.
    records : list of dict
        Its evaluations, as `tenfold.evaluation.history` keeps them. Without any, the result of
        its training is given.
    name : str
        The model's path, or what to call it.
    license_id : str, optional
        The hub's name of its licence, such as ``apache-2.0``; left out where nobody said.

    Examples
    --------
    >>> info = ModelInfo(("0", "1"), 28, "mnist", 60000, "", 0)
    >>> print(front_matter(info, [], "mine", "mit").splitlines()[2])
    license: "mit"
    """
    header: dict[str, Any] = {} if license_id is None else {"license": plain(license_id)}
    header |= {"library_name": "onnx", "pipeline_tag": TASK}
    header["tags"] = ["tenfold", "onnx", "handwriting", "ocr", "digits"]
    if info.data in ON_HUB:
        header["datasets"] = [HUB_NAMES[info.data][0]]
    header["metrics"] = ["accuracy"]
    results = [_result(record) for record in records] or _trained(info)
    if results:
        header["model-index"] = [{"name": _index_name(name), "results": results}]
    # A comment that the hub passes over and `tenfold.files` knows its own by.
    return "\n".join(["---", f"# {MARK}", *_yaml(header), "---", ""])


def _index_name(path: str) -> str:
    """Return what lists call it: its file, or its run where all files are named alike."""
    file = Path(path)
    return file.parent.name if file.stem == "model" and file.parent.name else file.stem


def _result(record: Record) -> dict[str, Any]:
    """Return an evaluation as the hub has results."""
    metrics = [_metric("accuracy", record["accuracy"], "Accuracy")]
    calibration = record.get("calibration")
    if calibration:
        judged = calibration["before" if calibration["fitted_here"] else "after"]
        metrics.append(_metric("calibration_error", judged["error"], "Calibration error"))
    return _task(str(record["data"]), str(record["split"]), metrics)


def _trained(info: ModelInfo) -> list[dict[str, Any]]:
    accuracy = info.results.get("test_accuracy")
    if accuracy is None:
        return []
    return [_task(info.data, "test", [_metric("accuracy", accuracy, "Accuracy")])]


def _task(data: str, split: str, metrics: list[dict[str, Any]]) -> dict[str, Any]:
    kind, name = HUB_NAMES.get(data, (plain(data), plain(data)))
    return {
        "task": {"type": TASK, "name": "Reading single digits"},
        "dataset": {"type": kind, "name": name, "split": split},
        "metrics": metrics,
    }


def _metric(kind: str, value: float, name: str) -> dict[str, Any]:
    return {"type": kind, "value": round(float(value), 6), "name": name}


def _yaml(value: dict[str, Any] | list[Any], indent: str = "") -> list[str]:
    """Return tables, lists, texts and numbers as lines of YAML; texts are quoted as JSON's are."""
    lines = []
    for key in value:
        inner = value[key] if isinstance(value, dict) else key
        head = f"{indent}{key}:" if isinstance(value, dict) else f"{indent}-"
        if not isinstance(inner, dict | list):
            lines.append(f"{head} {json.dumps(inner, ensure_ascii=False)}")
        elif isinstance(value, dict):
            lines += [head, *_yaml(inner, f"{indent}  ")]
        else:  # a table in a list begins on the line of its dash
            first, *rest = _yaml(inner, f"{indent}  ")
            lines += [f"{head} {first.strip()}", *rest]
    return lines
