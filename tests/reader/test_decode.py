from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenfold.reader import ctc
from tenfold.reader.decode import Decoded, Trust, decode
from tenfold.reader.expect import Expect
from tenfold.signature import CHARS

# A few classes: the blank, 0, 1, 2 and the point. All paths of few frames can be tried.
SYMBOLS = [0, 1, 2, 3, 11]
WORDS = [
    "2 digits", "1-3 digits", "0..20", "5..21; 1 decimal", "pattern (1|2)+0", "luhn",
    "2-3 digits; luhn", "pattern 1*", "date D.M", "one of 1 12 0.1",
]  # fmt: skip


def _random(seed: int, count: int) -> np.ndarray:
    frames = np.full((count, 1 + len(CHARS)), -np.inf, np.float32)
    chances = np.random.default_rng(seed).dirichlet(np.full(len(SYMBOLS), 0.6), count)
    frames[:, SYMBOLS] = np.log(np.maximum(chances, 1e-4))
    return frames


def _spelling(text: str, sure: float = 0.99, wide: int = 4) -> np.ndarray:
    """Frames that spell a text, each character in one of so many frames."""
    frames = np.full((len(text) * wide + wide, 1 + len(CHARS)), 1e-5)
    frames[:, 0] = 1
    for place, char in enumerate(text):
        frames[(place + 1) * wide - 1, 0] = 1 - sure
        frames[(place + 1) * wide - 1, 1 + CHARS.index(char)] = sure
    return np.asarray(np.log(frames / frames.sum(axis=1, keepdims=True)), np.float32)


def _all_strings(frames: np.ndarray) -> dict[str, float]:
    """Every string that has room in the frames, and its probability."""
    found: dict[str, float] = {}
    for path in itertools.product(SYMBOLS, repeat=len(frames)):
        text = "".join(CHARS[k - 1] for k, _ in itertools.groupby(path) if k)
        chance = math.prod(math.exp(frames[t, k]) for t, k in enumerate(path))
        found[text] = found.get(text, 0.0) + chance
    return found


@settings(deadline=None, max_examples=40)
@given(seed=st.integers(0, 10**6), words=st.sampled_from(WORDS), count=st.integers(1, 4))
def test_the_likeliest_that_fit_are_found(seed: int, words: str, count: int) -> None:
    views = [_random(seed, 4), _random(seed + 1, 5)][: 1 + seed % 2]
    expect = Expect.parse(words)
    every = [_all_strings(frames) for frames in views]
    fitting = {
        text: sum(own.get(text, 0.0) for own in every) / len(every)
        for own in every
        for text in own
        if expect.accepts(text)
    }
    best = sorted(fitting.items(), key=lambda pair: -pair[1])
    decoded = decode(views, expect, count)
    assert math.exp(decoded.log_total) == pytest.approx(sum(fitting.values()), rel=1e-4)
    likely = [chance for _, chance in best if chance > 1.01e-4 * best[0][1]][:count]
    found = [math.exp(one.log_probability) for one in decoded]
    assert found[: len(likely)] == pytest.approx(likely, rel=1e-4)
    for one in decoded:
        assert math.exp(one.log_probability) == pytest.approx(fitting[one.text], rel=1e-4)


@settings(deadline=None, max_examples=12)
@given(seed=st.integers(0, 10**6))
def test_without_expectation_it_is_what_the_beam_finds(seed: int) -> None:
    frames = np.maximum(_random(seed, 6), math.log(2e-3))  # what the beam tries at all
    frames[:, [k for k in range(1 + len(CHARS)) if k not in SYMBOLS]] = -np.inf
    text, log_probability = ctc.search(frames, 1500)[0]
    best = decode([frames])[0]
    assert best.log_probability == pytest.approx(log_probability, abs=1e-4)
    assert ctc.probability(frames, best.text) == pytest.approx(log_probability, abs=1e-4)
    assert best.text == text or ctc.probability(frames, text) == pytest.approx(log_probability)


def test_a_list_is_weighed_as_each_value_by_itself() -> None:
    rng = np.random.default_rng(5)
    values = [f"{number:06d}" for number in rng.choice(10**6, 300, replace=False)]
    views = [_spelling("120012", 0.7), _spelling("112011", 0.8, 3), _spelling("")]
    expect = Expect.of(one_of=[*values, "120012", "12.00", "1"])
    decoded = decode(views, expect, 1000)
    for one in decoded:
        each = [ctc.probability(frames, one.text) for frames in views]
        mean = np.logaddexp.reduce(each) - math.log(3)
        assert one.log_probability == pytest.approx(mean, abs=1e-3)
    assert len(decoded) == 304  # 12.00 may be written 12,00
    assert decoded[0].text == "120012"
    assert [one.log_probability for one in decoded] == sorted(
        (one.log_probability for one in decoded), reverse=True
    )


