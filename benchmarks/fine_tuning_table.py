"""The rows of docs/fine-tune.md: what a few samples gained, and what was lost elsewhere."""

from __future__ import annotations

import statistics
from typing import Any

from common import Result, percent

Figures = dict[str, Any]
Row = tuple[str, str, str]


def fine_tuning(result: Result) -> list[Row]:
    """Write what a few samples of a source gained, and what was lost elsewhere."""
    digits: Figures = result.results.get("digits", {})
    rows: list[Row] = []
    for count in result.setting.get("counts", ()):
        own = {
            name.removesuffix(f", {count}"): each
            for name, each in digits.items()
            if name.endswith(f", {count}")
        }
        rows += [(f"{name}, {count} samples", taught(each), "") for name, each in own.items()]
        if own:
            mean = {
                key: statistics.fmean(each[key] for each in own.values())
                for key in ("before", "after", "reference", "refused")
            }
            left = statistics.fmean(
                (1 - each["after"]) / (1 - each["before"]) for each in own.values()
            )
            said = f"{taught(mean)}; {100 * left:.0f} % of the errors left"
            rows.append((f"**mean of {len(own)}, {count} samples**", said, typed(result, "digits")))
    if lines := result.results.get("car_a"):
        name = f"amounts of cheques, {lines['taught']} lines ({lines['measured']} others read)"
        rows.append((name, taught(lines), typed(result, "car_a")))
    return rows


def taught(found: Figures) -> str:
    """Write accuracy before and after, the change on the reference set and how often refused."""
    refused = f"; {percent(found['refused'], 0)} refused" if found["refused"] else ""
    return (
        f"{percent(found['before'], 1)} → {percent(found['after'], 1)}; "
        # Adding 0 makes a rounded -0 one without a sign of its own.
        f"reference set {round(100 * found['reference'], 2) + 0:+.2f} points{refused}"
    )


def typed(result: Result, part: str) -> str:
    """Write the command that measured a part: the last of those that did."""
    runs = [run for run in result.setting["runs"] if "--part" not in run or part in run]
    return f"`.venv/bin/python benchmarks/fine_tuning.py {runs[-1]}`"
