from __future__ import annotations

import contextlib
import copy
import json
import os
import pickle
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnx
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tenfold.data.splits import Splits
from tenfold.errors import ModelError
from tenfold.model import CHUNK, Model, load_model, open_model
from tenfold.modelfile import MAX_LOGIT
from tenfold.modelinfo import ALWAYS, METADATA_KEY, sealed
from tenfold.reader.networks import DIGITS, FINDER, LINE, Finder, LineRecogniser, bundled_content
from tenfold.training.checkpoint import load_checkpoint
from tenfold.training.export import with_info
from tenfold.training.loop import Training
from tenfold.training.networks import scale
from tenfold.training.result import Run

BUNDLED = bundled_content()
BLANK = np.zeros((1, 28, 28), np.uint8)


@pytest.fixture(scope="module")
def content(run: Run) -> bytes:
    """The bytes of a sound model file."""
    return run.model.read_bytes()


def _with_metadata(content: bytes, text: str) -> bytes:
    model = onnx.load_model_from_string(content)
    onnx.helper.set_model_props(model, {METADATA_KEY: text})
    return sealed(model.SerializeToString())


def _record(content: bytes) -> dict[str, Any]:
    model = onnx.load_model_from_string(content)
    (entry,) = (each for each in model.metadata_props if each.key == METADATA_KEY)
    record: dict[str, Any] = json.loads(entry.value)
    return record


def _refused(content: bytes) -> str:
    """Why this content is refused, in one line that names the file."""
    with pytest.raises(ModelError) as caught:
        open_model(content, "some.onnx", threads=1)
    message = str(caught.value)
    assert message.startswith("some.onnx: ")
    assert "\n" not in message
    return message


def test_probabilities_are_those_of_the_torch_network(run: Run, few: Splits, model: Model) -> None:
    training = Training(run.recipe, few.train, None, torch.device("cpu"))
    assert load_checkpoint(training, run.folder)
    with training.result() as network, torch.inference_mode():
        expected = network(scale(torch.from_numpy(few.test.images))).softmax(dim=1).numpy()
    probabilities = model.predict_proba(few.test.images)
    assert probabilities.dtype == np.float32
    np.testing.assert_allclose(probabilities, expected, atol=1e-5, rtol=0)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-6)
    assert np.array_equal(model.predict(few.test.images), expected.argmax(axis=1))


def test_the_file_says_what_it_is(run: Run, few: Splits, model: Model) -> None:
    info = model.info
    assert info.classes == tuple("0123456789")
    assert (info.size, info.data, info.seed) == (8, "digits", run.recipe.seed)
    assert info.data_count == 285  # 15 of the 300 were held out for validation
    assert info.data_fingerprint == few.train.fingerprint()
    assert info.recipe == run.recipe.to_toml()
    assert info.results["test_accuracy"] == run.evaluation.accuracy
    assert info.results["test_count"] == 60
    assert (info.temperature, info.rejection_threshold) == (1.0, None)
    assert info.versions["torch"] == torch.__version__
    # two convolutions, each with its batch normalisation, and the last layer
    assert info.parameters == 4 * 9 + 2 * 4 + 8 * 4 * 9 + 2 * 8 + (8 * 16 * 10 + 10)


def test_a_picture_is_read_alike_in_any_company(model: Model, few: Splits) -> None:
    images = few.train.images
    together = model.predict_logits(images)
    alone = np.concatenate([model.predict_logits(image[None]) for image in images[:20]])
    np.testing.assert_allclose(alone, together[:20], atol=1e-5)
    order = np.random.default_rng(0).permutation(len(images))
    np.testing.assert_allclose(model.predict_logits(images[order]), together[order], atol=1e-5)


def test_more_pictures_than_a_chunk_go_through(model: Model, few: Splits) -> None:
    rows = np.arange(CHUNK * 2 + 5) % len(few.test)
    once = model.predict_proba(few.test.images)
    np.testing.assert_allclose(model.predict_proba(few.test.images[rows]), once[rows], atol=1e-5)


def test_views_of_arrays_are_read_as_they_look(model: Model, few: Splits) -> None:
    flipped = few.test.images[::-1, :, ::-1]
    expected = model.predict_logits(np.ascontiguousarray(flipped))
    np.testing.assert_allclose(model.predict_logits(flipped), expected, atol=1e-6)


