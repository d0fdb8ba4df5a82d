"""Give values that stand on one sheet only, such as student numbers, out over a whole stack.

What one sheet surely holds, no other does. The values of all sheets are chosen together: the
assignment with the highest probability (LAPJVsp of SciPy), from what each sheet may hold.
"""

from __future__ import annotations

import json
import math
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scipy.sparse import coo_array
from scipy.sparse.csgraph import min_weight_full_bipartite_matching

from tenfold.forms.verdict import SURE

if TYPE_CHECKING:
    from tenfold.forms.results import Results
    from tenfold.forms.sheet_results import Status

NONE = 1e-4  # probability that a sheet holds none of its candidates
LEAST = 1e-9


@dataclass(frozen=True, slots=True)
class Given:
    """What one sheet is given: its value, how sure, the next best, and what to do about it."""

    value: str
    probability: float
    runner_up: str | None
    runner_up_probability: float
    status: Status
    reason: str


def give_out(sheets: list[list[tuple[str, float]]]) -> list[Given]:
    """Choose a value for each sheet, none twice.

    Parameters
    ----------
    sheets : list of list of (str, float)
        For each sheet, what it may hold with its probability, one candidate at least.

    Examples
    --------
    >>> both = give_out([[("17", 0.9), ("11", 0.1)], [("17", 0.6), ("11", 0.4)]])
    >>> [(one.value, round(one.probability, 2)) for one in both]
    [('17', 0.86), ('11', 0.86)]
    """
    places = {text: k for k, text in enumerate(sorted({text for own in sheets for text, _ in own}))}
    matched = _matched(sheets, places)
    # A value counts as far as no other sheet holds it.
    free: dict[str, float] = defaultdict(float)
    for own in sheets:
        for text, chance in own:
            free[text] += math.log1p(-min(chance, 1 - LEAST))
    wanted = [max(own, key=lambda pair: pair[1])[0] for own in sheets]
    twice = {best for best, given in zip(wanted, matched, strict=True) if given is None}
    out = []
    for own, given, best in zip(sheets, matched, wanted, strict=True):
        sure = {
            text: chance * math.exp(free[text] - math.log1p(-min(chance, 1 - LEAST)))
            for text, chance in own
        }
        total = sum(sure.values()) + NONE
        chosen = best if given is None else given
        others = {text: chance / total for text, chance in sure.items() if text != chosen}
        runner_up = max(others, key=lambda text: others[text], default=None)
        probability = 0.0 if given is None else sure[chosen] / total
        status: Status = "ok" if probability >= SURE else "doubtful"
        reason = "" if probability >= SURE else "another value is nearly as likely"
        if chosen in twice:
            status, reason = "contradiction", f"{chosen} stands on another sheet too"
        left = others[runner_up] if runner_up is not None else 0.0
        out.append(Given(chosen, probability, runner_up, left, status, reason))
    return out


def _matched(sheets: list[list[tuple[str, float]]], places: dict[str, int]) -> list[str | None]:
    """Return the value of each sheet in the likeliest assignment; None where it gets none."""
    rows, columns, costs = [], [], []
    for row, own in enumerate(sheets):
        for text, chance in [*own, (None, NONE)]:
            rows.append(row)
            columns.append(len(places) + row if text is None else places[text])
            costs.append(1.0 - math.log(max(chance, LEAST)))  # 1: an explicit 0 would be no edge
    table = coo_array((costs, (rows, columns)), shape=(len(sheets), len(places) + len(sheets)))
    _, found = min_weight_full_bipartite_matching(table.tocsr())
    values = list(places)
    return [values[k] if k < len(values) else None for k in found.tolist()]


def settle_unique(results: Results) -> None:
    """Choose the values of unique fields over all sheets of a stack, and store them."""
    for field in results.fields:
        if not field.unique:
            continue
        rows = results.database.rows(
            "SELECT id, candidates FROM field WHERE name = ? AND status IN "
            "('ok', 'doubtful', 'contradiction') AND decision IS NULL AND candidates != '[]'",
            (field.name,),
        )
        if not rows:
            continue
        decided = results.database.rows(
            "SELECT DISTINCT decision.value FROM field "
            "JOIN decision ON decision.id = field.decision "
            "WHERE field.name = ? AND decision.value IS NOT NULL",
            (field.name,),
        )
        sheets = [json.loads(row["candidates"]) for row in rows]
        # What a person decided is given out too, so that no other sheet is given it.
        given = give_out([*sheets, *([(row["value"], 1.0)] for row in decided)])
        with results.database.transaction() as db:
            for row, one in zip(rows, given, strict=False):
                db.execute(
                    "UPDATE field SET value = ?, probability = ?, runner_up = ?, "
                    "runner_up_probability = ?, status = ?, reason = ? WHERE id = ?",
                    (
                        one.value,
                        one.probability,
                        one.runner_up,
                        one.runner_up_probability,
                        one.status,
                        one.reason,
                        row["id"],
                    ),
                )
