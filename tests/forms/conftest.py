"""What tests of forms share: blank forms drawn for measuring, and scans of them."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


def _load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, BENCHMARKS / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # one of them imports the other
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def drawn() -> ModuleType:
    """The module benchmarks/drawn_forms.py."""
    return _load("drawn_forms")


@pytest.fixture(scope="session")
def simulated(drawn: ModuleType) -> ModuleType:
    """The module benchmarks/simulated_scans.py."""
    return _load("simulated_scans")