def test_no_pictures_give_no_rows(model: Model) -> None:
    nothing = np.zeros((0, 8, 8), np.uint8)
    assert model.predict_logits(nothing).shape == (0, 10)
    assert model.predict_proba(nothing).shape == (0, 10)
    assert model.predict(nothing).shape == (0,)


@pytest.mark.parametrize(
    "images",
    [
        np.zeros((2, 8, 8), np.float32),
        np.zeros((2, 8, 8), np.int64),
        np.zeros((2, 28, 28), np.uint8),
        np.zeros((2, 8, 9), np.uint8),
        np.zeros((8, 8), np.uint8),
        np.zeros((2, 64), np.uint8),
        np.zeros((2, 1, 8, 8), np.uint8),
    ],
    ids=lambda images: f"{images.dtype}{images.shape}",
)
def test_other_pictures_are_refused(model: Model, images: NDArray[Any]) -> None:
    for predict in (model.predict, model.predict_proba, model.predict_logits):
        with pytest.raises(ModelError) as caught:
            predict(images)
        message = str(caught.value)
        assert f"takes uint8 pictures of shape (n, 8, 8); got {images.dtype}" in message
        assert str(images.shape) in message
        assert "tenfold read" in message


def test_temperature_divides_the_logits(content: bytes, model: Model, few: Splits) -> None:
    warm = open_model(with_info(content, replace(model.info, temperature=2.0)), "warm", threads=1)
    logits = model.predict_logits(few.test.images) / 2
    odds = np.exp(logits.astype(np.float64))
    np.testing.assert_allclose(
        warm.predict_proba(few.test.images), odds / odds.sum(axis=1, keepdims=True), atol=1e-5
    )
    assert np.array_equal(warm.predict(few.test.images), model.predict(few.test.images))


def test_a_missing_file_and_a_folder_are_told(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"gone\.onnx: cannot be read \(No such file"):
        load_model(tmp_path / "gone.onnx")
    with pytest.raises(ModelError, match="is a folder, not a model file"):
        load_model(str(tmp_path))


def test_a_file_cut_short_anywhere_is_refused(content: bytes) -> None:
    lengths = {0, 1, 2, 10, len(content) - 1, len(content) - 2, *range(0, len(content), 499)}
    for length in sorted(lengths):
        _refused(content[:length])


@settings(max_examples=40, deadline=None)
@given(share=st.floats(0, 1, exclude_max=True), change=st.integers(1, 255))
def test_a_damaged_byte_is_refused_wherever_it_lies(share: float, change: int) -> None:
    damaged = bytearray(BUNDLED)
    damaged[int(share * len(damaged))] ^= change
    _refused(bytes(damaged))


@settings(max_examples=60, deadline=None)
@given(share=st.floats(0, 1, exclude_max=True), change=st.integers(1, 255), head=st.booleans())
def test_a_file_that_was_damaged_on_purpose_is_refused_or_answers(
    share: float, change: int, head: bool
) -> None:
    # Its digest is made anew, so only what the file says can show that it is wrong.
    damaged = bytearray(BUNDLED)
    damaged[int(share * (9000 if head else len(damaged)))] ^= change
    with contextlib.suppress(ModelError):  # any other error is a fault of ours
        model = open_model(sealed(bytes(damaged)), "some.onnx", threads=1)
        assert np.isfinite(model.predict_proba(np.zeros((1, 28, 28), np.uint8))).all()


def test_names_and_metadata_that_are_no_text_are_refused_quietly(
    content: bytes, capfd: pytest.CaptureFixture[str]
) -> None:
    for word in (b"images", b"logits", b'"classes"', b"torch"):
        assert word in content
        _refused(sealed(content.replace(word, b"\xff" + word[1:])))
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("text", [b"hello", b"\x89PNG\r\n\x1a\n" + b"\0" * 50, b"\x80\x04K\x01."])
def test_files_of_other_kinds_are_refused(text: bytes) -> None:
    assert "not a model file of tenfold's, or a damaged one" in _refused(text)


def _foreign(shape: list[str | int | None]) -> onnx.ModelProto:
    tensor = onnx.helper.make_tensor_value_info
    node = onnx.helper.make_node("Identity", ["images"], ["logits"])
    kind = onnx.TensorProto.UINT8
    graph = onnx.helper.make_graph(
        [node], "g", [tensor("images", kind, shape)], [tensor("logits", kind, shape)]
    )
    return onnx.helper.make_model(
        graph, ir_version=10, opset_imports=[onnx.helper.make_opsetid("", 20)]
    )


