from __future__ import annotations

import base64
import inspect
import io
import json
import re
import shutil
import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import httpx
import numpy as np
import pillow_heif
import pytest
from PIL import Image
from typer.testing import CliRunner

import tenfold
from tenfold.cli import app
from tenfold.model import load_model
from tenfold.reader.reading import Digit, Line, Mark, Number, Reading
from tenfold.server import answers as shapes
from tenfold.server import settings
from tenfold.server.problems import MEDIA_TYPE
from tenfold.training.export import with_info

if TYPE_CHECKING:
    from tests.server.conftest import AsPng, Server, Start


ROOT = Path(__file__).parents[2]


def _drawing(hand: ModuleType, text: str, height: int = 90) -> dict[str, Any]:
    """The strokes of a hand that writes digits."""
    rng = np.random.default_rng(3)
    strokes = [
        {"points": (path * height + [30 + place * 1.1 * height, 25]).round(2).tolist(), "pen": 7}
        for place, digit in enumerate(text)
        for path in hand._strokes(digit, rng)
    ]
    return {
        "strokes": strokes,
        "width": round(60 + len(text) * 1.1 * height),
        "height": height + 50,
    }


def _as_the_command_reads(path: Path, *options: str) -> dict[str, Any]:
    result = CliRunner().invoke(app, ["read", str(path), "--json", *options])
    record: dict[str, Any] = json.loads(result.stdout)
    return record


def _same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    differing = {"file", "seconds"}
    return {k: v for k, v in one.items() if k not in differing} == {
        k: v for k, v in other.items() if k not in differing
    }


def test_every_way_to_send_a_picture_answers_as_the_command_does(
    client: httpx.Client, number: bytes, tmp_path: Path
) -> None:
    path = tmp_path / "number.png"
    path.write_bytes(number)
    expected = _as_the_command_reads(path)
    assert expected["text"] == "42"
    answers = [
        client.post("/v1/read", content=number, headers={"Content-Type": "image/png"}),
        client.post("/v1/read", files={"file": ("number.png", number)}),
        client.post("/v1/read", json={"image": base64.b64encode(number).decode()}),
    ]
    for answer in answers:
        assert answer.status_code == 200
        assert set(answer.json()) == set(expected)
        assert _same(answer.json(), expected)
    assert answers[1].json()["file"] == "number.png"


def test_the_first_page_of_a_pdf_is_read_and_a_photo_in_heic(
    client: httpx.Client, hand: ModuleType, make_pdf: Callable[..., bytes]
) -> None:
    pdf = make_pdf(hand.write("42"), hand.write("7"))
    answers = [
        client.post("/v1/read", content=pdf, headers={"Content-Type": "application/pdf"}),
        client.post("/v1/read", files={"file": ("scan.pdf", pdf)}),
    ]
    for answer in answers:
        assert answer.status_code == 200
        record = answer.json()
        assert (record["text"], record["page"]) == ("42", 1)
        assert record["notes"] == ["only page 1 of 2 was read"]
    photo = io.BytesIO()
    pillow_heif.from_pillow(Image.fromarray(hand.write("901"))).save(photo, quality=90)
    answer = client.post("/v1/read", files={"file": ("photo.heic", photo.getvalue())})
    assert (answer.json()["text"], answer.json()["page"]) == ("901", None)
    locked = make_pdf(hand.write("42"), **{f"{who}_password": "a" for who in ("owner", "user")})
    answer = client.post("/v1/read", files={"file": ("locked.pdf", locked)})
    assert answer.status_code == 422
    assert answer.json()["detail"] == (
        "locked.pdf: the PDF is encrypted. Save a copy without a password."
    )


