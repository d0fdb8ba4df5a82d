"""How well does the bundled classifier read, refuse and judge itself? The figures of its card.

    TENFOLD_DATA=… python benchmarks/bundled_classifier.py                  # about a minute
    TENFOLD_DATA=… python benchmarks/bundled_classifier.py runs/reader/model.onnx

MNIST's test set goes to the network as it is, and again as dark ink on white paper through the
same path as any picture. ``real/``, USPS and Semeion go through ``--layout digit``, ``not_digits/``
through ``--layout auto``: an accepted digit there counts as not refused. Result:
results/bundled_classifier.json.
"""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from common import RESULTS, new_parser, new_result, out, print_table, write_result
from picture_tables import load_pictures, mean_over_sources, right_by_kind
from tenfold.data.registry import load_splits
from tenfold.evaluation.metrics.calibration import expected_calibration_error
from tenfold.model import Model, load_model
from tenfold.reader.reader import Reader

BUNDLED = Path(__file__).parents[1] / "src/tenfold/models/digits.onnx"
Answer = tuple[int | None, float, bool]  # digit, its probability, accepted


def network_alone(model: Model, images: NDArray[np.uint8], labels: NDArray[np.uint8]) -> Any:
    """Return figures of the network itself on framed glyphs."""
    chances, digitness = model.predict_with_digitness(images)
    right = chances.argmax(1) == labels
    threshold = model.info.rejection_threshold or 0.0
    return {
        "accuracy": float(right.mean()),
        "calibration_error": expected_calibration_error(chances.max(1), right),
        "refused": float((digitness < threshold).mean()),
    }


def single(reader: Reader, picture: Any) -> Answer:
    """Read a picture of one digit: the likeliest digit, accepted or not."""
    digits = reader.read(picture).digits
    if not digits:
        return None, 0.0, False
    digit = digits[0]
    return digit.digit, float(digit.confidence), digit.accepted


def figures(answers: Iterable[Answer], labels: Iterable[int]) -> dict[str, Any]:
    """Return accuracy, calibration error and share refused of pictures of one digit."""
    found = list(answers)
    right = np.array([a[0] == int(b) for a, b in zip(found, labels, strict=True)])
    confidence = np.array([a[1] for a in found])
    return {
        "accuracy": float(right.mean()),
        "calibration_error": expected_calibration_error(confidence, right),
        "refused": 1 - float(np.mean([a[2] for a in found])),
    }


def real(reader: Reader, data: Path) -> dict[str, Any]:
    """Return figures of people's own pictures: of all, as a mean over sources, by their kind."""
    pictures = load_pictures(data, "real")
    answers = [single(reader, picture.row.file) for picture in pictures]
    right = [answer[0] == int(p.seen) for p, answer in zip(pictures, answers, strict=True)]
    return figures(answers, [int(picture.seen) for picture in pictures]) | {
        "mean_over_sources": mean_over_sources(right, [picture.source for picture in pictures]),
        "by_kind": right_by_kind(pictures, right),
    }


def refusals(reader: Reader, file: Path) -> dict[str, Any]:
    """Return the share of non-digits in which nothing was accepted, and what the rest read as."""
    data = np.load(file)
    read = [
        "".join(str(d.digit) for d in reader.read(image).digits if d.accepted)
        for image in data["images"]
    ]
    names = sorted(set(data["names"].tolist()))
    texts = {
        name: [t for t, n in zip(read, data["names"], strict=True) if n == name] for name in names
    }
    return {
        "refused": sum(not text for text in read) / len(read),
        "by_name": {name: sum(not t for t in each) / len(each) for name, each in texts.items()},
        "read_as": {
            name: Counter(t for t in each if t).most_common(4) for name, each in texts.items()
        },
    }


def milliseconds(model: Model, image: NDArray[np.uint8], repeats: int = 500) -> float:
    """Return the median time of one call with one 28×28 glyph, on one thread."""
    glyph, times = image[None], []
    for _ in range(repeats):
        start = time.perf_counter()
        model.predict_with_digitness(glyph)
        times.append(time.perf_counter() - start)
    return 1000 * float(np.median(times[repeats // 10 :]))


def measure(path: Path, data: Path) -> dict[str, Any]:
    """Return all figures of a model file."""
    model = load_model(path, threads=1)
    digit, auto = Reader(model, layout="digit"), Reader(model)
    test = load_splits("mnist").test
    cross = {name: np.load(data / f"cross/{name}.npz") for name in ("usps_test", "semeion")}
    return {
        "bytes": path.stat().st_size,
        "milliseconds": milliseconds(model, test.images[0]),
        "mnist, the network alone": network_alone(model, test.images, test.targets),
        "mnist, as pictures": figures((single(digit, 255 - i) for i in test.images), test.targets),
        "real": real(digit, data),
        **{
            name: figures((single(digit, image) for image in each["images"]), each["labels"])
            for name, each in cross.items()
        },
        **{
            name: refusals(auto, data / f"not_digits/{name}.npz")
            for name in ("symbols", "letter_fonts")
        },
    }


def main() -> None:
    """Measure, print and write the figures."""
    parser = new_parser(__doc__, RESULTS / "bundled_classifier.json")
    parser.add_argument("model", nargs="?", type=Path, default=BUNDLED)
    given = parser.parse_args()
    if "TENFOLD_DATA" not in os.environ:
        raise SystemExit("Set TENFOLD_DATA to the folder with real/, cross/ and not_digits/.")
    record = measure(given.model, Path(os.environ["TENFOLD_DATA"]))
    packages = ["onnxruntime", "numpy", "opencv-python-headless"]
    result = new_result(__doc__, packages, {"model": given.model.name}, record)
    rows = [
        [
            name,
            *(
                f"{each[k]:.2%}" if k in each else ""
                for k in ("accuracy", "mean_over_sources", "calibration_error", "refused")
            ),
        ]
        for name, each in record.items()
        if isinstance(each, dict)
    ]
    columns = ["", "right", "mean over sources", "calibration error", "refused"]
    notes = [f"{record['milliseconds']:.2f} ms a glyph, {record['bytes']:,} bytes"]
    notes.append(result.describe())
    print_table(f"The reader's network: {given.model.name}", columns, rows, notes)
    for kind, share in record["real"]["by_kind"].items():
        mean = f"{share['right_by_source']:.2%} mean over sources"
        out.print(f"real, {kind}: {mean}, {share['right']:.2%} of all")
    for name in ("symbols", "letter_fonts"):
        for letter, share in record[name]["by_name"].items():
            wrong = ", ".join(f"{text} {count}×" for text, count in record[name]["read_as"][letter])
            out.print(
                f"{letter}: {share:.1%} refused{'; the rest read as ' + wrong if wrong else ''}"
            )
    write_result(given.out, result)


if __name__ == "__main__":
    main()