def test_a_model_of_somebody_elses_is_refused() -> None:
    assert "not one of tenfold's" in _refused(_foreign(["n", 8, 8]).SerializeToString())


def test_a_network_that_does_not_fit_its_metadata_is_refused(content: bytes) -> None:
    text = json.dumps(_record(content))
    shapes: list[list[str | int | None]] = [["n", 8, 8], ["n", 9, 9], [2, 8, 8, 1]]
    for shape in shapes:
        foreign = _with_metadata(_foreign(shape).SerializeToString(), text)
        assert "its network does not fit its metadata (size 8, 10 classes)" in _refused(foreign)
    for change in ({"size": 9}, {"classes": list("012")}):
        record = json.dumps(_record(content) | change)
        assert "does not fit its metadata" in _refused(_with_metadata(content, record))


def test_metadata_that_is_damaged_is_refused(content: bytes) -> None:
    assert "its tenfold metadata is damaged" in _refused(_with_metadata(content, "{"))


Change = Callable[[onnx.ModelProto], None]


def _changed(change: Change, content: bytes = BUNDLED) -> bytes:
    """A model file with another graph, and the digest of that."""
    model = onnx.load_model_from_string(content)
    change(model)
    return sealed(model.SerializeToString())


def _loop(model: onnx.ModelProto) -> None:
    model.graph.node[0].op_type = "Loop"


def _nan_bias(model: onnx.ModelProto) -> None:
    (bias,) = (each for each in model.graph.initializer if each.name == "network.14.bias")
    bias.raw_data = np.full(11, np.nan, np.float32).tobytes()


def _huge_bias(model: onnx.ModelProto) -> None:
    (bias,) = (each for each in model.graph.initializer if each.name == "network.14.bias")
    bias.raw_data = np.full(11, 3e38, np.float32).tobytes()


def _wide(model: onnx.ModelProto) -> None:
    """Give the first convolution a border that asks for gigabytes."""
    (node,) = (each for each in model.graph.node if "images" in each.input)
    after = next(each for each in model.graph.node if each.op_type == "Conv")
    (pads,) = (each for each in after.attribute if each.name == "pads")
    assert node.op_type == "Unsqueeze"
    pads.ints[:] = [60_000] * 4


def _half(model: onnx.ModelProto) -> None:
    """Answer in half floats, which the metadata do not say and nothing expects."""
    model.graph.node.append(onnx.helper.make_node("Cast", ["logits"], ["half"], to=10))
    model.graph.node.append(onnx.helper.make_node("Identity", ["half"], ["logits2"]))
    for node in model.graph.node:
        node.output[:] = [{"logits": "was", "logits2": "logits"}.get(n, n) for n in node.output]
        node.input[:] = [{"logits": "was"}.get(n, n) for n in node.input]
    model.graph.output[0].type.tensor_type.elem_type = onnx.TensorProto.FLOAT16


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (_loop, "its graph holds the operator 'Loop'"),
        (_nan_bias, "values that are no probabilities"),
        (_huge_bias, "values that are no probabilities"),
        (_half, "values that are no probabilities"),
        (_wide, "Reshape out of shape|too large"),
    ],
)
def test_a_network_is_looked_at_and_tried_before_it_is_believed(change: Change, what: str) -> None:
    assert re.search(what, _refused(_changed(change)))


def test_a_network_that_goes_wrong_later_is_an_error_not_a_number() -> None:
    images = np.zeros((10, 28, 28), np.uint8)  # digits, of which it is surer than of a stroke
    for digit, image in enumerate(images):
        cv2.putText(image, str(digit), (5, 23), cv2.FONT_HERSHEY_SIMPLEX, 0.9, 255, 3)
    logits = np.abs(open_model(BUNDLED, "sound", threads=1).predict_logits(images)).max(axis=1)
    worst = int(logits.argmax())

    def overflow(model: onnx.ModelProto) -> None:  # for that picture, not for those it is tried on
        for each in model.graph.initializer:
            if each.name in ("network.14.weight", "network.14.bias"):
                factor = np.float32(MAX_LOGIT * 1.01 / logits[worst])
                each.raw_data = (onnx.numpy_helper.to_array(each) * factor).tobytes()

    model = open_model(_changed(overflow), "some.onnx", threads=1)
    with pytest.raises(ModelError, match=r"some\.onnx: .* no probabilities"):
        model.predict_proba(images[worst : worst + 1])


