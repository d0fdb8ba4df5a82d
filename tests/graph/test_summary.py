from __future__ import annotations

from xml.etree import ElementTree

from tenfold.model import Model


def test_a_summary_counts_what_was_trained(model: Model) -> None:
    summary = model.summary()
    lines = str(summary).splitlines()
    assert lines[0].split() == ["layer", "output", "parameters"]
    # 4 kernels of 3×3 over one channel and 4 biases; batch normalisation is part of them.
    assert any(line.split() == ["Conv", "3×3,", "Relu", "4×8×8", "40"] for line in lines), lines
    assert summary.parameters == sum(count for _, _, count in summary.rows)
    assert lines[-1].split() == ["all", f"{summary.parameters:,}"]
    assert 0 < summary.parameters <= model.info.parameters
    table = ElementTree.fromstring(summary._repr_html_())  # noqa: S314
    assert len(table.findall("tbody/tr")) == len(summary.rows) + 1
