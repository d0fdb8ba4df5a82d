from __future__ import annotations

import numpy as np
import pytest

from tenfold.synthesis.pages import printing
from tenfold.synthesis.pages.printing import fonts, pick, segments, text


def test_a_font_belongs_to_one_part() -> None:
    train, validation, test = (set(fonts(part)) for part in ("train", "validation", "test"))
    assert train
    if len(train) > 60:  # where few are installed, a part without any takes those of training
        assert not train & validation
        assert not train & test
        assert not validation & test


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
    assert not printing._has_digits(str(path))


def test_segments_light_up_as_many_as_the_digit_has() -> None:
    def ink(digit: int) -> int:
        return int((segments(np.random.default_rng(0), digit, 60) > 200).sum())

    assert ink(1) < ink(7) < ink(0) < ink(8)
    looks = [segments(np.random.default_rng(n), 8, 60, np.random.default_rng(9)) for n in (0, 1)]
    np.testing.assert_array_equal(looks[0], looks[1])
    assert len({segments(np.random.default_rng(1), d, 60).tobytes() for d in range(10)}) == 10