def test_options_are_those_of_the_command(
    client: httpx.Client, hand: ModuleType, png: AsPng, tmp_path: Path
) -> None:
    turned = png(np.ascontiguousarray(np.rot90(hand.write("25"))))
    path = tmp_path / "turned.png"
    path.write_bytes(turned)
    options = ["--rotate=90", "--layout=line", "--min-confidence=0.9", "--ink=handwritten"]
    options.append("--expect=2 digits; 20..30")
    query = "/v1/read?rotate=90&layout=line&min_confidence=0.9&ink=handwritten"
    query += "&expect=2 digits; 20..30"
    answer = client.post(query, files={"file": turned}).json()
    assert answer["text"] == "25"
    assert answer["expected"]["value"] == "25"
    shapes.Expected.model_validate(answer["expected"])
    assert _same(answer, _as_the_command_reads(path, *options))


def test_what_is_expected_names_no_files(client: httpx.Client, number: bytes) -> None:
    answer = client.post("/v1/read?expect=one of /etc/passwd", files={"file": number})
    assert answer.status_code == 422
    assert "give the values" in answer.json()["detail"]
    answer = client.post("/v1/read?expect=two", files={"file": number})
    assert "'two' is not understood" in answer.json()["detail"]


def test_an_ink_that_is_none_is_told(client: httpx.Client, number: bytes) -> None:
    answer = client.post("/v1/read?ink=blue", files={"file": number})
    assert answer.status_code == 422
    assert "ink" in answer.json()["detail"]


def test_the_description_knows_all_that_a_reading_holds(client: httpx.Client) -> None:
    schemas = client.get("/openapi.json").json()["components"]["schemas"]
    box, chances = (1, 2, 3, 4), (0.0, 0.9, 0.0, 0.0, 0.0, 0.0, 0.0, 0.1, 0.0, 0.0)
    line = Line("1", box, (Number("1", box, 0.9),))
    digit = Digit(1, 0.9, chances, 0.9, box, 0, "struck out", "printed")
    mark = Mark("-", 0.4, box, None, in_text=False)
    record = Reading("a.png", (line,), (digit,), (mark,), 20, 30, 0, (), 0.1).to_dict()
    parts = {
        "Reading": record,
        "Line": record["lines"][0],
        "Number": record["lines"][0]["numbers"][0],
        "Digit": record["digits"][0],
        "Alternative": record["digits"][0]["alternatives"][0],
        "Mark": record["marks"][0],
    }
    for name, part in parts.items():
        assert set(part) == set(schemas[name]["required"]), name
        getattr(shapes, name).model_validate(part)


def test_strokes_are_read_as_the_command_reads_the_same_pixels(
    client: httpx.Client, hand: ModuleType, tmp_path: Path
) -> None:
    answer = client.post("/v1/read?include=steps", json=_drawing(hand, "427")).json()
    steps = answer.pop("steps")
    path = tmp_path / "pixels.png"
    path.write_bytes(base64.b64decode(steps["picture"]))
    assert answer["text"] == "427"
    read = _as_the_command_reads(path, "--ink", "all")
    # What is drawn is by hand, whatever even strokes look like in a picture.
    read["digits"] = [digit | {"ink": "handwritten"} for digit in read["digits"]]
    assert _same(answer, read)


def test_the_insides_are_added_where_asked_for(client: httpx.Client, number: bytes) -> None:
    query = "/v1/read?include=probabilities&include=glyphs&include=steps"
    answer = client.post(query, files={"file": number}).json()
    for digit in answer["digits"]:
        assert sum(digit["probabilities"]) == pytest.approx(1, abs=1e-3)
        # Of which digit it is; the confidence also holds how sure it is that there is one.
        assert digit["probabilities"][digit["digit"]] >= digit["confidence"] > 0.9
        glyph = np.frombuffer(base64.b64decode(digit["glyph"]), np.uint8)
        assert glyph.reshape(28, 28).max() == 255
    sizes = set()
    assert set(answer["steps"]) == {"picture", "paper", "ink", "lines", "strips"}
    answer["steps"].pop("strips")  # cut out of the lines, of a size of their own
    for picture in answer["steps"].values():
        with Image.open(io.BytesIO(base64.b64decode(picture))) as image:
            sizes.add(image.size)
    assert sizes == {(answer["width"], answer["height"])}


