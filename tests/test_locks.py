from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tenfold.errors import TenfoldError, UsageError
from tenfold.locks import NAME, locked

HOLD = (
    "import sys, time, pathlib\nfrom tenfold.locks import locked\n"
    "with locked(pathlib.Path(sys.argv[1])):\n"
    "    print('held', flush=True)\n"
    "    sys.stdin.read()\n"
)


def _hold(folder: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def _killed(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.communicate()


def test_another_process_is_refused_until_the_first_ends(tmp_path: Path) -> None:
    process = _hold(tmp_path)
    with pytest.raises(UsageError, match="a run is going on here"), locked(tmp_path):
        pass
    assert process.communicate("")[0] == ""
    assert process.returncode == 0
    with locked(tmp_path):
        assert (tmp_path / NAME).exists()
    assert not list(tmp_path.iterdir())


def test_a_kill_frees_the_folder(tmp_path: Path) -> None:
    _killed(_hold(tmp_path))
    assert (tmp_path / NAME).exists()
    with locked(tmp_path):
        process = subprocess.run(
            [sys.executable, "-c", HOLD, str(tmp_path)],
            input="", capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert "UsageError" in process.stderr


def test_an_error_frees_the_folder(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), locked(tmp_path):
        raise ZeroDivisionError
    with locked(tmp_path):
        pass


def test_workers_of_a_killed_run_do_not_hold_it(tmp_path: Path) -> None:
    code = "import os, sys, pathlib, time\nfrom tenfold.locks import locked\n"
    code += "with locked(pathlib.Path(sys.argv[1])):\n"
    code += "    if os.fork() == 0: time.sleep(60); os._exit(0)\n"
    code += "    print('held', flush=True); time.sleep(60)\n"
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)],
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    process.kill()
    process.wait()
    with locked(tmp_path):
        pass
    os.killpg(process.pid, signal.SIGKILL)  # the worker
    process.stdout.close()


def test_a_file_that_is_no_lock_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / NAME).write_text("mine")
    with pytest.raises(UsageError, match="is not one of tenfold's locks"), locked(tmp_path):
        pass
    assert (tmp_path / NAME).read_text() == "mine"


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(TenfoldError, match="cannot be written"), locked(tmp_path / "gone"):
        pass
