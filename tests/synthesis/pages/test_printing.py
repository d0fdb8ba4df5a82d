from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import matplotlib
import numpy as np
import pytest

from tenfold.synthesis.pages import printing
from tenfold.synthesis.pages.printing import families, fonts, pick, segments, text


@pytest.fixture
def many_fonts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[set[str]]:
    """A machine with sixty families of two fonts each."""
    face = Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"
    names = [f"Face{letter}{n}x" for letter in "ABC" for n in range(20)]
    paths = [tmp_path / f"{name}-{style}.ttf" for name in names for style in ("Bold", "Regular")]
    for path in paths:
        path.symlink_to(face)
    monkeypatch.setattr(printing, "_files", lambda: tuple(paths))
    fonts.cache_clear()
    families.cache_clear()
    yield {str(path) for path in paths}
    fonts.cache_clear()
    families.cache_clear()


def test_a_font_belongs_to_one_part_with_its_family(many_fonts: set[str]) -> None:
    train, validation, test = (set(fonts(part)) for part in ("train", "validation", "test"))
    assert train | validation | test == many_fonts
    assert len(train) + len(validation) + len(test) == len(many_fonts)
    assert len(train) > len(validation) + len(test) > 8
    for part in (train, validation, test):
        assert part
        assert {path.replace("Bold", "Regular") for path in part} <= part


def test_families_are_as_frequent_as_each_other_and_sizes_are_one_family(
    monkeypatch: pytest.MonkeyPatch, many_fonts: set[str]
) -> None:
    names = ("Thin-Regular", *(f"Many{size}-Bold" for size in range(5, 13)))
    paths = [Path(sorted(many_fonts)[0]).with_name(f"{name}.ttf") for name in names]
    for path in paths:
        path.symlink_to(sorted(many_fonts)[0])
    monkeypatch.setattr(printing, "_files", lambda: tuple(paths))
    monkeypatch.setattr(printing, "HELD_OUT", 10**9)
    fonts.cache_clear()
    families.cache_clear()
    rng = np.random.default_rng(0)
    picked = [Path(pick(rng, "train")).stem for _ in range(400)]
    assert 150 < picked.count("Thin-Regular") < 250
    assert len(set(picked)) == len(names)


def test_where_few_fonts_are_installed_a_part_without_any_takes_those_of_training(
    monkeypatch: pytest.MonkeyPatch, many_fonts: set[str]
) -> None:
    kept = tuple(Path(path) for path in fonts("train")[:2])
    monkeypatch.setattr(printing, "_files", lambda: kept)
    fonts.cache_clear()
    assert fonts("validation") == fonts("test") == fonts("train") == tuple(map(str, kept))


def test_every_font_has_ten_different_digits() -> None:
    for name in fonts("train")[:5]:
        shapes = {text(name, digit, 24)[0].tobytes() for digit in "0123456789"}
        assert len(shapes) == 10
    assert pick(np.random.default_rng(0), "train") in fonts("train")


def test_print_lies_where_its_spans_say() -> None:
    sheet, spans = text(fonts("train")[0], "1 08", 40)
    assert sheet.dtype == np.uint8
    assert len(spans) == 4
    columns = np.flatnonzero(sheet.max(axis=0) > 60)
    assert spans[0][0] == pytest.approx(columns[0], abs=4)
    assert spans[-1][1] == pytest.approx(columns[-1], abs=4)
    lefts = [left for left, _ in spans]
    assert lefts == sorted(lefts)


def test_a_file_that_is_no_font_is_left_out(tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("fonts") / "not.ttf"
    path.write_bytes(b"nothing")
    assert not printing._has_characters(str(path))


def test_segments_light_up_as_many_as_the_digit_has() -> None:
    def ink(digit: int) -> int:
        return int((segments(np.random.default_rng(0), digit, 60) > 200).sum())

    assert ink(1) < ink(7) < ink(0) < ink(8)
    looks = [segments(np.random.default_rng(n), 8, 60, np.random.default_rng(9)) for n in (0, 1)]
    np.testing.assert_array_equal(looks[0], looks[1])
    assert len({segments(np.random.default_rng(1), d, 60).tobytes() for d in range(10)}) == 10
