from __future__ import annotations

from xml.etree import ElementTree

import numpy as np

from tenfold.evaluation.metrics.classification import classification
from tenfold.evaluation.notebook import confusion_html


def test_rows_are_true_labels_and_columns_predicted_ones() -> None:
    predicted = 0.97 * np.eye(3)[[0, 1, 1, 2, 2, 2]] + 0.01
    found = classification(predicted, np.array([0, 1, 2, 2, 2, 2], np.uint8), ("<a>", "b", "c"))
    table = ElementTree.fromstring(confusion_html(found))  # noqa: S314
    assert [cell.text for cell in table.findall("thead/tr/th")] == ["<a>", "b", "c", "recall"]
    rows = [[cell.text for cell in row.findall("td")] for row in table.findall("tbody/tr")]
    assert rows == [
        ["1", "·", "·", "100.0 %"],
        ["·", "1", "·", "100.0 %"],
        ["·", "1", "3", "75.0 %"],
    ]
