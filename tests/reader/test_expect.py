from __future__ import annotations

import pickle
import re
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tenfold.errors import DataError, TenfoldError, UsageError
from tenfold.reader.expect import Expect, read_values
from tenfold.reader.expect.checksums import permuted, times
from tenfold.signature import CHARS, DIGITS

unhurried = settings(deadline=None, max_examples=60)
digits = st.text(DIGITS, min_size=1, max_size=12)


def _fits_range(text: str, low: Decimal, high: Decimal, decimals: int) -> bool:
    """What the docstring of tenfold.reader.expect.numbers says, by regular expression."""
    most = max(abs(int(low)), abs(int(high)))
    signed, apart = low < 0, most >= 1000 and decimals <= 2
    whole = r"(?P<plain>\d*)"
    if apart:
        whole = rf"(?:{whole}|(?P<apart>\d{{1,3}}(?P<mark>[.,])\d{{3}}(?:(?P=mark)\d{{3}})*))"
    form = rf"(?P<sign>[+-]?){whole}(?:(?P<point>[.,])(?P<rest>\d{{1,{decimals}}}))?"
    if not decimals:
        form = rf"(?P<sign>[+-]?){whole}(?P<point>x)?(?P<rest>x)?"
    match = re.fullmatch(form, text)
    if match is None or (match["sign"] and not signed):
        return False
    if apart and match["mark"] is not None and match["mark"] == match["point"]:
        return False
    written = (match["plain"] or (apart and match["apart"]) or "").translate({44: None, 46: None})
    if not (written or match["rest"]) or len(written) > len(str(most)):
        return False
    if decimals and len(written) > 1 and int(written[:2]) < 10:
        return False  # 05 is rather 0.5 with a faint point
    value = Decimal(f"{match['sign']}{written or 0}.{match['rest'] or 0}")
    return low <= value <= high


@unhurried
@given(
    text=st.text("0123456789.,-+", max_size=9),
    low=st.integers(-3000, 3000),
    span=st.integers(0, 20_000),
    decimals=st.integers(0, 3),
)
@example("1,234.5", -3000, 20_000, 1)
@example("1.234", 0, 20_000, 2)
@example("1.234", 0, 20_000, 3)
@example("1,23", 0, 20_000, 2)
@example("+,5", -5, 10, 1)
@example("-3000", -3000, 0, 0)
@example("0012", 12, 0, 0)
@example("00", 0, 40, 1)
def test_a_range_accepts_what_lies_in_it(text: str, low: int, span: int, decimals: int) -> None:
    step = 4 if decimals else 1  # bounds between the whole numbers too
    bounds = (low / step, (low + span) / step)
    least, most = (Decimal(str(bound)) for bound in bounds)
    try:
        expect = Expect.of(range=bounds, decimals=decimals)
    except UsageError:
        assert most - least < Decimal(10) ** -decimals
        return
    assert expect.accepts(text) == _fits_range(text, least, most, decimals)


@unhurried
@given(value=st.integers(-20_000, 20_000), decimals=st.integers(0, 2), data=st.data())
def test_a_number_s_value_is_the_same_however_it_is_written(
    value: int, decimals: int, data: st.DataObject
) -> None:
    expect = Expect.of(range=(-20_000, 20_000), decimals=decimals)
    mark, point = data.draw(st.sampled_from([("", "."), ("", ","), (",", "."), (".", ",")]))
    whole = str(abs(value))
    if mark and len(whole) > 3:
        whole = f"{whole[:-3]}{mark}{whole[-3:]}"
    rest = data.draw(st.text(DIGITS, max_size=decimals)) if abs(value) < 20_000 else ""
    text = ("-" if value < 0 else "") + whole + (point + rest if rest else "")
    assert expect.accepts(text)
    own = expect.value(text)
    assert Decimal(own) == Decimal(f"{value}.{rest or 0}")
    assert re.fullmatch(r"-?\d+" + (rf"\.\d{{{decimals}}}" if decimals else ""), own)
    assert expect.accepts(own)
    assert expect.value(own) == own


