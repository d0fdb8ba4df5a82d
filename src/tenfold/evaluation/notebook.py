"""What an evaluation shows in a notebook: HTML that suits light and dark pages, without scripts."""

from __future__ import annotations

from html import escape

import numpy as np

from tenfold.evaluation.format import percent
from tenfold.evaluation.metrics.classification import Classification

_CELL = "text-align: right; padding: 0.1em 0.5em; color: inherit"


def confusion_html(found: Classification) -> str:
    """Return a confusion matrix as a table: true labels in rows, predicted labels in columns.

    Parameters
    ----------
    found : Classification
        The scores of an evaluation of single digits.

    Returns
    -------
    str
        A ``<table>``; correct predictions are green, errors the redder the more frequent.
    """
    counts = found.confusion
    most = max(int((counts - np.diag(np.diag(counts))).max(initial=0)), 1)
    names = [escape(each.name) for each in found.classes]
    head = "".join(f'<th scope="col" style="{_CELL}">{name}</th>' for name in names)
    rows = []
    for i, (each, row) in enumerate(zip(found.classes, counts.tolist(), strict=True)):
        cells = "".join(_cell(count, i == j, count / most) for j, count in enumerate(row))
        recall = percent(each.recall, 1) if each.support else "–"
        first = f'<th scope="row" style="{_CELL}">{names[i]}</th>'
        rows.append(f'<tr>{first}{cells}<td style="{_CELL}">{recall}</td></tr>')
    return (
        "<table><caption>Confusion matrix: true label (rows), predicted label (columns)</caption>"
        f'<thead><tr><td></td>{head}<th scope="col" style="{_CELL}">recall</th></tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table>"
    )


def _cell(count: int, correct: bool, share: float) -> str:
    if correct:
        ground = "rgba(31, 136, 61, 0.25)"
    elif count:
        ground = f"rgba(207, 34, 46, {0.15 + 0.6 * share:.2f})"
    else:
        ground = "transparent"
    return f'<td style="{_CELL}; background: {ground}">{count or "·"}</td>'