def test_a_batch_answers_in_order(client: httpx.Client, number: bytes) -> None:
    files = [("file", ("a.png", number)), ("file", ("b.png", b"no picture"))]
    first, second = client.post("/v1/read/batch", files=files).json()["readings"]
    assert (first["file"], first["text"]) == ("a.png", "42")
    assert second["status"] == 422
    assert second["detail"].startswith("b.png: ")
    pictures = {"pictures": [{"image": base64.b64encode(number).decode()}] * 2}
    answer = client.post("/v1/read/batch", json=pictures).json()
    assert [one["text"] for one in answer["readings"]] == ["42", "42"]


def test_arrays_are_classified(client: httpx.Client) -> None:
    images = [[[0.0] * 12 + [255] * 3 + [0] * 13] * 28, [[0] * 28] * 28]
    answers = client.post("/v1/classify", json={"images": images}).json()["answers"]
    assert answers[0]["digit"] == 1
    assert answers[1]["digitness"] < 0.5


def test_the_model_tells_of_itself(client: httpx.Client) -> None:
    facts = client.get("/v1/model").json()
    info = tenfold.Reader().model.info
    assert (facts["tenfold"], facts["parameters"]) == (tenfold.__version__, info.parameters)
    assert facts["recipe"] == info.recipe


def test_it_is_alive_ready_and_counted(client: httpx.Client) -> None:
    assert client.get("/healthz").json() == {"status": "ok"}
    assert client.get("/readyz").json() == {"status": "ok"}
    text = client.get("/metrics").text
    assert 'tenfold_requests_total{route="/healthz",status="200"}' in text
    assert "tenfold_reads_ready 2.0" in text
    assert "process_resident_memory_bytes" in text


def test_lessons_are_kept_and_taken_back(client: httpx.Client, collected: Path) -> None:
    before = client.get("/v1/teach").json()
    assert before["enabled"]
    assert before["folder"] == collected.name  # where it lies is not told
    lesson = {"digit": 7, "glyph": base64.b64encode(bytes(784)).decode()}
    taught = client.post("/v1/teach", json=lesson)
    assert taught.status_code == 201
    assert taught.json()["count"] == before["count"] + 1
    assert (collected / "7" / f"{taught.json()['id']}.png").exists()
    assert client.delete(f"/v1/teach/{taught.json()['id']}").json() == before
    assert client.delete(f"/v1/teach/{taught.json()['id']}").status_code == 404
    # What a form on somebody else's page could send without asking.
    plain = client.post(
        "/v1/teach", content=json.dumps(lesson), headers={"Content-Type": "text/plain"}
    )
    assert plain.status_code == 415


def test_without_a_folder_there_are_no_lessons(strict: Server) -> None:
    headers = {"Authorization": "Bearer sesame"}
    assert not strict.client.get("/v1/teach", headers=headers).json()["enabled"]
    answer = strict.client.post("/v1/teach", json={}, headers=headers)
    assert answer.status_code == 404
    assert "--collect" in answer.json()["detail"]
    assert strict.client.delete("/v1/teach/x", headers=headers).status_code == 404


@pytest.mark.parametrize(
    ("header", "status"),
    [(None, 401), ("Bearer open", 401), ("Basic sesame", 401), ("sesame", 401),
     ("Bearer sesame", 200), ("bearer sesame", 200)],
)  # fmt: skip
def test_a_token_is_asked_for(strict: Server, header: str | None, status: int) -> None:
    headers = {"Authorization": header} if header else {}
    for path in ("/v1/model", "/metrics"):
        answer = strict.client.get(path, headers=headers)
        assert answer.status_code == status
    for path in ("/", "/docs", "/openapi.json", "/healthz", "/readyz"):
        assert strict.client.get(path, headers=headers).status_code == 200


@pytest.mark.parametrize("path", ["/", "/docs", "/v1/model", "/nowhere", "/v1/read"])
def test_every_answer_carries_the_security_headers(client: httpx.Client, path: str) -> None:
    headers = client.get(path).headers
    assert headers["content-security-policy"].startswith("default-src 'none'; script-src 'self'")
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert "access-control-allow-origin" not in headers
    assert "server" not in headers


