from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tenfold.errors import TenfoldError
from tenfold.scale import read_all, read_dataset


def test_without_ray_it_is_told_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)  # as where it is not installed
    words = r"needs the package ray, which is not installed\. .*pip install '\.\[ray\]'"
    with pytest.raises(TenfoldError, match=words):
        read_dataset(None)
    with pytest.raises(TenfoldError, match=words):
        read_all([], tmp_path / "out.jsonl", address="auto")
    assert not (tmp_path / "out.jsonl").exists()