def test_what_does_not_fit_is_never_found_however_clear() -> None:
    frames = _spelling("123456", 0.999)
    assert decode([frames])[0].text == "123456"
    for words in ("8 digits", "4 digits", "0..99", "date DD/MM/YYYY", "6 digits; luhn", "isbn"):
        expect = Expect.parse(words)
        decoded = decode([frames], expect, 5)
        assert len(decoded) > 1, words
        assert all(expect.accepts(one.text) for one in decoded)
        assert max(chance for _, chance in decoded.posterior(expect)) < 0.2
    fits = decode([frames], Expect.parse("6 digits")).posterior()
    assert fits[0][0] == "123456"
    assert fits[0][1] > 0.98


def test_a_promise_is_trusted_as_far_as_it_was_seen_to_be_kept() -> None:
    trust = Trust(doubt=0.1, fails=0.02, temper=1.0)
    # Where what was seen is as likely either way, the doubt is what it was before.
    assert trust.kept(math.log(0.25), 0.25) == pytest.approx(0.9)
    assert trust.kept(math.log(0.5), 0.25) == pytest.approx(
        2.96 / (2.96 + 1 / 9)
    )  # 0.98 × 3 + 0.02
    assert trust.kept(-700.0, 0.25) == pytest.approx(0.02 / (0.02 + 1 / 9))
    assert trust.kept(-700.0, 1.0) == 1
    assert trust.kept(0.0, 1e-9) == pytest.approx(1)


def _is_nothing(decoded: Decoded) -> bool:
    return (decoded.candidates, decoded.log_total, decoded.posterior()) == ((), -math.inf, [])


def test_what_has_no_room_is_not_found() -> None:
    assert _is_nothing(decode([_spelling("12")[:3]], Expect.parse("8 digits")))
    assert _is_nothing(decode([_spelling("12")[:3]], Expect.of(one_of=["12345"])))
    impossible = np.full((6, 21), -np.inf, np.float32)
    impossible[:, 0] = 0.0
    assert decode([impossible], Expect.parse("2 digits")).posterior() == []


def test_long_frames_that_contradict_are_still_decoded() -> None:
    frames = _spelling("0123456789" * 12, 0.9999)
    decoded = decode([frames], Expect.parse("8 digits"), 2)
    assert len(decoded) == 2
    assert -1500 < decoded.log_total < -500
    assert decoded.posterior()[0][1] < 0.3


def test_values_are_joined_however_they_are_written() -> None:
    frames = np.logaddexp(_spelling("12.5"), _spelling("12,5")) - math.log(2)
    expect = Expect.parse("0..100; 2 decimals")
    (value, chance), *_ = decode([frames], expect).posterior(expect)
    assert value == "12.50"
    assert chance > 0.9


def _cells(text: str, sure: float = 0.9) -> np.ndarray:
    cells = np.full((len(text), 11), (1 - sure) / 10)
    for row, char in zip(cells, text, strict=True):
        row[10 if char == "_" else int(char)] = sure
    return np.asarray(np.log(cells), np.float32)


def test_a_comb_is_decoded_with_its_cells() -> None:
    expect = Expect.parse("4-5 digits")
    alone = decode([], expect, cells=_cells("_4471"))
    assert alone[0].text == "4471"
    assert alone[0].log_probability == pytest.approx(5 * math.log(0.9), abs=0.02)
    doubtful = _spelling("4411", 0.99)
    doubtful[11] = np.logaddexp(_spelling("4411", 0.99)[11], _spelling("4471", 0.99)[11])
    doubtful[11] -= np.logaddexp.reduce(doubtful[11])
    joined = decode([doubtful], expect, cells=_cells("_4471"))
    assert joined[0].text == "4471"
    assert joined.posterior()[0][1] > 0.7
    contradicted = decode([_spelling("4471")], expect, cells=_cells("_4171", 0.9999))
    assert {contradicted[0].text, contradicted[1].text} == {"4471", "4171"}
    assert contradicted.posterior()[0][1] < 0.95
    assert _is_nothing(decode([], Expect.parse("6 digits"), cells=_cells("_4471")))
    signed = decode([_spelling("44.71")], Expect.parse("0..100; 2 decimals"), cells=_cells("4471"))
    assert signed[0].text == "44.71"