def test_other_origins_are_not_let_in(client: httpx.Client) -> None:
    asked = {"Origin": "https://example.org", "Access-Control-Request-Method": "POST"}
    answer = client.options("/v1/read", headers=asked)
    assert (answer.status_code, answer.headers["content-type"]) == (403, MEDIA_TYPE)
    assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nowhere", 404),
        ("GET", "/v1/read", 405),
        ("POST", "/v1/read?layout=book", 422),
        ("POST", "/v1/read?min_confidence=nan", 422),
        ("POST", "/v1/read?min_confidence=2", 422),
        ("POST", "/v1/read?include=all", 422),
        ("POST", "/v1/read?min-confidence=0.9", 422),
        ("POST", "/v1/read/", 404),
        ("POST", "/v1/classify?layout=line", 422),
        ("GET", "/v1/model?full=1", 422),
        ("GET", "/v1/teach?digit=7", 422),
    ],
)
def test_mistakes_are_problems_with_a_sentence(
    client: httpx.Client, method: str, path: str, status: int
) -> None:
    answer = client.request(method, path)
    assert (answer.status_code, answer.headers["content-type"]) == (status, MEDIA_TYPE)
    problem = answer.json()
    assert problem["status"] == status
    assert set(problem) == {"type", "title", "status", "detail"}
    assert problem["detail"].endswith(".")


def test_an_option_that_is_not_known_is_named(client: httpx.Client, number: bytes) -> None:
    drawing = {"strokes": [], "width": 80, "height": 80, "colour": "red"}
    for answer in (
        client.post("/v1/read?colour=red", content=number, headers={"Content-Type": "image/png"}),
        client.post("/v1/read", files={"file": number}, data={"colour": "red"}),
        client.post("/v1/read", json=drawing),
        client.post("/v1/classify", json={"images": [[[0] * 8] * 8], "colour": "red"}),
        client.get("/v1/model?colour=red"),
    ):
        assert answer.status_code == 422
        assert answer.json()["detail"].startswith("colour: "), answer.text


def test_an_option_given_twice_is_named(client: httpx.Client, number: bytes) -> None:
    for path in ("/v1/read", "/v1/read/batch"):
        answer = client.post(f"{path}?layout=page&layout=line", files={"file": number})
        assert answer.status_code == 422
        assert answer.json()["detail"] == "layout: it is given twice; give it once."


def test_base64_may_be_wrapped(client: httpx.Client, number: bytes) -> None:
    wrapped = base64.encodebytes(number).decode()
    assert wrapped.count("\n") > 2
    for image in (wrapped, wrapped.replace("\n", "\r\n"), f"data:image/png;base64,{wrapped}"):
        assert client.post("/v1/read", json={"image": image}).json()["text"] == "42"


def test_no_answer_says_where_the_server_s_files_lie(start: Start, tmp_path: Path) -> None:
    model, taught = tmp_path / "secret" / "mine.onnx", tmp_path / "secret" / "taught"
    model.parent.mkdir()
    source = ROOT / "src" / "tenfold" / "models" / "digits.onnx"
    info = load_model(source).info
    model.write_bytes(with_info(source.read_bytes(), replace(info, data=f"{tmp_path}/secret/data")))
    server = start("--model", str(model), "--collect", str(taught), TENFOLD_READS="1")
    lesson = {"digit": 7, "glyph": base64.b64encode(bytes(784)).decode()}
    ask = server.client
    facts = ask.get("/v1/model")
    assert (facts.json()["name"], facts.json()["data"]) == ("mine.onnx", "data")
    kept = ask.post("/v1/teach", json=lesson)
    shutil.rmtree(taught)
    taught.write_text("in its place")
    answers = [
        facts, kept, ask.get("/v1/teach"), ask.post("/v1/teach", json=lesson),
        ask.delete(f"/v1/teach/{kept.json()['id']}"), ask.get("/openapi.json"), ask.get("/metrics"),
        ask.post("/v1/read", files={"file": ("x", b"x")}), ask.get("/"), ask.get("/page/main.js"),
    ]  # fmt: skip
    assert [answer.status_code for answer in answers[:5]] == [200, 201, 200, 503, 404]
    assert [answer.url.path for answer in answers if "secret" in answer.text] == []
    detail = answers[3].json()["detail"]
    assert "--collect" in detail
    assert "--out" not in detail
    assert answers[2].json()["count"] == 0  # what is on the disk, whatever was counted before
    server.stop()


