from __future__ import annotations

from pathlib import Path

import pytest

from tenfold.cores import cores
from tenfold.errors import UsageError
from tenfold.server.settings import Settings


def test_defaults_are_those_of_the_documentation() -> None:
    settings = Settings.from_environment({})
    assert (settings.body_bytes, settings.megapixels, settings.batch) == (25_000_000, 50, 64)
    assert (settings.reads, settings.token, settings.collect) == (cores(), None, None)
    assert (settings.reference, settings.allow) == (5000, 0.1)


def test_the_environment_and_the_command_line_are_heard() -> None:
    environment = {"TENFOLD_TOKEN": "x\n", "TENFOLD_SECONDS": "2.5", "TENFOLD_QUEUE": "0"}
    settings = Settings.from_environment(environment, collect=Path("taught"))
    assert (settings.token, settings.seconds, settings.queue) == ("x", 2.5, 0)
    assert settings.collect == Path("taught")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TENFOLD_BODY_MB", "much"),
        ("TENFOLD_BODY_MB", "0"),
        ("TENFOLD_SECONDS", "nan"),
        ("TENFOLD_MEGAPIXELS", "51"),
        ("TENFOLD_READS", "-1"),
        ("TENFOLD_REFERENCE", "499"),
        ("TENFOLD_ALLOW", "101"),
        ("TENFOLD_TOKEN", " "),
        ("TENFOLD_TOKEN", "schlüssel"),
    ],
)
def test_what_is_out_of_range_is_named(name: str, value: str) -> None:
    with pytest.raises(UsageError, match=name):
        Settings.from_environment({name: value})
