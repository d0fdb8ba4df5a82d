from __future__ import annotations

import csv
import io
import json
import os
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import onnx
import pytest
from PIL import Image
from typer.testing import CliRunner, Result

from tenfold.cli import app
from tenfold.errors import TenfoldError, UsageError
from tenfold.modelinfo import METADATA_KEY
from tenfold.preprocess.image import Picture, Source
from tenfold.reader import draw
from tenfold.reader.networks import bundled_content
from tenfold.reader.reader import Reader
from tenfold.reader.reading import Box, Digit, Line, Mark, Number, Reading, Refusal
from tenfold.reader.trace import Trace

BOX: Box = (3, 4, 5, 6)


@pytest.fixture
def folder(hand: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "scans" / "deep").mkdir(parents=True)
    Image.fromarray(hand.write("42")).save("scans/a.png")
    Image.fromarray(hand.write("7\n358")).save("scans/deep/b.jpg", quality=95)
    Path("broken.png").write_text("no picture")
    return tmp_path


def _run(*arguments: str, stdin: bytes | None = None) -> Result:
    result = CliRunner().invoke(app, ["read", *arguments], input=stdin)
    if isinstance(result.exception, TenfoldError):
        raise result.exception
    return result


def test_people_get_the_text_line_by_line(folder: Path) -> None:
    result = _run("scans")
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        "scans/a.png: 42",
        "scans/deep/b.jpg:",
        "  7",
        "  358",
    ]


def test_json_is_one_object_a_picture(folder: Path) -> None:
    records = [json.loads(line) for line in _run("scans/**/*.*g", "--json").stdout.splitlines()]
    assert [(record["file"], record["text"]) for record in records] == [
        ("scans/a.png", "42"),
        ("scans/deep/b.jpg", "7\n358"),
    ]
    assert {"lines", "digits", "seconds"} <= set(records[0])
    assert records[1]["digits"][1]["line"] == 1


def test_csv_is_one_row_a_number(folder: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(_run("scans", "--csv").stdout)))
    assert [(row["file"], row["line"], row["text"], row["digits"]) for row in rows] == [
        ("scans/a.png", "1", "42", "2"),
        ("scans/deep/b.jpg", "1", "7", "1"),
        ("scans/deep/b.jpg", "2", "358", "3"),
    ]


def test_the_value_that_was_expected_is_printed(folder: Path) -> None:
    assert _run("scans", "--expect", "2 digits; 20..60", "--quiet").stdout.splitlines() == [
        "42",
        "",
    ]
    people = _run("scans", "--expect", "0..50; 1 decimal")
    assert people.stdout.splitlines()[0] == "scans/a.png: 42 = 42.0"
    assert "scans/deep/b.jpg: no number fits '2 digits; 20..60' surely enough" in " ".join(
        _run("scans", "--expect", "2 digits; 20..60").stderr.split()
    )
    Path("class.csv").write_text("name,id\nAda,42\nBob,358\n")
    rows = csv.DictReader(
        io.StringIO(_run("scans", "--expect", "one of class.csv", "--csv").stdout)
    )
    assert [row["text"] for row in rows] == ["42", "358"]
    with pytest.raises(UsageError, match="'many digits' is not understood"):
        _run("scans", "--expect", "many digits")


# What the reader of the moment cannot find, said by hand: numbers apart, marks, struck-out digits


def _digit(digit: int, confidence: float = 0.99, refused: Refusal | None = None) -> Digit:
    return Digit(digit, confidence, (0.1,) * 10, 0.9, BOX, 0, refused)


def _say(monkeypatch: pytest.MonkeyPatch, *digits: Digit, numbers: tuple[Number, ...] = ()) -> None:
    """Have every picture read as these digits."""
    line = Line(" ".join(number.text for number in numbers), BOX, numbers)
    marks = (Mark(".", 0.95, BOX, 0, in_text=True), Mark("-", 0.3, BOX, 0, in_text=False))
    trace = Reader.trace

    def say(self: Reader, source: Source, name: str | None = None) -> Trace:
        found = trace(self, source, name)
        lines = (line,) if numbers else ()
        return replace(found, reading=replace(found.reading, lines=lines, digits=digits,
                                              marks=marks if numbers else ()))  # fmt: skip

    monkeypatch.setattr(Reader, "trace", say)