def test_a_file_without_its_digest_is_refused() -> None:
    model = onnx.load_model_from_string(BUNDLED)
    del model.metadata_props[1:]
    assert "does not end with its digest" in _refused(model.SerializeToString())
    extra = model.metadata_props.add()
    extra.key, extra.value = "somebody", "else"
    later = BUNDLED + b"\x72\x06\x0a\x01a\x12\x01b"  # an entry more, behind the digest
    assert "does not end with its digest" in _refused(later)


def test_a_file_of_format_1_is_read_with_a_note() -> None:
    record = {key: value for key, value in _record(BUNDLED).items() if key in ALWAYS}
    model = onnx.load_model_from_string(BUNDLED)
    text = json.dumps(record | {"format_version": 1})
    onnx.helper.set_model_props(model, {METADATA_KEY: text})
    with pytest.warns(FutureWarning, match=r"^old\.onnx is of model format 1: .* no digest"):
        old = open_model(model.SerializeToString(), "old.onnx", threads=1)
    new = open_model(with_info(BUNDLED, old.info), "new.onnx", threads=1)
    assert (old.info.format_version, new.info.format_version) == (1, 2)
    assert np.array_equal(old.predict_proba(BLANK), new.predict_proba(BLANK))


@pytest.mark.parametrize("name", [DIGITS, FINDER, LINE])
def test_the_bundled_files_carry_their_digest(name: str) -> None:
    assert sealed(bundled_content(name)) == bundled_content(name)
    assert _record(bundled_content(name))["format_version"] == 2


def test_finder_and_line_recogniser_are_tried_too() -> None:
    with pytest.raises(ModelError, match="some"):
        Finder(bundled_content(LINE), "some")
    with pytest.raises(ModelError, match="some"):
        LineRecogniser(bundled_content(FINDER), "some")

    def fewer(model: onnx.ModelProto) -> None:
        model.graph.output.reverse()
        for node in model.graph.node:
            swap = {"kinds": "places", "places": "kinds"}
            node.output[:] = [swap.get(name, name) for name in node.output]
        model.graph.output[0].name, model.graph.output[1].name = "kinds", "places"

    with pytest.raises(ModelError, match="some: "):
        Finder(_changed(fewer, bundled_content(FINDER)), "some")


def test_copies_and_other_processes_get_the_same_model() -> None:
    model = open_model(BUNDLED, "some.onnx", threads=1)
    images = np.random.default_rng(0).integers(0, 256, (5, 28, 28), np.uint8)
    for again in (pickle.loads(pickle.dumps(model)), copy.deepcopy(model)):  # noqa: S301
        assert (again.path, again.info) == ("some.onnx", model.info)
        assert np.array_equal(again.predict_proba(images), model.predict_proba(images))


SCRIPT = """
import sys
for name in ("torch", "sklearn", "scipy", "matplotlib", "onnx", "pydantic"):
    sys.modules[name] = None
import numpy as np, tenfold
model = tenfold.load_model(sys.argv[1], threads=1)
np.save(sys.argv[2], model.predict_proba(np.load(sys.argv[3])))
"""


def test_it_opens_where_nothing_of_the_training_half_can_be_imported(
    run: Run, model: Model, few: Splits, tmp_path: Path
) -> None:
    np.save(tmp_path / "images.npy", few.test.images)
    subprocess.run(
        [sys.executable, "-W", "error", "-c", SCRIPT, run.model, "out.npy", "images.npy"],
        cwd=tmp_path,
        env=os.environ,
        check=True,
    )
    expected = model.predict_proba(few.test.images)
    np.testing.assert_allclose(np.load(tmp_path / "out.npy"), expected, atol=1e-6)


def test_reading_reports_to_nobody(tmp_path: Path) -> None:
    # ONNX Runtime's reporting keeps a device's number and a queue below the home folder; in
    # continuous integration it is silent by itself, so the variables that tell it so are left out.
    environment = {"HOME": str(tmp_path), "PYTHONPATH": os.environ.get("PYTHONPATH", "")}
    code = "import numpy, tenfold; tenfold.read(numpy.full((64, 64), 255, numpy.uint8))"
    subprocess.run([sys.executable, "-c", code], env=environment, check=True)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
