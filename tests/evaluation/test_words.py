from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tenfold.data.dataset import Dataset
from tenfold.evaluation import words
from tenfold.evaluation.assessment import Rival
from tenfold.evaluation.coverage import Coverage, Trial
from tenfold.evaluation.doubtful import Doubtful
from tenfold.evaluation.evaluate import Evaluation, measure
from tenfold.evaluation.records import Last
from tenfold.evaluation.statistics import McNemar, spread


def _evaluation(wrong: int) -> Evaluation:
    data = Dataset(np.zeros((40, 8, 8), np.uint8), np.zeros(40, np.uint8), "toy", "test")
    chances = np.eye(10, dtype=np.float32)[(np.arange(40) < wrong).astype(int)]
    return measure(chances, data.targets, data)


def test_errors_in_plain_words() -> None:
    assert words.errors(_evaluation(0)) == "All 40 right."
    assert words.errors(_evaluation(1)) == "1 of 40 wrong; the one is below."
    expected = "27 of 40 wrong; the ones it was surest about are below."
    assert words.errors(_evaluation(27)) == expected


def test_coverage_in_plain_words() -> None:
    most = Coverage(0.999, 0.9931, 0.6168, 9931, 9, (0.998, 0.9995))
    assert words.coverage(most) == (
        "At 99.9 % accuracy, 99.31 % of the pictures can be read without a person: take answers of "
        "at least 61.68 % confidence, and give the other 0.69 % to one."
    )
    tried = words.coverage(replace(most, trial=Trial(0.9918, 9918, 11)))
    assert tried.endswith(
        "to one. Chosen on half of the pictures and tried on the other half, such thresholds read "
        "99.18 %, with 11 of 9,918 answers wrong."
    )
    everything = replace(most, share=1.0)
    assert words.coverage(everything).endswith("everything can be read without a person.")
    assert words.coverage(Coverage(0.999, 0.0, None, 0, 0, None)) == (
        "At no threshold are 99.9 % of the answers right."
    )


@pytest.mark.parametrize(
    ("threshold", "text"),
    [(0.6168, "61.68 %"), (0.99997, "99.9970 %"), (0.9999999, "99.999990 %"), (1.0, "100 %")],
)
def test_a_threshold_is_never_rounded_up(threshold: float, text: str) -> None:
    told = words.coverage(Coverage(0.999, 0.5, threshold, 20, 0, (0.8, 1.0)))
    assert f"of at least {text} confidence" in told


def test_what_the_pictures_cannot_tell() -> None:
    one = _evaluation(4)
    assert words.reservations(one, learned=False) == (
        "All pictures are of one class, 0: nothing is said of the others."
    )
    assert words.reservations(one, learned=True).startswith("The model learned from pictures among")
    full = replace(one, support=(4,) * 10)
    assert words.reservations(full, learned=False) == ""
    some = replace(one, support=(0, 20, 20, *(4,) * 6, 0))
    told = words.reservations(some, learned=False)
    assert told == "There is no picture of 0, 9: nothing is said of these."


def test_a_difference_is_called_one_only_if_it_is() -> None:
    evaluation = _evaluation(4)
    better = words.rival(Rival("b.onnx", 0.8, (0.7, 0.9), McNemar(9, 1, 0.0107)), evaluation)
    assert "80.00 % right (this model: +10.00 percentage points): " in better
    assert "9 pictures only this model reads right, 1 only the other" in better
    assert "chance alone hardly explains it (McNemar's test, p = 0.011)" in better
    same = words.rival(Rival("b.onnx", 0.9, (0.8, 1.0), McNemar(1, 1, 1.0)), evaluation)
    assert "(this model: the same): 1 picture only" in same
    assert "that is no difference: chance alone may do it (McNemar's test, p = 1)" in same
    itself = words.rival(Rival("b.onnx", 0.9, (0.8, 1.0), McNemar(0, 0, 1.0)), evaluation)
    expected = "Against b.onnx: no difference, for both read the very same pictures right."
    assert itself == expected
    assert words.rival(None, evaluation) == ""


def test_the_last_time() -> None:
    evaluation = _evaluation(4)
    last = Last("2026-01-02 03:04 UTC", 0.925, False, McNemar(3, 2, 1.0))
    told = words.last(last, evaluation)
    assert "92.50 % were right (−2.50 percentage points since): 2 newly right, 3 newly" in told
    alike = replace(last, test=McNemar(0, 0, 1.0))
    assert words.last(alike, evaluation).startswith("No picture is read otherwise")
    assert words.last(replace(alike, same_model=True), evaluation).startswith("The same as when")
    assert words.last(None, evaluation) == ""


def test_doubtful_labels() -> None:
    told = words.doubtful(Doubtful(tuple(range(15)), 8, 0.9977, (0.9965, 0.9985)))
    assert "15 labels of this data are themselves doubtful" in told
    assert "8 of the errors are among them; without those pictures, 99.77 % are right" in told
    assert words.doubtful(None) == ""


def test_several_runs() -> None:
    told = words.spread_words(spread([0.990, 0.992, 0.994]))
    assert told == ("99.20 % ± 0.20 (standard deviation); 95 % interval of the mean 98.70–99.70 %")
    assert words.spread_words(spread([0.99, 1.0])).endswith("–100.00 %")  # not above all
    assert "one seed" in words.spread_words(spread([0.9]))


@pytest.mark.parametrize(
    ("p", "text"),
    [(1.0, "1"), (0.32, "0.32"), (0.0391, "0.039"), (1.2e-4, "0.00012"), (0, "0.0000001 or less")],
)  # fmt: skip
def test_p_values(p: float, text: str) -> None:
    assert words.number(p) == text
