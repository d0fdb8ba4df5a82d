from __future__ import annotations

from pathlib import Path
from types import ModuleType

import numpy as np
from PIL import Image

from tenfold.reader.draw import DOUBTFUL, SURE, annotate
from tenfold.reader.explain import explain
from tenfold.reader.reader import Reader


def test_boxes_are_drawn_in_the_colour_of_their_confidence(hand: ModuleType) -> None:
    trace = Reader().trace(hand.write("40718"))
    drawn = annotate(trace.picture, trace.reading)
    colours = {colour for _, colour in drawn.getcolors(1 << 24) or []}
    assert tuple(bytes.fromhex(SURE[1:])) in colours
    assert tuple(bytes.fromhex(DOUBTFUL[1:])) not in colours
    assert 480 <= max(drawn.size) <= 1600


def test_tiny_and_empty_pictures_are_drawn() -> None:
    trace = Reader().trace(np.zeros((28, 28), np.uint8))
    assert max(annotate(trace.picture, trace.reading).size) == 480


def test_every_step_is_written(hand: ModuleType, tmp_path: Path) -> None:
    for page in (hand.photo(hand.write("40718\n293")), np.full((50, 60), 255, np.uint8)):
        paths = explain(Reader().trace(page), tmp_path / "steps")
        assert [path.name[0] for path in paths] == list("12345")
        for path in paths:
            with Image.open(path) as image:
                image.load()