@unhurried
@given(fewest=st.integers(1, 6), more=st.integers(0, 4), text=st.text(CHARS, max_size=12))
def test_digits_are_counted(fewest: int, more: int, text: str) -> None:
    expect = Expect.of(digits=(fewest, fewest + more))
    assert expect.accepts(text) == (text.isdecimal() and fewest <= len(text) <= fewest + more)


def _luhn(text: str) -> bool:
    total = 0
    for place, char in enumerate(reversed(text)):
        twice = int(char) * (1 + place % 2)
        total += sum(map(int, str(twice)))
    return total % 10 == 0


def _mod_11(text: str) -> bool:
    return sum(int(char) * weight for weight, char in enumerate(reversed(text), 1)) % 11 == 0


# Verhoeff's tables as they are published.
GROUP = [
    "0123456789", "1234067895", "2340178956", "3401289567", "4012395678",
    "5987604321", "6598710432", "7659821043", "8765932104", "9876543210",
]  # fmt: skip
PERMUTED = [
    "0123456789", "1576283094", "5803796142", "8916043527",
    "9453126870", "4286573901", "2793806415", "7046913258",
]  # fmt: skip


def _verhoeff(text: str) -> bool:
    check = 0
    for place, char in enumerate(reversed(text)):
        check = int(GROUP[check][int(PERMUTED[place % 8][int(char)])])
    return check == 0


def test_verhoeff_s_tables_are_those_published() -> None:
    assert [[times(a, b) for b in range(10)] for a in range(10)] == [
        [*map(int, row)] for row in GROUP
    ]
    assert [[permuted(digit, place) for digit in range(10)] for place in range(8)] == [
        [*map(int, row)] for row in PERMUTED
    ]


@unhurried
@given(text=digits)
@example("4539578763621486")
@example("0")
def test_luhn_checks(text: str) -> None:
    assert Expect.parse("luhn").accepts(text) == (len(text) > 1 and _luhn(text))
    counted = Expect.parse(f"{len(text)} digits; luhn") if len(text) > 1 else None
    assert counted is None or counted.accepts(text) == _luhn(text)


@unhurried
@given(text=st.text(DIGITS, min_size=8, max_size=10))
@example("9434765919")  # the NHS's example
def test_mod_11_checks(text: str) -> None:
    assert Expect.parse("8-10 digits; mod-11").accepts(text) == _mod_11(text)


@unhurried
@given(text=st.text(DIGITS, min_size=3, max_size=5), long=st.text(DIGITS, min_size=9, max_size=9))
@example("2363", "123451232")
def test_verhoeff_checks(text: str, long: str) -> None:
    assert Expect.parse("3-5 digits; verhoeff").accepts(text) == _verhoeff(text)
    assert Expect.parse("9 digits; verhoeff").accepts(long) == _verhoeff(long)


@pytest.mark.parametrize("word", ["luhn", "mod-11", "verhoeff"])
@unhurried
@given(text=st.text(DIGITS, min_size=8, max_size=8))
def test_one_digit_in_ten_or_eleven_checks(word: str, text: str) -> None:
    expect = Expect.parse(f"9 digits; {word}")
    fitting = [digit for digit in DIGITS if expect.accepts(text + digit)]
    assert len(fitting) == 1 or (word == "mod-11" and not fitting)


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("9783161484100", True), ("978-3-16-148410-0", True), ("0306406152", True),
        ("0-306-40615-2", True), ("9783161484101", False), ("0306406153", False),
        ("9773161484103", False), ("978--3161484100", False), ("-9783161484100", False),
        ("9783161484100-", False), ("97831614841", False), ("", False),
    ],
)  # fmt: skip
def test_isbns_check(text: str, fits: bool) -> None:
    expect = Expect.parse("isbn")
    assert expect.accepts(text) == fits
    assert not fits or expect.value(text) == text.replace("-", "")
    assert Expect.parse("isbn; 13 digits").accepts(text) == (fits and text.startswith("978"))


def _is_date(day: int, month: int, year: int) -> bool:
    try:
        date(year, month, day)
    except ValueError:
        return False
    return 1900 <= year <= 2099


