"""Change the code in small ways, one at a time, and see which changes its own tests notice.

``python .ci/mutate.py [NAME …]`` mutates each module of MODULES with mutmut, runs that module's own
tests on every mutant of a fixed sample, and prints how many were killed. It fails where fewer than
LEAST are. The survivors' diffs are printed: each wants a test, or a line in CONTRIBUTING.md that
says why nobody could tell it from the original.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
WORK = ROOT / ".mutants"  # a copy of the tree for each module; kept, to look at survivors
MUTMUT = str(Path(sys.executable).with_name("mutmut"))
LEAST = 0.8  # of a module's mutants are killed
MINUTES = 20  # of all together; what is not tried by then is an error, not a survivor
# Mutmut's exit codes: a test failed; the tests went on for ever; no test reaches the function.
FAILED, ENDLESS, UNTESTED = {1}, {24, -24, 36, 152, 255}, {5, 33}


@dataclass(frozen=True)
class Module:
    """A module, its own tests, and which of its mutants are tried: those with these last digits."""

    source: str
    tests: str
    digits: str = "0123456789"


MODULES = {
    "splits": Module("data/splits", "data/test_splits"),
    "statistics": Module("evaluation/metrics/statistics", "evaluation/metrics/test_statistics"),
    "checkpoint": Module("training/checkpoint", "training/test_checkpoint", "258"),
    "normalize": Module("preprocess/normalize", "preprocess/test_normalize", "258"),
    "ctc": Module("reader/ctc", "reader/test_ctc", "258"),
    "recognise": Module("reader/recognise", "reader/test_recognise", "258"),
}


def _settings(module: Module) -> str:
    """Mutmut's part of pyproject.toml for one module."""
    settings = {
        "source_paths": ["src"],
        "only_mutate": [f"src/tenfold/{module.source}.py"],
        "pytest_add_cli_args_test_selection": [f"tests/{module.tests}.py"],
        "pytest_add_cli_args": ["-p", "no:cacheprovider", "-p", "no:schemathesis"],
        "also_copy": ["docs"],
        "process_isolation": "forkserver",  # torch and OpenCV do not outlive a fork after use
    }
    lines = [f"{key} = {json.dumps(value)}" for key, value in settings.items()]
    numbers = "track_dependencies = false\ntimeout_constant = 20.0\ntimeout_multiplier = 5.0\n"
    return f"\n[tool.mutmut]\n{numbers}" + "\n".join(lines) + "\n"


def _prepared(name: str, module: Module) -> Path:
    """Copy the tree, with mutmut's settings for one module."""
    folder = WORK / name
    shutil.rmtree(folder, ignore_errors=True)
    leave = shutil.ignore_patterns("__pycache__", "site")
    for part in ("src", "tests", "docs"):
        shutil.copytree(ROOT / part, folder / part, ignore=leave)
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    (folder / "pyproject.toml").write_text(text + _settings(module), encoding="utf-8")
    return folder


def _mutate(name: str, module: Module, seconds: float) -> tuple[Path, dict[str, int]]:
    """Try a module's sample; return the folder and each tried mutant's exit code."""
    folder = _prepared(name, module)
    command = [MUTMUT, "run", "--max-children", "2", f"*__mutmut_*[{module.digits}]"]
    # The copy's own source, no real pictures, and one thread each: two run at once.
    left_out = {"PYTHONPATH", "TENFOLD_DATA"}
    environment = {key: value for key, value in os.environ.items() if key not in left_out}
    environment |= {"OMP_NUM_THREADS": "1", "OPENCV_FOR_THREADS_NUM": "1"}
    said = folder / "mutmut.log"
    with said.open("w") as log:
        try:
            subprocess.run(
                command, cwd=folder, env=environment, stdout=log, stderr=log, check=True,
                timeout=max(1.0, seconds),
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            raise SystemExit(f"{name}: not done within {MINUTES} minutes; see {said}") from None
        except subprocess.CalledProcessError:
            raise SystemExit(f"{name}: mutmut failed; see {said}") from None
    meta = folder / "mutants" / "src" / "tenfold" / f"{module.source}.py.meta"
    codes: dict[str, int | None] = json.loads(meta.read_text())["exit_code_by_key"]
    return folder, {key: code for key, code in codes.items() if code is not None}


def _difference(folder: Path, mutant: str) -> str:
    command = [MUTMUT, "show", mutant]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    changed = [line for line in done.stdout.splitlines() if line[:1] in {"#", "+", "-"}]
    return "\n".join(line for line in changed if not line.startswith(("+++", "---")))


def main(names: list[str]) -> int:
    """Mutate the modules named, or all; return how many fall short."""
    unknown = sorted(set(names) - MODULES.keys())
    if unknown:
        raise SystemExit(f"{unknown[0]}: no such module; there are {', '.join(MODULES)}")
    short, end = 0, time.monotonic() + 60 * MINUTES
    for name in names or MODULES:
        started = time.monotonic()
        folder, codes = _mutate(name, MODULES[name], end - started)
        for mutant, code in codes.items():
            if code not in FAILED | ENDLESS:
                print(_difference(folder, mutant))
        failed, endless, untested = (
            sum(code in kind for code in codes.values()) for kind in (FAILED, ENDLESS, UNTESTED)
        )
        killed, seconds = failed + endless, time.monotonic() - started
        print(
            f"{name}: {killed} of {len(codes)} mutants killed ({killed / max(1, len(codes)):.0%}), "
            f"{endless} by the time they took; {untested} reached by no test; {seconds:.0f} s",
            flush=True,
        )
        short += killed < LEAST * len(codes)
    return short


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
