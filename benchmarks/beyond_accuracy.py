"""How good are networks beyond MNIST's accuracy: two from tutorials, and tenfold's own?

    TENFOLD_DATA=… python benchmarks/beyond_accuracy.py           # train what is missing
    TENFOLD_DATA=… python benchmarks/beyond_accuracy.py --models runs --only keras mnist

The tutorial's network trained the tutorial's way on MNIST (recipe ``tutorial``, 12 epochs in
batches of 10), Keras's own MNIST example (peers/mnist/file_keras.py), and tenfold's recipes.
Each is trained once and kept as MODELS/NAME.onnx; what lies there is not trained again, so stages
can be run one by one. Everything is measured by `tenfold evaluate`'s own code on the model file.
USPS, Semeion, handwritten symbols and printed letters come from TENFOLD_DATA. Result:
results/beyond_accuracy.json.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from statistics import fmean
from typing import Any

from common import RESULTS, err, new_parser, new_result, print_table, write_result
from contenders import VENVS, peer, run_quietly
from tenfold import train
from tenfold.data.registry import load_dataset, load_splits
from tenfold.evaluation.encode import encode
from tenfold.evaluation.evaluate import SECTIONS, evaluate
from tenfold.evaluation.metrics.statistics import mcnemar
from tenfold.evaluation.non_digits import load_non_digits, measure_non_digits
from tenfold.files import make_folder, write_whole
from tenfold.model import open_model
from tenfold.training.recipe import built_in_recipes

MODELS = VENVS / "beyond-accuracy"
TUTORIAL_EPOCHS = 12
KERAS = peer("mnist", "file_keras.py")
TITLES = {
    "tutorial": "the tutorial's network, trained its way",
    "keras": "Keras's MNIST example",
    "fast": "tenfold, recipe fast",
    "mnist": "tenfold, recipe mnist",
    "best": "tenfold, recipe best",
}
OWN = ("letter_fonts", "symbols")
DEFAULT, AIM = "mnist", "keras"


def train_keras(target: Path) -> None:
    """Train Keras's example in a process of its own."""
    run_quietly([sys.executable, *KERAS, str(target)], os.environ | {"KERAS_BACKEND": "torch"})


def train_recipe(recipe: str, target: Path, settings: dict[str, Any] | None = None) -> None:
    """Train a recipe on MNIST."""
    with tempfile.TemporaryDirectory() as folder:
        run = train("mnist", recipe, settings=settings, out=Path(folder) / "run", device="cpu")
        write_whole(target, run.model.read_bytes())


def trainer(name: str) -> Callable[[Path], None]:
    """Return what trains a contender."""
    if name == "keras":
        return train_keras
    settings = {"epochs": TUTORIAL_EPOCHS} if name == "tutorial" else None
    return lambda target: train_recipe(name, target, settings)


def measure(path: Path, data: Path) -> dict[str, Any]:
    """Return a model file's figures."""
    content = path.read_bytes()
    model, test = open_model(content, path.stem), load_splits("mnist").test
    found = evaluate(model, test, sections=SECTIONS, content=content)
    cross = {name: data / "cross" / f"{name}.npz" for name in ("usps_test", "semeion")}
    others = {name: evaluate(model, load_dataset(file, "all")) for name, file in cross.items()}
    digits = model.predict_with_digitness(test.images)[1]
    kinds = [*found.out_of_distribution]
    for name in OWN:
        images = load_non_digits(data / "not_digits" / f"{name}.npz", 28)
        kinds.append(measure_non_digits(model, name, images, digits))
    assert found.corruptions is not None  # noqa: S101 - measured in full
    assert found.calibration is not None  # noqa: S101
    return {
        "name": path.stem,
        "title": TITLES[path.stem],
        "parameters": model.info.parameters,
        "accuracy": found.accuracy,
        "interval": list(found.interval),
        "mean_corruption_accuracy": found.corruptions.mean_corruption_accuracy,
        "corruptions": encode(found.corruptions.accuracies),
        "calibration_error": found.calibration.of_file.error,
        "auroc": {each.kind: each.auroc for each in kinds},
        "mean_auroc": fmean(each.auroc for each in kinds),
        "false_positive_rate": {each.kind: each.false_positive_rate for each in kinds},
        **{name: other.accuracy for name, other in others.items()},
        "cost": encode(found.cost),
    }