@unhurried
@given(day=st.integers(0, 39), month=st.integers(0, 19), year=st.integers(1890, 2105))
@example(29, 2, 2023)
@example(29, 2, 2000)
@example(29, 2, 1900)
@example(31, 4, 2024)
def test_dates_are_those_of_the_calendar(day: int, month: int, year: int) -> None:
    fits = _is_date(day, month, year)
    for form, text in {
        "DD/MM/YYYY": f"{day:02d}/{month:02d}/{year}",
        "YYYY-MM-DD": f"{year}-{month:02d}-{day:02d}",
        "DDMMYYYY": f"{day:02d}{month:02d}{year}",
        "MM.DD.YYYY": f"{month:02d}.{day:02d}.{year}",
        "D.M.YYYY": f"{day}.{month}.{year}",
    }.items():
        expect = Expect.of(date=form)
        assert expect.accepts(text) == fits, form
        assert not fits or expect.value(text) == text
    written = Expect.of(date="DD/MM/YYYY")
    assert written.accepts(f"{day}.{month}-{year}") == fits
    assert not fits or written.value(f"{day}.{month}-{year}") == f"{day:02d}/{month:02d}/{year}"


def test_short_dates() -> None:
    card = Expect.of(date="MM/YY")
    assert [card.accepts(text) for text in ("12/27", "1/05", "13/27", "1227", "12/2")] == [
        True, True, False, False, False,
    ]  # fmt: skip
    assert card.value("1/05") == "01/05"
    six = Expect.of(date="DDMMYY")
    assert [six.accepts(text) for text in ("290200", "290201", "010100", "10100", "1/1/00")] == [
        True, False, True, False, False,
    ]  # fmt: skip
    assert not Expect.of(date="DD:MM").accepts("01/02")


def patterns() -> st.SearchStrategy[str]:
    single = st.sampled_from(["1", "2", "3", r"\d", "[13]", "[^12]", "[1-2,]", r"\.", "-", "."])
    again = st.sampled_from(["", "", "?", "*", "+", "{2}", "{1,2}", "{2,}", "{0,1}"])
    return st.recursive(
        single,
        lambda inner: st.one_of(
            st.builds("({}){}".format, inner, again),
            st.builds("{}{}".format, inner, inner),
            st.builds("({}|{})".format, inner, inner),
        ),
        max_leaves=6,
    )


@unhurried
@given(pattern=patterns(), text=st.text("123.,-", max_size=6))
def test_a_pattern_accepts_what_python_s_re_does(pattern: str, text: str) -> None:
    expect = Expect.of(pattern=f"^{pattern}$")
    assert expect.accepts(text) == (re.fullmatch(pattern, text) is not None)


