from __future__ import annotations

import subprocess
import sys

import pytest


def _lab(*arguments: str, code: str = "") -> subprocess.CompletedProcess[str]:
    script = f"{code}\nimport sys\nfrom tenfold.cli import main\nmain()"
    command = [sys.executable, "-c", script, "lab", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)


@pytest.mark.parametrize("package", ["torch", "fastapi", "sklearn"])
def test_without_an_extra_one_line_says_what_to_install(package: str) -> None:
    done = _lab(code=f"import sys; sys.modules[{package!r}] = None")
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert package in done.stderr
    assert "pip install '.[train,serve]'" in done.stderr


def test_processes_that_do_not_start_cost_one_line() -> None:
    done = _lab("--port", "0", code="import sys; sys.executable = '/nowhere/python'")
    assert done.returncode == 1
    assert done.stderr.startswith("Error: the lab did not start.")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("wrong", [("--memory", "100"), ("--at-once", "0"), ("--seconds", "0")])
def test_limits_have_limits(wrong: tuple[str, str]) -> None:
    done = _lab(*wrong)
    assert done.returncode == 2
    assert wrong[0] in done.stderr