def shortfalls(figures: dict[str, Any]) -> dict[str, float]:
    """Return what is wrong by each measure, so that less is better throughout."""
    return {
        "clean": 1 - figures["accuracy"],
        "corrupted": 1 - figures["mean_corruption_accuracy"],
        "calibration": figures["calibration_error"],
        "no digits (1 − AUROC)": 1 - figures["mean_auroc"],
        "USPS": 1 - figures["usps_test"],
        "Semeion": 1 - figures["semeion"],
    }


def table_row(figures: dict[str, Any]) -> list[str]:
    """Write a contender's figures as a row."""
    return [
        figures["title"],
        f"{figures['accuracy']:.2%}",
        f"{figures['mean_corruption_accuracy']:.1%}",
        f"{figures['calibration_error']:.2%}",
        f"{figures['mean_auroc']:.4f}",
        f"{figures['usps_test']:.2%}",
        f"{figures['semeion']:.2%}",
    ]


def ratios(records: Iterable[dict[str, Any]]) -> dict[str, float]:
    """Return our default recipe's errors as shares of Keras's; empty if one is missing."""
    by_name = {record["name"]: shortfalls(record) for record in records}
    if not {DEFAULT, AIM} <= by_name.keys():
        return {}
    theirs = by_name[AIM]
    return {name: value / theirs[name] for name, value in by_name[DEFAULT].items()}


def test_between(models: Path) -> dict[str, object]:
    """Test our default recipe against Keras's example, picture by picture."""
    test = load_splits("mnist").test
    right = []
    for name in (DEFAULT, AIM):
        path = models / f"{name}.onnx"
        right.append(open_model(path.read_bytes(), name).predict(test.images) == test.targets)
    result: dict[str, object] = encode(mcnemar(*right))
    return result


def main() -> None:
    """Train what is missing, measure, print and write."""
    known = [name for name in TITLES if name in ("keras", *built_in_recipes())]
    parser = new_parser(__doc__, RESULTS / "beyond_accuracy.json")
    parser.add_argument("--models", type=Path, default=MODELS, help="default %(default)s")
    parser.add_argument("--only", nargs="+", choices=known, default=known, metavar="NAME")
    parser.add_argument("--train-only", action="store_true", help="measure nothing")
    given = parser.parse_args()
    if "TENFOLD_DATA" not in os.environ:
        raise SystemExit("Set TENFOLD_DATA to the folder with mnist/, cross/ and not_digits/.")
    make_folder(given.models)
    for name in given.only:
        target = given.models / f"{name}.onnx"
        if not target.exists():
            err.print(f"Training {TITLES[name]}")
            trainer(name)(target)
    if given.train_only:
        return
    data = Path(os.environ["TENFOLD_DATA"])
    records = [measure(given.models / f"{name}.onnx", data) for name in given.only]
    shares = ratios(records)
    told = ", ".join(f"{name} {share:.2f}" for name, share in shares.items())
    notes = [f"Errors of {DEFAULT} as shares of {AIM}'s: {told}"] if shares else []
    columns = ["", "clean", "corrupted", "calibration error", "AUROC", "USPS", "Semeion"]
    results: dict[str, Any] = {"contenders": records}
    if shares:
        results |= {"shares_of_keras": shares, "mcnemar": test_between(given.models)}
    result = new_result(
        __doc__,
        ["tenfold", "onnxruntime", "torch", "keras", "numpy"],
        {"tutorial_epochs": TUTORIAL_EPOCHS},
        results,
    )
    rows = [table_row(record) for record in records]
    print_table("Beyond accuracy", columns, rows, [*notes, result.describe()])
    write_result(given.out, result)


if __name__ == "__main__":
    main()
