"""The rules of the house: what may import what, how long a module may be, what is written down."""

from __future__ import annotations

import ast
import doctest
import importlib
import re
import subprocess
import sys
from pathlib import Path

import pytest

import tenfold

SOURCE = Path(tenfold.__file__).parent
MODULES = sorted(SOURCE.rglob("*.py"))
MAX_LINES = 300

# Rooms that need no torch, and what they may stand on besides Python itself.
READING = {
    "decoders",
    "forms",
    "locks",
    "preprocess",
    "graph",
    "model",
    "modelfile",
    "modelinfo",
    "signature",
    "reader",
    "scale",
    "server",
    "workers",
}
# What the extras of some of them bring; FastAPI stands on pydantic.
OF_EXTRAS = {"server": {"pydantic"}, "forms": {"pydantic", "scipy"}}
TRAINING_PACKAGES = {
    "torch", "sklearn", "scipy", "matplotlib", "onnx", "onnxscript", "pydantic", "safetensors",
    "tensorboardX", "pooch", "keras", "jinja2", "optuna", "mlflow",
}  # fmt: skip

# Arrows point one way. docs/architecture.md says from which rooms each room may import; a room is a
# package or a module straight below tenfold; all may use names, errors, files and the version.
FOUNDATION = {"names", "errors", "files", "__init__"}
PLAN = Path(__file__).parents[1] / "docs" / "architecture.md"
ROW = re.compile(r"^\| `(\w+)` \| [^|]+ \| ([^|]*) ?\|$", re.MULTILINE)
BELOW: dict[str, set[str]] = {"__init__": set()} | {
    room: set(re.findall(r"`(\w+)`", below))
    for room, below in ROW.findall(PLAN.read_text(encoding="utf-8"))
}
LAZY_ROOT = {SOURCE / "__init__.py"}  # it names all rooms, for type checkers, and imports none


def _name(path: Path) -> str:
    return ".".join(path.relative_to(SOURCE).with_suffix("").parts)


def _imports(path: Path) -> set[str]:
    """Every module that a file imports anywhere in it, by its full name."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}: import by full names"
            assert node.module is not None
            if node.module == "tenfold":
                found |= {f"tenfold.{alias.name}" for alias in node.names}
            else:
                found.add(node.module)
    return found


def _room(module: str) -> str:
    """The room below tenfold that a module lies in: tenfold.data.idx lies in data."""
    name = module.split(".")[1]
    return name if (SOURCE / name).exists() or (SOURCE / f"{name}.py").exists() else "__init__"


def test_the_rooms_are_those_of_the_plan() -> None:
    rooms = {_room(f"tenfold.{_name(path)}") for path in MODULES}
    assert rooms | {"models"} == BELOW.keys()


def test_arrows_point_one_way() -> None:
    wrong = {}
    for path in set(MODULES) - LAZY_ROOT:
        room = _room(f"tenfold.{_name(path)}")
        reached = {_room(name) for name in _imports(path) if name.startswith("tenfold.")}
        if against := reached - {room} - FOUNDATION - BELOW[room]:
            wrong[_name(path)] = against
    assert wrong == {}


def test_the_plan_allows_nothing_that_is_not_needed() -> None:
    used: dict[str, set[str]] = {room: set() for room in BELOW}
    for path in set(MODULES) - LAZY_ROOT:
        reached = {_room(name) for name in _imports(path) if name.startswith("tenfold.")}
        used[_room(f"tenfold.{_name(path)}")] |= reached
    idle = {room: below - used[room] for room, below in BELOW.items() if room not in FOUNDATION}
    # Rooms of files alone are named where they are opened.
    assert {room: rest - {"models"} for room, rest in idle.items() if rest - {"models"}} == {}


# The same thing in two rooms, or a word so plain that its room says the rest. A command is named
# after the room that it opens.
TWINS = {
    "app", "arrays", "checkpoint", "checks", "confidence", "copies", "figures", "framing", "images",
    "items", "labels", "loop", "network", "networks", "non_digits", "numbers", "outline", "pool",
    "read", "recipe", "review", "run", "runs", "settings", "shapes", "table", "verdict", "worker",
}  # fmt: skip


def test_a_name_has_one_meaning() -> None:
    rooms: dict[str, set[str]] = {}
    for path in MODULES:
        if path.stem not in ("__init__", "__main__") and _room(f"tenfold.{_name(path)}") != "cli":
            rooms.setdefault(path.stem, set()).add(str(path.parent))
    assert {name for name, homes in rooms.items() if len(homes) > 1} == TWINS


def test_the_plan_has_no_circles() -> None:
    def above(room: str, seen: tuple[str, ...] = ()) -> None:
        assert room not in seen, " → ".join((*seen, room))
        for below in BELOW[room]:
            above(below, (*seen, room))

    for room in BELOW:
        above(room)


def _packages(path: Path) -> set[str]:
    return {name.partition(".")[0] for name in _imports(path)}


def test_the_reading_half_never_imports_what_only_training_needs() -> None:
    wrong = {}
    for path in MODULES:
        room = _room(f"tenfold.{_name(path)}")
        allowed = OF_EXTRAS.get(room, set())
        if room in READING and (found := _packages(path) & TRAINING_PACKAGES - allowed):
            wrong[_name(path)] = found
    assert wrong == {}


def test_pages_and_degradation_need_no_torch() -> None:
    paths = [p for part in ("pages", "degrade") for p in (SOURCE / "synthesis" / part).glob("*.py")]
    assert paths
    heavy = {"torch", "onnx", "safetensors", "pydantic"}
    assert {_name(path): found for path in paths if (found := _packages(path) & heavy)} == {}


def test_modules_are_short_and_say_what_they_are() -> None:
    texts = {_name(path): path.read_text(encoding="utf-8") for path in MODULES}
    assert [name for name, text in texts.items() if len(text.splitlines()) > MAX_LINES] == []
    # A module says at its head what it is for.
    assert [name for name, text in texts.items() if not ast.get_docstring(ast.parse(text))] == []


def _loaded_after(code: str) -> set[str]:
    """The top-level packages a fresh Python holds after some code."""
    script = f"{code}\nimport sys\nprint(*{{name.partition('.')[0] for name in sys.modules}})"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    return set(done.stdout.split())


def test_importing_tenfold_takes_nothing_heavy() -> None:
    heavy = TRAINING_PACKAGES | {"numpy", "onnxruntime", "cv2", "PIL", "typer", "rich", "pandas"}
    assert not _loaded_after("import tenfold") & heavy


def test_opening_a_model_takes_nothing_of_the_training_half() -> None:
    loaded = _loaded_after("import tenfold; tenfold.load_model, tenfold.TenfoldError")
    assert "onnxruntime" in loaded
    assert not loaded & TRAINING_PACKAGES


def test_the_command_line_starts_without_the_training_half() -> None:
    assert not _loaded_after("import tenfold.cli") & (TRAINING_PACKAGES | {"onnxruntime"})


def _with_examples() -> list[str]:
    shown = [path for path in MODULES if ">>> " in path.read_text(encoding="utf-8")]
    return [f"tenfold.{_name(path)}".removesuffix(".__init__") for path in shown]


@pytest.mark.parametrize("name", _with_examples())
def test_examples_in_docstrings_show_what_they_say(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # an example may save a file
    try:
        module = importlib.import_module(name)
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("tenfold"):
            raise
        pytest.skip(f"{name} needs {error.name}, which is not installed")
    failed, _ = doctest.testmod(module)
    assert not failed
