from __future__ import annotations

from xml.etree import ElementTree

from tenfold.model import Model


def test_a_summary_counts_what_was_trained(model: Model) -> None:
    summary = model.summary()
    lines = str(summary).splitlines()
    assert lines[0].split() == ["layer", "output", "parameters"]
    # 4 kernels of 3×3 over one channel and 4 biases; batch normalisation is part of them.
    assert any(line.split() == ["convolution", "3×3,", "ReLU", "4×8×8", "40"] for line in lines)
    assert summary.parameters == sum(count for _, _, count in summary.rows)
    (total,) = (line for line in lines if line.startswith("total"))
    assert total.split()[1] == f"{summary.parameters:,}"
    assert not any(name in str(summary) for name in ("Cast", "Gemm", "Unsqueeze"))
    # What folding batch normalisation took away is said, not left for the reader to wonder about.
    assert 0 < summary.parameters < model.info.parameters == summary.trained
    assert f"Trained with {model.info.parameters:,} parameters" in str(summary)
    table = ElementTree.fromstring(summary._repr_html_())  # noqa: S314
    assert len(table.findall("tbody/tr")) == len(summary.rows) + 1
