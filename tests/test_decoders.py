from __future__ import annotations

import io
import os
import subprocess
import sys
import warnings
from pathlib import Path
from types import ModuleType

import pytest
from PIL import Image

from tenfold.decoders import DAMAGED, STDERR, caught, damage_told
from tenfold.errors import TenfoldWarning


def _damaged(hand: ModuleType) -> bytes:
    """A TIFF of which libtiff complains as it decodes it."""
    whole = io.BytesIO()
    Image.fromarray(hand.write("42")).convert("1").save(whole, "TIFF", compression="group4")
    content = bytearray(whole.getvalue())
    for place in range(60, len(content) // 2, 23):
        content[place] ^= 0x55
    return bytes(content)


def test_what_libtiff_writes_becomes_one_sentence(hand: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "whole.png").write_bytes(_png(hand))
    (tmp_path / "damaged.tif").write_bytes(_damaged(hand))
    done = subprocess.run(
        [sys.executable, "-m", "tenfold", "read", "damaged.tif", "whole.png"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.stderr == f"damaged.tif: {DAMAGED}.\n"
    assert done.stdout.endswith("whole.png: 42\n")


def _png(hand: ModuleType) -> bytes:
    content = io.BytesIO()
    Image.fromarray(hand.write("42")).save(content, "PNG")
    return content.getvalue()


def test_what_libraries_write_is_caught_and_told_once(
    capfd: pytest.CaptureFixture[str],
) -> None:
    with caught() as said:
        assert not said()
        os.write(STDERR, b"Fax4Decode: Bad code word.\n")
        assert said()
        assert not said()
        os.write(STDERR, b"[W:onnxruntime] no GPU\n")
        assert not said()
        with pytest.warns(UserWarning, match="of the test"):
            warnings.warn("of the test itself", UserWarning, stacklevel=1)
        assert not said()
    os.write(STDERR, b"after\n")
    assert capfd.readouterr().err == "after\n"


def test_pillows_warnings_are_caught(capfd: pytest.CaptureFixture[str]) -> None:
    with caught() as said:
        warnings.warn_explicit("Truncated File Read", UserWarning, "/x/PIL/Tiff.py", 1)
        assert said()
        warnings.warn_explicit("Truncated File Read", UserWarning, "/x/PIL/Tiff.py", 1)
        assert said()
    assert capfd.readouterr().err == ""


def test_who_loads_a_damaged_picture_is_warned_only_where_lines_are_caught() -> None:
    complaint = b"Fax4Decode: Bad code word.\n"
    with warnings.catch_warnings(), damage_told("a.tif"):
        warnings.simplefilter("error")
    with warnings.catch_warnings(record=True) as told, caught():
        os.write(STDERR, complaint)
        with damage_told("whole.tif"):  # what was said before is not of it
            pass
        with damage_told("damaged.tif"):
            os.write(STDERR, complaint)
    assert [str(each.message) for each in told] == [f"damaged.tif: {DAMAGED}."]
    assert told[0].category is TenfoldWarning


def test_pythons_own_standard_error_goes_where_it_went() -> None:
    code = (
        "import os, sys\nfrom tenfold.decoders import caught\n"
        "with caught() as said:\n"
        "    print('ours', file=sys.stderr)\n    os.write(2, b'theirs')\n"
        "print('later', file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr == "ours\nlater\n"


def test_a_closed_standard_error_harms_nothing() -> None:
    code = "from tenfold.decoders import caught\nwith caught() as said: print(said())"
    done = subprocess.run(
        ["/bin/sh", "-c", f'{sys.executable} -c "$1" 2>&-', "-", code],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout == "False\n"