@pytest.fixture
def receipt(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    digits = [_digit(1), _digit(9, refused="struck out"), _digit(2, 0.8), _digit(5), _digit(7)]
    others = [_digit(8, refused="printed"), _digit(3, refused="unsure")]
    numbers = (Number("12.5", BOX, 0.75), Number("-7", BOX, 0.98))
    _say(monkeypatch, *digits, *others, numbers=numbers)
    return folder / "scans" / "a.png"


def test_people_get_numbers_apart_and_what_was_left_out(receipt: Path) -> None:
    tail = "(1 refused; left out: 1 struck out, 1 printed, 1 “-”)"
    assert _run("scans/a.png").stdout == f"scans/a.png: 12?.5 -7  {tail}\n"
    assert _run("scans/a.png", "--quiet").stdout == "12.5 -7\n"


def test_csv_has_each_number_with_its_confidence(receipt: Path) -> None:
    assert _run("scans/a.png", "--csv").stdout.splitlines() == [
        "file,page,line,number,text,confidence,digits,least_confidence,refused,error",
        "scans/a.png,,1,1,12.5,0.7500,3,0.8000,1,",
        "scans/a.png,,1,2,-7,0.9800,1,0.9900,1,",
    ]


def test_json_has_numbers_and_marks(receipt: Path) -> None:
    record = json.loads(_run("scans/a.png", "--json").stdout)
    assert [number["text"] for number in record["lines"][0]["numbers"]] == ["12.5", "-7"]
    assert [(mark["text"], mark["in_text"]) for mark in record["marks"]] == [
        (".", True),
        ("-", False),
    ]
    assert [digit["reason"] for digit in record["digits"]][-2:] == ["printed", "unsure"]


def test_where_nothing_is_read_the_reasons_are_told(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _say(monkeypatch, _digit(4, refused="unsure"), _digit(4, refused="struck out"))
    tail = "(1 refused: unsure; left out: 1 struck out)"
    assert _run("scans/a.png").stdout == f"scans/a.png: nothing read  {tail}\n"
    assert _run("scans/a.png", "--csv").stdout.splitlines()[1] == "scans/a.png,,0,0,,,0,,1,"


def test_which_ink_to_keep_reaches_the_reader(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    trace = Reader.trace

    def listen(self: Reader, source: Source, name: str | None = None) -> Trace:
        asked.append(self.ink)
        return trace(self, source, name)

    monkeypatch.setattr(Reader, "trace", listen)
    for ink in ("auto", "all", "handwritten", "printed"):
        assert _run("scans/a.png", f"--ink={ink}").exit_code == 0
    assert asked == ["auto", "all", "handwritten", "printed"]
    assert _run("scans/a.png", "--ink=blue").exit_code == 2


def test_standard_input_is_read(folder: Path) -> None:
    result = _run("-", "--quiet", stdin=Path("scans/a.png").read_bytes())
    assert result.stdout == "42\n"


def test_the_others_are_read_even_if_one_cannot_be(folder: Path) -> None:
    result = _run("broken.png", "nothing.png", "scans/a.png", "void/*.png", "--quiet")
    assert result.exit_code == 1
    assert result.stdout == "42\n"
    errors = result.stderr.strip().splitlines()
    assert len(errors) == 3
    for name, line in zip(["void/*.png", "broken.png", "nothing.png"], sorted(errors), strict=True):
        assert any(name in error for error in errors), (name, line)


@pytest.mark.usefixtures("fault")
@pytest.mark.parametrize("form", ["--quiet", "--json", "--csv"])
def test_the_others_are_read_even_if_one_brings_a_fault_to_light(folder: Path, form: str) -> None:
    Path("faulty.png").write_bytes(Path("scans/a.png").read_bytes())
    result = _run("faulty.png", "scans/a.png", form)
    assert result.exit_code == 1
    assert "42" in result.stdout
    (line,) = result.stderr.strip().splitlines()
    assert line.startswith("Error: faulty.png: could not be read because of a fault in tenfold")
    told = line.removeprefix("Error: ")
    if form == "--json":
        first = json.loads(result.stdout.splitlines()[0])
        assert first == {"file": "faulty.png", "page": None, "error": told}
    elif form == "--csv":
        first, second = csv.DictReader(io.StringIO(result.stdout))
        assert (first["file"], first["text"], first["error"]) == ("faulty.png", "", told)
        assert (second["file"], second["error"]) == ("scans/a.png", "")
    else:
        assert "faulty" not in result.stdout


def test_a_picture_that_cannot_be_printed_costs_no_other(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inner = Reading.to_dict

    def to_dict(self: Reading) -> dict[str, Any]:
        if self.file.endswith("b.jpg"):
            raise ValueError("no such row")
        return inner(self)

    monkeypatch.setattr(Reading, "to_dict", to_dict)
    result = _run("scans/deep/b.jpg", "scans/a.png", "--json")
    assert result.exit_code == 1
    lost, read = (json.loads(line) for line in result.stdout.splitlines())
    assert (lost["file"], read["text"]) == ("scans/deep/b.jpg", "42")
    (line,) = result.stderr.strip().splitlines()
    assert line.startswith("Error: scans/deep/b.jpg: could not be printed because of a fault")


def test_a_picture_that_cannot_be_drawn_costs_no_other(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inner = draw.annotate

    def annotate(picture: Picture, reading: Reading) -> Image.Image:
        if reading.file == "scans/a.png":
            raise IndexError("no such box")
        return inner(picture, reading)

    monkeypatch.setattr(draw, "annotate", annotate)
    Path("out/c.png.read.png").mkdir(parents=True)  # where the copy should go
    Path("c.png").write_bytes(Path("scans/a.png").read_bytes())
    result = _run("scans/a.png", "c.png", "scans/deep/b.jpg", "--annotate", "out", "--quiet")
    assert result.exit_code == 1
    assert result.stdout == "42\n42\n7\n358\n"
    fault, unwritten = result.stderr.strip().splitlines()
    assert fault.startswith("Error: scans/a.png: could not be drawn because of a fault in tenfold")
    assert unwritten.startswith("Error: c.png: read, but not drawn. out/c.png.read.png: is a")
    assert Path("out/scans/deep/b.jpg.read.png").is_file()


@pytest.mark.skipif(sys.platform != "linux", reason="names are any bytes on Linux alone")
@pytest.mark.parametrize("form", [None, "--json", "--csv"])
def test_a_name_in_no_encoding_is_printed_escaped(folder: Path, form: str | None) -> None:
    odd = os.fsdecode(b"odd-\xff.png")
    Path(odd).write_bytes(Path("scans/a.png").read_bytes())
    environment = os.environ | {"PYTHONIOENCODING": "utf-8:strict"}
    command = [sys.executable, "-m", "tenfold", "read", odd, "scans/a.png"]
    command += [form] if form else []
    done = subprocess.run(command, capture_output=True, env=environment, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    first, second = done.stdout.decode().splitlines()[-2:]
    assert "scans/a.png" in second
    if form == "--json":
        assert json.loads(first)["file"] == r"odd-\xff.png"
    else:
        assert first.startswith(r"odd-\xff.png")


def test_a_folder_without_pictures_is_an_error(folder: Path) -> None:
    Path("empty").mkdir()
    result = _run("empty")
    assert result.exit_code == 1
    assert "no pictures in this folder" in result.stderr


def test_nothing_read_says_so(folder: Path) -> None:
    Image.new("L", (60, 60), 255).save("blank.png")
    assert _run("blank.png").stdout == "blank.png: nothing read\n"


def test_copies_and_steps_are_drawn(folder: Path) -> None:
    result = _run("scans", "--annotate", "out", "--explain", "steps", "--quiet")
    assert (result.exit_code, result.stderr) == (0, "")
    drawn = (path for path in Path("out").rglob("*") if path.is_file())
    assert sorted(path.relative_to("out/scans").as_posix() for path in drawn) == [
        "a.png.read.png",
        "deep/b.jpg.read.png",
    ]
    assert len(list(Path("steps", "scans", "a.png").iterdir())) == 6


def test_csv_and_json_exclude_each_other(folder: Path) -> None:
    with pytest.raises(UsageError, match="exclude"):
        _run("scans", "--csv", "--json")


def test_an_animation_says_that_its_first_frame_was_read(hand: ModuleType, folder: Path) -> None:
    frames = [Image.fromarray(hand.write(text)) for text in ("3", "8")]
    frames[0].save("moving.gif", save_all=True, append_images=frames[1:])
    result = _run("moving.gif")
    assert result.stdout == "moving.gif: 3\n"
    assert "first frame" in result.stderr


def test_the_shell_gets_no_torch_and_no_traceback(folder: Path) -> None:
    code = (
        "import sys; sys.argv = ['tenfold', 'read', 'scans/a.png', 'broken.png']\n"
        "from tenfold.cli import main\n"
        "try: main()\n"
        "except SystemExit as end: print(end.code, 'torch' in sys.modules)"
    )
    environment = os.environ | {"COLUMNS": "200"}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=False
    )
    assert done.stdout.splitlines() == ["scans/a.png: 42", "1 False"]
    assert "Traceback" not in done.stderr
    assert "broken.png" in done.stderr


def test_pictures_of_like_names_keep_their_copies_apart(folder: Path) -> None:
    content = Path("scans/a.png").read_bytes()
    Path("col/a").mkdir(parents=True)
    for name in ("a b.png", "a-b.png", "a/b.png"):
        Path("col", name).write_bytes(content)
    result = _run("col", str(folder / "col" / "a" / "b.png"), "--annotate", "out", "--quiet")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "42\n" * 4, "")
    drawn = {path.relative_to("out").as_posix() for path in Path("out").rglob("*.png")}
    assert drawn == {
        "col/a b.png.read.png",
        "col/a-b.png.read.png",
        "col/a/b.png.read.png",
        f"{folder.as_posix()[1:]}/col/a/b.png.read.png",
    }


def test_two_pictures_that_would_go_to_one_place_are_told_apart(folder: Path) -> None:
    Path("standard-input").write_bytes(Path("scans/a.png").read_bytes())
    names = ("standard-input", "-", "standard-input")
    stdin = Path("scans/deep/b.jpg").read_bytes()
    result = _run(*names, "--annotate", "out", "--explain", "steps", "--quiet", stdin=stdin)
    assert result.exit_code == 0
    assert result.stderr == (
        "standard input: drawn as standard-input-2, because another picture is drawn by its own "
        "name.\n"
    )
    assert sorted(path.name for path in Path("out").iterdir()) == [
        "standard-input-2.read.png",
        "standard-input.read.png",
    ]
    assert len(list(Path("steps/standard-input-2").iterdir())) == 6


def test_a_file_that_tenfold_did_not_draw_is_left_alone(folder: Path) -> None:
    mine = Path("out/scans/a.png.read.png")
    step = Path("steps/scans/a.png/2-ink.png")
    for path in (mine, step):
        path.parent.mkdir(parents=True)
        path.write_text("mine")
    for options in (["--annotate", "out"], ["--explain", "steps"]):
        result = _run("scans", *options, "--quiet")
        assert result.exit_code == 1
        assert result.stdout == "42\n7\n358\n"
        (line,) = result.stderr.splitlines()
        assert "already exists and is not known to be tenfold's" in line
    assert (mine.read_text(), step.read_text()) == ("mine", "mine")
    assert Path("out/scans/deep/b.jpg.read.png").is_file()
    for _ in range(2):  # the second time over its own
        assert _run("scans/a.png", "--annotate", "out", "--quiet", "--force").exit_code == 0
    with Image.open(mine) as copy:
        assert copy.format == "PNG"
    assert _run("scans/a.png", "--annotate", "out", "--quiet").exit_code == 0


def test_copies_among_the_pictures_are_not_read_as_pictures(folder: Path) -> None:
    assert _run("scans", "--annotate", ".", "--quiet").exit_code == 0
    result = _run("scans", "--annotate", ".", "--quiet")
    assert (result.exit_code, result.stdout) == (0, "42\n7\n358\n")
    assert result.stderr.splitlines() == [
        "scans/a.png.read.png: left out, for tenfold itself drew it.",
        "scans/deep/b.jpg.read.png: left out, for tenfold itself drew it.",
    ]


@pytest.mark.skipif(sys.platform != "linux", reason="pipes and sockets as on Linux")
def test_nothing_but_files_is_opened_and_the_others_are_read(folder: Path) -> None:
    os.mkfifo("scans/pipe.png")
    Path("scans/zero.png").symlink_to("/dev/zero")
    Path("scans/link.png").symlink_to("a.png")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("scans/socket.png")
    result = _run("scans", "/dev/zero", "scans/pipe.png", "--quiet")
    assert result.exit_code == 1
    assert result.stdout == "42\n7\n358\n42\n"
    told = [line.partition(", not")[0] for line in result.stderr.splitlines()]
    assert told == [
        "Error: scans/pipe.png: is a pipe",
        "Error: scans/socket.png: is a socket",
        "Error: scans/zero.png: is a device",
        "Error: /dev/zero: is a device",
        "Error: scans/pipe.png: is a pipe",
    ]


def test_a_name_too_long_for_a_copy_costs_no_other(folder: Path) -> None:
    long = "n" * 250 + ".png"
    Path(long).write_bytes(Path("scans/a.png").read_bytes())
    result = _run(long, "n" * 5000, "scans/a.png", "--annotate", "out", "--quiet")
    assert result.exit_code == 1
    assert result.stdout == "42\n42\n"
    drawn, unread = result.stderr.splitlines()
    assert drawn.startswith(f"Error: {long}: read, but not drawn. out/{long}.read.png: cannot be")
    assert drawn.count("File name too long") == unread.count("File name too long") == 1
    assert Path("out/scans/a.png.read.png").is_file()


def test_an_empty_name_is_no_folder(folder: Path) -> None:
    result = _run("", "--quiet")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("Error: '': an empty name.")


HOSTILE = "=\x1b[31m\n\x9b\u202e.png"
WRITTEN = r"=\x1b[31m\n\xc2\x9b\xe2\x80\xae.png"


@pytest.mark.skipif(sys.platform != "linux", reason="names are any bytes on Linux alone")
def test_a_name_is_written_the_same_way_everywhere(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path(HOSTILE).write_bytes(Path("scans/a.png").read_bytes())
    assert _run(HOSTILE).stdout == f"{WRITTEN}: 42\n"
    assert json.loads(_run(HOSTILE, "--json").stdout)["file"] == WRITTEN
    _, row = _run(HOSTILE, "--csv").stdout.splitlines()
    assert next(csv.reader([row]))[0] == f"'{WRITTEN}"
    told = f"Error: gone{WRITTEN}: no file matches this pattern.\n"  # it has a bracket
    assert _run(f"gone{HOSTILE}").stderr == told
    _say(monkeypatch, _digit(4), numbers=(Number("=4", BOX, 0.9), Number("-4", BOX, 0.9)))
    _, formula, number = _run(HOSTILE, "--csv").stdout.splitlines()
    assert next(csv.reader([formula]))[4] == "'=4"
    assert next(csv.reader([number]))[4] == "-4"


def test_a_backslash_in_a_name_is_no_escape(folder: Path) -> None:
    names = ["a\n.png", r"a\n.png"]
    for name in names:
        Path(name).write_bytes(Path("scans/a.png").read_bytes())
    found = [json.loads(line)["file"] for line in _run(*names, "--json").stdout.splitlines()]
    assert found == [r"a\n.png", r"a\\n.png"]


def test_json_is_utf_8_or_plain_ascii(folder: Path) -> None:
    Path("日本é.png").write_bytes(Path("scans/a.png").read_bytes())
    for encoding in ("utf-8", "latin-1", "ascii"):
        done = subprocess.run(
            [sys.executable, "-m", "tenfold", "read", "日本é.png", "--json"],
            capture_output=True,
            env=os.environ | {"PYTHONIOENCODING": encoding, "PYTHONUTF8": "1"},
            check=True,
        )
        assert json.loads(done.stdout.decode("utf-8"))["file"] == "日本é.png"


def test_a_closed_standard_input_costs_one_sentence(folder: Path) -> None:
    done = subprocess.run(
        ["/bin/sh", "-c", f"{sys.executable} -m tenfold read - scans/a.png --quiet <&-"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (1, "42\n")
    assert done.stderr.startswith("Error: standard input: is closed. ")
    assert done.stderr.count("\n") == 1


def test_a_model_of_an_old_format_costs_one_line_that_steers_no_terminal(folder: Path) -> None:
    model = onnx.load_model_from_string(bundled_content())
    record = json.loads({each.key: each.value for each in model.metadata_props}[METADATA_KEY])
    old = json.dumps(record | {"format_version": 1})
    onnx.helper.set_model_props(model, {METADATA_KEY: old})
    (folder / "\x1b[31mold.onnx").write_bytes(model.SerializeToString())
    result = _run("scans/a.png", "--model", "\x1b[31mold.onnx", "--quiet")
    assert result.stdout == "42\n"
    (line,) = result.stderr.splitlines()
    assert line.startswith(r"Warning: \x1b[31mold.onnx is of model format 1: it carries no digest")