def test_six_clients_teach_and_forget_at_once(start: Start, tmp_path: Path) -> None:
    server = start("--collect", str(tmp_path / "taught"), TENFOLD_READS="1")

    def teach(number: int) -> list[str]:
        glyph = base64.b64encode(bytes([number]) * 784).decode()
        kept = []
        with httpx.Client(base_url=server.url, timeout=60) as client:
            for turn in range(60):
                # All on the same two digits, so that their folders come and go.
                taught = client.post("/v1/teach", json={"digit": turn % 2, "glyph": glyph})
                assert taught.status_code == 201, taught.text
                if turn % 20 == 19:
                    kept.append(taught.json()["id"])
                    continue
                forgotten = client.delete(f"/v1/teach/{taught.json()['id']}")
                assert forgotten.status_code == 200, forgotten.text
        return kept

    with ThreadPoolExecutor(6) as pool:
        kept = [name for names in pool.map(teach, range(6)) for name in names]
    assert len(kept) == 18
    assert {path.stem for path in (tmp_path / "taught").rglob("*.png")} == set(kept)
    assert server.client.get("/v1/teach").json()["count"] == 18
    server.stop()


def test_the_page_is_cached_by_its_content(client: httpx.Client) -> None:
    first = client.get("/page/main.js")
    assert first.headers["content-type"] == "text/javascript; charset=utf-8"
    again = client.get("/page/main.js", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize("path", ["/", "/healthz", "/v1/model", "/page/style.css"])
def test_head_asks_for_what_get_answers(client: httpx.Client, path: str) -> None:
    full, head = client.get(path), client.head(path)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == str(len(full.content))
    assert client.head("/v1/read").status_code == 405


def test_the_log_tells_of_requests_and_nothing_of_pictures(
    start: Start, hand: ModuleType, png: AsPng
) -> None:
    server = start(TENFOLD_READS="1")
    assert "Only this machine reaches it" in server.output()
    picture = png(hand.write("40718"))
    server.client.post("/v1/read?layout=line", files={"file": ("secret.png", picture)})
    server.client.post("/v1/read", files={"file": ("secret.png", b"secret")})
    server.client.get("/secret?secret=40718")
    server.stop()
    records = [json.loads(line) for line in server.output().splitlines()[1:]]
    assert [(r["method"], r["route"], r["status"]) for r in records] == [
        ("POST", "/v1/read", 200),
        ("POST", "/v1/read", 422),
        ("GET", "other", 404),
    ]
    assert all(record["ms"] > 0 for record in records)
    assert "secret" not in server.output()
    assert "40718" not in server.output()


def test_the_examples_of_the_page_about_the_server_work(server: Server) -> None:
    text = (ROOT / "docs" / "serve.md").read_text()
    examples = re.findall(r"^.*\bcurl -.*$", text, re.MULTILINE)
    assert len(examples) == 4
    for example in examples:
        command = example.replace("http://127.0.0.1:8000", server.url)
        done = subprocess.run(
            ["/bin/bash", "-c", command], cwd=ROOT, capture_output=True, text=True, check=True
        )
        assert json.loads(done.stdout)["text"] in {"40718\n2593 6", "7"}, example


def test_every_setting_is_explained() -> None:
    names = set(re.findall(r"TENFOLD_[A-Z_]+", inspect.getsource(settings)))
    assert len(names) == 9
    text = (ROOT / "docs" / "serve.md").read_text()
    assert [name for name in names if f"| `{name}` |" not in text] == []
