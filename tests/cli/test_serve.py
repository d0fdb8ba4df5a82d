from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tenfold.cli import main


def _serve(*arguments: str, code: str = "") -> subprocess.CompletedProcess[str]:
    script = f"{code}\nimport sys\nfrom tenfold.cli import main\nmain()"
    command = [sys.executable, "-c", script, "serve", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


@dataclass(frozen=True)
class Done:
    returncode: object
    stderr: str


Here = Callable[..., Done]


@pytest.fixture
def serve_here(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Here:
    """Run the command in this process, where it does not come to start anything."""

    def serve(*arguments: str) -> Done:
        monkeypatch.setattr(sys, "argv", ["tenfold", "serve", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        return Done(ended.value.code, capsys.readouterr().err)

    return serve


def test_a_port_in_use_costs_one_line(serve_here: Here) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = serve_here("--port", port)
    assert done.returncode == 1
    assert f"127.0.0.1:{port} cannot be listened on" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("package", ["fastapi", "python_multipart"])
def test_without_the_extra_it_says_what_to_install(package: str) -> None:
    done = _serve(code=f"import sys; sys.modules[{package!r}] = None")
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "pip install '.[serve]'" in done.stderr


def test_a_model_that_reads_no_pictures_is_refused(model_file: Path, serve_here: Here) -> None:
    done = serve_here("--model", str(model_file))
    assert done.returncode == 1
    assert "8×8" in done.stderr


@pytest.fixture
def model_file(run: object) -> Path:
    path: Path = run.model  # type: ignore[attr-defined]
    return path


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path, serve_here: Here) -> None:
    (tmp_path / "file").write_text("")
    done = serve_here("--port", "0", "--collect", str(tmp_path / "file"))
    assert done.returncode == 1
    assert "file: no folder to keep lessons in" in done.stderr
    assert "--collect" in done.stderr
    assert "Traceback" not in done.stderr


def test_readers_that_do_not_start_cost_one_line() -> None:
    done = _serve("--port", "0", code="import sys; sys.executable = '/nowhere/python'")
    assert done.returncode == 1
    assert done.stderr.startswith("Error: the processes that read did not start.")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("host", ["0.0.0.0", ""])  # noqa: S104
def test_every_address_needs_a_name_or_a_token(host: str, serve_here: Here) -> None:
    done = serve_here("--host", host, "--port", "0")
    assert done.returncode == 2
    assert "--allowed-host NAME" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_server_needs_no_torch() -> None:
    code = "from tenfold.server.app import create_app; from tenfold.server import worker"
    script = f"{code}\nimport sys\nprint('torch' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout == "False\n"
