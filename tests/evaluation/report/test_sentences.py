from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tenfold.data.dataset import Dataset
from tenfold.evaluation.evaluate import measure
from tenfold.evaluation.evaluation import Comparison, Evaluation
from tenfold.evaluation.format import number
from tenfold.evaluation.label_errors import LabelErrors
from tenfold.evaluation.metrics.coverage import Coverage, Trial
from tenfold.evaluation.metrics.statistics import McNemar, spread
from tenfold.evaluation.report.sentences import answer, say


def _evaluation(wrong: int) -> Evaluation:
    data = Dataset(np.zeros((40, 8, 8), np.uint8), np.zeros(40, np.uint8), "toy", "test")
    chances = np.eye(10, dtype=np.float32)[(np.arange(40) < wrong).astype(int)]
    return measure(chances, data.targets, data)


def test_errors_in_plain_words() -> None:
    assert say("mistakes", _evaluation(0)) == "All 40 right."
    assert say("mistakes", _evaluation(1)) == "1 of 40 wrong; the one is below."
    expected = "27 of 40 wrong; the most confident ones are below."
    assert say("mistakes", _evaluation(27)) == expected


def test_coverage_in_plain_words() -> None:
    most = Coverage(0.999, 0.9931, 0.6168, 9931, 9, (0.9983, 0.9995))
    assert say("coverage", most) == (
        "At 99.9 % accuracy, 99.31 % of the images can be read without a person: take answers of "
        "at least 61.68 % confidence, and give the other 0.69 % to one. Of these answers, 99.91 % "
        "are right (95 % interval 99.83–99.95 %)."
    )
    tried = say("coverage", replace(most, trial=Trial(0.9918, 9918, 11)))
    assert tried.endswith(
        "99.83–99.95 %). Chosen on half of the images and tried on the other half, such thresholds "
        "read 99.18 %, with 11 of 9,918 answers wrong."
    )
    everything = say("coverage", replace(most, share=1.0))
    assert everything == (
        "At 99.9 % accuracy, everything can be read without a person: 99.91 % are right (95 % "
        "interval 99.83–99.95 %)."
    )
    assert say("coverage", Coverage(0.999, 0.0, None, 0, 0, None)) == (
        "At no threshold are 99.9 % of the answers right."
    )


def test_what_two_hundred_images_cannot_show_is_not_said() -> None:
    found = Coverage(0.999, 0.99, 0.6, 198, 0, (0.98097, 1.0))
    assert say("coverage", found) == (
        "198 answers cannot show 99.9 % accuracy: were all of them right, its 95 % interval would "
        "begin at 98.10 %."
    )
    lower = say("coverage", replace(found, target=0.98))
    assert lower.startswith("At 98.0 % accuracy, 99.00 % of the images can be read")
    assert "(95 % interval 98.10–100.00 %)" in lower
    assert not any("without a person" in sentence for sentence in answer(_evaluation(4)))


@pytest.mark.parametrize(
    ("threshold", "text"),
    [(0.6168, "61.68 %"), (0.99997, "99.9970 %"), (0.9999999, "99.999990 %"), (1.0, "100 %")],
)
def test_a_threshold_is_never_rounded_up(threshold: float, text: str) -> None:
    told = say("coverage", Coverage(0.999, 0.5, threshold, 5000, 0, (0.999, 1.0)))
    assert f"of at least {text} confidence" in told


def test_what_the_images_cannot_tell() -> None:
    one = _evaluation(4)
    assert say("reservations", one) == (
        "All images are of one class, 0: nothing is said of the others."
    )
    learned = say("reservations", replace(one, learned_from=True))
    assert learned.startswith("The model learned from images among these: ")
    assert say("reservations", _with_support(one, (4,) * 10)) == ""
    some = say("reservations", _with_support(one, (0, 20, 20, *(4,) * 6, 0)))
    assert some == "There is no image of 0, 9: nothing is said of these."


def _with_support(found: Evaluation, support: tuple[int, ...]) -> Evaluation:
    scores = zip(found.digits.classes, support, strict=True)
    classes = tuple(replace(each, support=count) for each, count in scores)
    return replace(found, classification=replace(found.digits, classes=classes))


def test_a_difference_is_called_one_only_if_it_is() -> None:
    evaluation = _evaluation(4)
    other = Comparison("b.onnx", 0.8, (0.7, 0.9), McNemar(9, 1, 0.0107))
    better = say("comparison", other, evaluation)
    assert "80.00 % (95 % interval 70.00–90.00 %; this model: +10.00 percent" in better
    assert "9 images only this model has right, 1 only the other" in better
    assert "chance alone hardly explains it (McNemar's test, p = 0.011)." in better
    other = replace(other, accuracy=0.9, test=McNemar(1, 1, 1.0))
    same = say("comparison", other, evaluation)
    assert "this model: the same): 1 image only" in same
    assert "that is no difference: chance alone may do it (McNemar's test, p = 1)" in same
    itself = say("comparison", replace(other, test=McNemar(0, 0, 1.0)), evaluation)
    assert itself == "Against b.onnx: no difference: both classify the very same images correctly."
    assert say("comparison", None, evaluation) == ""


def test_the_last_time() -> None:
    evaluation, date = _evaluation(4), "2026-01-02 03:04 UTC"
    last = Comparison("0af", 0.925, (0.8, 1.0), McNemar(2, 3, 1.0), date)
    told = say("previous", last, evaluation)
    assert "92.50 % were right (−2.50 percentage points since): 2 newly right, 3 newly" in told
    alike = replace(last, test=McNemar(0, 0, 1.0))
    assert say("previous", alike, evaluation).startswith("No prediction differs")
    same = say("previous", replace(alike, same_model=True), evaluation)
    assert same.startswith("The same as when")
    assert say("previous", None, evaluation) == ""


def test_label_errors() -> None:
    told = say("label_errors", LabelErrors(15, tuple(range(15)), 8, 0.9977, (0.9965, 0.9985)))
    assert "15 labels of this data are themselves doubtful" in told
    assert "8 of the errors are among them; without those images, 99.77 % are right" in told
    assert say("label_errors", None) == ""


def test_several_runs() -> None:
    told = say("runs", spread([0.990, 0.992, 0.994]))
    assert told == ("99.20 % ± 0.20 (standard deviation); 95 % interval of the mean 98.70–99.70 %")
    assert say("runs", spread([0.99, 1.0])).endswith("–100.00 %")  # not above all
    assert "one seed" in say("runs", spread([0.9]))


def test_names_stay_as_they_are_in_a_terminal() -> None:
    other = Comparison("<a> & b", 0.8, (0.7, 0.9), McNemar(0, 0, 1.0))
    assert say("comparison", other, _evaluation(4)).startswith("Against <a> & b: no difference")


@pytest.mark.parametrize(
    ("p", "text"),
    [(1.0, "1"), (0.32, "0.32"), (0.0391, "0.039"), (1.2e-4, "0.00012"), (0, "0.0000001 or less")],
)  # fmt: skip
def test_p_values(p: float, text: str) -> None:
    assert number(p) == text
