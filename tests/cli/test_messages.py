"""Messages advise only options that the command which prints them has."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

import tenfold
from tenfold.cli import app

SOURCE = Path(tenfold.__file__).parent
OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]*")
NAMED = re.compile(r"tenfold ((?:data |form )?[a-z-]+)\b")  # the command that a message speaks of
OTHERS = re.compile(r"pip install (?:--[a-z=-]+ )*|ray start --head")  # of other programs


def _commands() -> dict[str, Any]:
    """Every command by its name: "read", "data show"."""
    found: dict[str, Any] = {}
    for name, command in vars(get_command(app))["commands"].items():
        inner = getattr(command, "commands", None)
        found |= {name: command} if inner is None else {f"{name} {k}": v for k, v in inner.items()}
    return found


COMMANDS = _commands()
OPTIONS = {
    name: {option for each in command.params for option in (*each.opts, *each.secondary_opts)}
    | {"--help"}
    for name, command in COMMANDS.items()
}


def _home(name: str) -> str:
    """The module of a command."""
    group, _, own = name.partition(" ")
    if own and (SOURCE / "cli" / group).is_dir():
        return f"tenfold.cli.{group}.{own}{'_' if own == 'print' else ''}"
    return f"tenfold.cli.{group.replace('-', '_')}"


HOMES = {name: _home(name) for name in COMMANDS}


def _path(module: str) -> Path | None:
    base = SOURCE.parent.joinpath(*module.split("."))
    for path in (base.with_suffix(".py"), base / "__init__.py"):
        if path.exists():
            return path
    return None


def _is_for_types(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"


def _walk(node: ast.AST) -> Iterator[ast.AST]:
    yield node
    for child in ast.iter_child_nodes(node):
        if not _is_for_types(child):
            yield from _walk(child)


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def _imports(module: str) -> frozenset[str]:
    """Modules of tenfold that a module imports as it runs."""
    path = _path(module)
    assert path is not None
    found: set[str] = set()
    for node in _walk(_tree(path)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            found.add(node.module)
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return frozenset(
        name for name in found if name.startswith("tenfold.") and _path(name) is not None
    )


def _reached(home: str) -> set[str]:
    """Modules that can speak while a command runs; other commands do not."""
    seen, ahead = {home}, [home]
    while ahead:
        others = {*HOMES.values(), "tenfold.cli", "tenfold.cli.form"}
        more = _imports(ahead.pop()) - seen - others
        seen |= more
        ahead += more
    # Its page is for this machine alone: what is said of other addresses is not said.
    alone = {"tenfold.cli.listening", "tenfold.server.hosts"}
    return seen - alone if home == "tenfold.cli.form.new" else seen


def _literals(path: Path) -> Iterator[tuple[int, str]]:
    """What a module may print: its strings, but for docstrings and the names of options."""
    tree = _tree(path)
    silent: set[ast.AST] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            silent.add(node.value)  # a docstring
        elif isinstance(node, ast.JoinedStr):
            silent |= {part for part in node.values if isinstance(part, ast.Constant)}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            parts = (p.value if isinstance(p, ast.Constant) else "…" for p in node.values)
            yield node.lineno, "".join(map(str, parts))
        elif isinstance(node, ast.Constant) and node not in silent and " " in str(node.value):
            # Without a space it is the name of an option, or of a variable in a stylesheet.
            yield node.lineno, str(node.value)


def _advised(text: str) -> Iterator[tuple[str, str | None]]:
    """Each option in a message, and the command that the message names before it."""
    text = OTHERS.sub("", text)
    for found in OPTION.finditer(text):
        named = [match[1] for match in NAMED.finditer(text, 0, found.start())]
        known = [name for name in named if name in OPTIONS]
        yield found[0], known[-1] if known else None


MODULES = sorted(
    ".".join(path.relative_to(SOURCE.parent).with_suffix("").parts)
    for path in SOURCE.rglob("*.py")
    if path.name != "__init__.py"
)
SPEAKERS = {
    module: [name for name, home in HOMES.items() if module in _reached(home)] for module in MODULES
}


def test_every_option_in_a_message_exists_where_it_is_read() -> None:
    wrong = [
        f"{module}:{line}: {option}, which '{command}' lacks: {text[:60]!r}"
        for module in MODULES
        if (path := _path(module)) is not None
        for line, text in _literals(path)
        for option, named in _advised(text)
        for command in ([named] if named else SPEAKERS[module])
        if option not in OPTIONS[command]
    ]
    assert wrong == []


@pytest.mark.parametrize("path", sorted(SOURCE.rglob("*.j2")), ids=lambda path: path.name)
def test_so_does_every_option_in_a_template(path: Path) -> None:
    for line in path.read_text(encoding="utf-8").splitlines():
        for option, named in _advised(re.sub(r"var\(.*?\)|style=\".*?\"", "", line)):
            assert named is not None, line
            assert option in OPTIONS[named], line


def test_an_option_that_is_not_there_would_be_found() -> None:
    assert list(_advised("Give --data, or tenfold train --resume. Choose with --out.")) == [
        ("--data", None),
        ("--resume", "train"),
        ("--out", "train"),
    ]
    assert list(_advised("Upgrade with: pip install --upgrade tenfold")) == []
    assert "--seed" not in OPTIONS["read"]
    assert "read" in SPEAKERS["tenfold.files"]
    assert "read" not in SPEAKERS["tenfold.training.run"]