@unhurried
@given(pattern=patterns(), digits=st.integers(1, 4))
def test_every_state_can_be_finished(pattern: str, digits: int) -> None:
    try:
        automaton = Expect.of(pattern=pattern, digits=digits).automaton
    except UsageError:  # no text of so many digits
        return
    finished = {state for state, final in enumerate(automaton.finals) if final}
    while more := {
        state
        for state, row in enumerate(automaton.rows)
        if state not in finished and not finished.isdisjoint(row.values())
    }:
        finished |= more
    assert len(finished) == len(automaton.rows)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("8 digits", "8 digits"),
        ("1 digit", "1 digit"),
        ("4 to 6 digits ; Luhn", "4-6 digits; luhn"),
        ("0 to 100; 1 decimal", "0..100; 1 decimal"),
        ("-2.5..10", "-2.5..10"),
        ("date DD/MM/YYYY", "date DD/MM/YYYY"),
        (r"pattern \d{2}-\d{4}", r"pattern \d{2}-\d{4}"),
        ("one of 10, 20, 30", "one of 10 20 30"),
        ("one of 1 2 3 4", "one of 1 2 3 …"),
    ],
)
def test_words_are_understood(words: str, said: str) -> None:
    expect = Expect.parse(words)
    assert expect.words == said
    assert Expect.parse(words) == expect
    assert pickle.loads(pickle.dumps(expect)) == expect  # noqa: S301 (of our own making)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            "eight digits",
            "'eight digits' is not understood as what to expect. There are '8 digits'",
        ),
        ("", "is empty between two ;"),
        ("8 digits; 6 digits", "'6 digits': digits is said already"),
        ("8 digits; 0..100", "digits 8 and range 0..100 exclude each other"),
        ("2 digits; luhn; pattern 1[12]|\\d{3}", "No number fits digits 2 and"),
        ("100..0", "range 100..0 is empty"),
        ("0.2..0.3; 0 decimals", "no number with no decimals lies in range 0.2..0.3"),
        ("61 digits", "digits 61: give one number"),
        ("6-4 digits", "digits 6-4: give one number"),
        ("12 digits; mod-11", "mod-11 is for numbers of at most 10 digits, not 12"),
        ("verhoeff", "verhoeff needs to know how many digits there are"),
        ("11 digits; isbn", "digits 11 and checksum isbn exclude each other"),
        ("date DD/DD", "'DD/DD' is no format of dates"),
        ("pattern 1(2", "pattern '1(2': the end comes before the group is closed"),
        ("pattern 12)", "pattern '12)': ')' at 3 closes a group that was not opened"),
        ("pattern (?i)1", "'?' at 2 after ( is not understood"),
        ("pattern 1**", "'*' at 3 follows another repetition"),
        ("pattern *1", "'*' at 1 has no meaning here"),
        ("pattern 1{3,2}", "'{' at 2 is no repetition"),
        ("pattern [5-2]", "ends no range"),
        ("pattern [12", "the end comes before [ is closed"),
        ("pattern [^.\\-0-9,/:+=()%]", "holds nothing"),
        ("pattern \\w", "'w' at 2 after \\ is not understood"),
        ("pattern é", "'é' at 1 cannot be read"),
        ("pattern (\\d{30}){30}", "repeats too much"),
        (f"pattern {'(' * 40}1{')' * 40}", "deep"),
        (f"pattern {'1' * 500}", "too long"),
        ("2 digits; one of 12 123", "one_of has '123', which does not fit digits 2"),
        ("date DD/MM/YY; 6 digits", "leave out digits"),
    ],
)
def test_what_is_wrong_is_said(words: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        Expect.parse(words)
    assert said in str(caught.value).replace("\\\\", "\\")
    assert str(caught.value).endswith(".")
    assert "\n" not in str(caught.value)


def test_a_list_is_read_from_a_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "class.csv").write_text("name;id;room\nAda;1234 5678;12\n\nBob;8765 4321;13\n")
    by_digits = Expect.parse("one of class.csv; 8 digits")
    assert by_digits.one_of == ("1234 5678", "8765 4321")
    assert by_digits.accepts("12345678")
    assert by_digits.value("12345678") == "1234 5678"
    assert Expect.parse("one of class.csv:Room").one_of == ("12", "13")
    with pytest.raises(DataError, match=r"2 columns fit; name the one that is meant, as in"):
        Expect.parse("one of class.csv")
    with pytest.raises(DataError, match="no column fits"):
        Expect.parse("one of class.csv; 5 digits")
    with pytest.raises(DataError, match="no one column 'age' in the first line; it has name, id"):
        Expect.parse("one of class.csv:age")
    with pytest.raises(UsageError, match="give the values, with spaces between"):
        Expect.parse("one of class.csv", files=False)
    (tmp_path / "ids.csv").write_bytes(b"\xef\xbb\xbf12345678\r\n87654321\r\n12345678\r\n")
    assert read_values("ids.csv") == ("12345678", "87654321")
    (tmp_path / "short.csv").write_text("id\n12345678\n7654321\n")
    with pytest.raises(DataError, match=r"short\.csv:3: '7654321' is no value that fits"):
        Expect.parse("one of short.csv; 8 digits")
    for name, content in {"empty.csv": b"", "latin.csv": b"\xff", "head.csv": b"id\n"}.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(TenfoldError, match=name):
            read_values(name)


def test_a_value_of_a_list_may_be_written_with_a_comma() -> None:
    expect = Expect.of(one_of=["1.5", "2"])
    assert [expect.accepts(text) for text in ("1.5", "1,5", "2", "3")] == [True, True, True, False]
    assert expect.value("1,5") == "1.5"
