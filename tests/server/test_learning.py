"""Read with what was taught: a process that teaches, a reader that changes, and undo."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from tenfold.reader.networks import bundled_content
from tenfold.reader.reader import Reader
from tenfold.server.learning import Learning
from tenfold.server.lessons import Collection
from tenfold.server.pool import Pool
from tenfold.server.problems import ProblemError
from tenfold.server.settings import Settings

if TYPE_CHECKING:
    from tests.server.conftest import Server

# What stands in for the command, in a process of its own: what it gets, and what it leaves.
WRITES = """
import json, pathlib, sys
words = dict(zip(sys.argv[2::2], sys.argv[3::2]))
folder = pathlib.Path(words["--out"]); folder.mkdir(exist_ok=True)
(folder / "digits.onnx").write_bytes(pathlib.Path(sys.argv[1]).read_bytes())
shares = {"before": 0.5, "after": 0.75}
(folder / "words.json").write_text(json.dumps(words))
print(json.dumps({"own": shares, "reference": {"before": 0.9, "after": 0.901}}))
"""
FAILS = "import sys; print('Warning: x', file=sys.stderr); sys.exit('Error: DATA: too few.')"


def _learning(folder: Path, code: str, *more: str) -> tuple[Learning, Pool]:
    settings = Settings(reference=700, allow=0.5)
    pool = Pool(settings)
    command = (sys.executable, "-c", code, *more)
    return Learning(Collection(folder / "taught"), pool, settings, command), pool


async def _end(learning: Learning) -> None:
    while learning.state().state == "learning":
        await asyncio.sleep(0.01)


def test_the_taught_reader_is_used_and_undone(tmp_path: Path) -> None:
    content = tmp_path / "model.onnx"
    content.write_bytes(bundled_content())

    async def run() -> None:
        learning, pool = _learning(tmp_path, WRITES, str(content))
        first = pool._limits
        assert learning.begin().state == "learning"
        with pytest.raises(ProblemError, match="learning already"):
            learning.begin()
        await _end(learning)
        assert learning.state().state == "reading"
        words = json.loads((tmp_path / "taught-reader" / "words.json").read_text())
        assert (words["--reference"], words["--allow"]) == ("700", "0.5")
        assert "50 % of it right before, 75 % now; +0.10 points" in learning.message
        assert pool._limits.model == str(tmp_path / "taught-reader")
        assert Reader(pool._limits.model).networks.line is None
        second = pool._limits
        learning.begin()  # again, into the same folder: the processes must not take the old one
        await _end(learning)
        assert pool._limits != second
        assert learning.undo().state == "idle"
        assert pool._limits.model is first.model is None

    asyncio.run(run())


def test_what_goes_wrong_is_one_sentence_without_paths(tmp_path: Path) -> None:
    async def run() -> None:
        code = FAILS.replace("DATA", str((tmp_path / "taught").resolve()))
        learning, pool = _learning(tmp_path, code)
        learning.begin()
        await _end(learning)
        assert learning.state().model_dump() == {"state": "idle", "message": "taught: too few."}
        assert pool._limits.model is None

    asyncio.run(run())


def test_undo_stops_what_is_still_learning(tmp_path: Path) -> None:
    mark = tmp_path / "late"
    code = f"import time, pathlib; time.sleep(1); pathlib.Path({str(mark)!r}).write_text('')"

    async def run() -> None:
        learning, _ = _learning(tmp_path, code)
        learning.begin()
        await asyncio.sleep(0.2)
        learning.undo()
        await _end(learning)
        await asyncio.sleep(1.5)

    asyncio.run(run())
    assert not mark.exists()


def test_a_server_asks_the_real_command(start: Callable[..., Server], tmp_path: Path) -> None:
    """Nothing was taught yet: the command says so, and the server passes it on."""
    server = start("--collect", str(tmp_path / "taught"))
    assert server.client.get("/v1/learn").json() == {"state": "idle", "message": ""}
    assert server.client.post("/v1/learn", content="x").status_code == 415
    began = server.client.post("/v1/learn", json={})
    assert (began.status_code, began.json()["state"]) == (202, "learning")
    deadline = time.monotonic() + 120
    while (state := server.client.get("/v1/learn").json())["state"] == "learning":
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert state["state"] == "idle"
    assert state["message"].startswith("taught: ")
    assert str(tmp_path) not in state["message"]
    assert server.client.delete("/v1/learn").json()["message"] == "Reading as before."
    picture = tmp_path / "blank.png"
    Image.fromarray(np.full((64, 64), 255, np.uint8)).save(picture)
    read = server.client.post("/v1/read", files={"file": picture.read_bytes()})
    assert read.status_code == 200
    server.stop()


def test_a_server_without_lessons_has_nothing_to_learn(strict: Server) -> None:
    for ask in (strict.client.get, strict.client.delete):
        assert ask("/v1/learn", headers={"Authorization": "Bearer sesame"}).status_code == 404
