"""How small does a model file get in int8, and what does it lose?

    python benchmarks/size_in_int8.py                                   # trains recipe fast first
    python benchmarks/size_in_int8.py runs/records/small-0/model.onnx   # of accuracy_of_recipes.py

Weights and activations are quantised, each channel with a scale of its own, calibrated on a
thousand training pictures (ONNX Runtime's static quantisation). The weights alone, reckoned at
a byte each, are about what a microcontroller would carry; the file has the graph and scales, too.
Result: results/size_in_int8_RECIPE.json.
"""

from __future__ import annotations

import logging
import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from onnxruntime.quantization import (
    CalibrationDataReader,
    QuantFormat,
    QuantType,
    quantize_static,
)
from onnxruntime.quantization.shape_inference import quant_pre_process

from common import RESULTS, new_parser, new_result, print_table, write_result
from tenfold import Model, load_dataset, load_model, train
from tenfold.data.dataset import Dataset
from tenfold.training.export import with_info
from tenfold.training.recipe import parse_recipe


class _Pictures(CalibrationDataReader):  # type: ignore[misc]
    """A thousand training pictures, a hundred at a time."""

    def __init__(self) -> None:
        images = load_dataset("mnist", "train").images[:1000]
        self._batches = iter(np.split(images, 10))

    def get_next(self) -> dict[str, NDArray[np.uint8]] | None:
        """Return the next batch, None after the last."""
        batch = next(self._batches, None)
        return None if batch is None else {"images": batch}


def quantise(model: Path, to: Path) -> Path:
    """Write an int8 version of a model file and return its path."""
    logging.getLogger().setLevel(logging.ERROR)  # it warns of its own defaults
    prepared = to.with_suffix(".prepared.onnx")
    quant_pre_process(str(model), str(prepared), skip_symbolic_shape=True)
    quantize_static(
        str(prepared),
        str(to),
        _Pictures(),
        quant_format=QuantFormat.QDQ,
        per_channel=True,
        activation_type=QuantType.QUInt8,
        weight_type=QuantType.QInt8,
    )
    prepared.unlink()
    # It keeps the metadata and leaves the digest behind, which is that of the other file.
    to.write_bytes(with_info(to.read_bytes(), load_model(model).info))
    return to


def weigh(model: Model, small: Model, test: Dataset) -> dict[str, float]:
    """Return both accuracies and what the weights alone would weigh, four bytes or one each."""
    return {
        "accuracy": float((model.predict(test.images) == test.targets).mean()),
        "accuracy_int8": float((small.predict(test.images) == test.targets).mean()),
        "weights": model.info.parameters,
        "weight_bytes": 4 * model.info.parameters,
        "weight_bytes_int8": model.info.parameters,
    }


def main() -> None:
    """Measure, print the table and write the results."""
    parser = new_parser(__doc__)
    parser.add_argument(
        "model", type=Path, nargs="?", help="a model file; default: fast's, trained"
    )
    parser.add_argument("--out", type=Path, help="default results/size_in_int8_RECIPE.json")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = given.model or train("mnist", "fast", out=Path(folder) / "fast").model
        model, small = load_model(path), quantise(path, Path(folder) / "int8.onnx")
        figures = weigh(model, load_model(small), load_dataset("mnist", "test"))
        files = {"bytes": path.stat().st_size, "bytes_int8": small.stat().st_size}
    recipe = parse_recipe(model.info.recipe, model.path).name
    result = new_result(
        __doc__, ["tenfold", "onnxruntime", "numpy"], {"recipe": recipe}, {**figures, **files}
    )
    rows = [
        [
            kind,
            f"{figures['accuracy' + end]:.2%}",
            f"{figures['weight_bytes' + end]:,}",
            f"{files['bytes' + end]:,}",
        ]
        for kind, end in (("float32", ""), ("int8", "_int8"))
    ]
    columns = [f"{recipe}, {model.info.parameters:,} weights", "test set", "weights", "file"]
    notes = ["Weights and file in bytes.", result.describe()]
    print_table("In int8", columns, rows, notes)
    write_result(given.out or RESULTS / f"size_in_int8_{recipe}.json", result)


if __name__ == "__main__":
    main()
