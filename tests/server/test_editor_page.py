"""A form drawn in a real browser: with mouse, keys and finger, and tried on a filled sheet."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest
from selenium import webdriver
from selenium.webdriver.common.actions.action_builder import ActionBuilder
from selenium.webdriver.common.actions.pointer_input import PointerInput
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from tests.browser import DESKTOP, PHONE, is_sound
from tests.cards import FORM, READING, Card, lay_out
from tests.server.window import Window

from tenfold.forms import load

if TYPE_CHECKING:
    from tests.server.conftest import Server

    StartEditor = Callable[..., Server]
    Look = Callable[..., Window]


@pytest.fixture
def card(hand: ModuleType, tmp_path: Path) -> Card:
    return lay_out(tmp_path, hand)


class Editor:
    """The page in a window."""

    def __init__(self, window: Window) -> None:
        self.window = window
        self.loaded()

    def loaded(self) -> None:
        ready = (
            "const blank = document.getElementById('blank'); return blank?.complete && "
            "blank.naturalWidth > 0 && document.querySelector('main').ariaBusy === 'false'"
        )
        self.window.until(lambda: self.window.script(ready))

    def names(self) -> list[str]:
        found = self.window.script(
            "return [...document.querySelectorAll('.box b')].map((name) => name.textContent)"
        )
        return [str(name) for name in found]

    def box(self, name: str) -> Any:
        return next(
            box
            for box in self.window.browser.find_elements(By.CSS_SELECTOR, ".box")
            if str(box.get_attribute("aria-label")).split(",")[0] == f"Field {name}"
        )

    def place(self, name: str) -> list[float]:
        """Left, top, width and height as the page has them, in shares."""
        style = self.box(name).get_attribute("style")
        parts = dict(part.split(": ") for part in style.strip("; ").split("; "))
        return [float(parts[k].rstrip("%")) / 100 for k in ("left", "top", "width", "height")]

    def value(self, name: str) -> str:
        return str(
            self.box(name).find_element(By.CSS_SELECTOR, "span").get_attribute("textContent")
        )

    def drag(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        """Drag with the mouse from one place of the page to another, in shares of it."""
        self._slide("mouse", start, end)

    def swipe(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        """The same with a finger."""
        self._slide("touch", start, end)

    def _slide(self, kind: str, start: tuple[float, float], end: tuple[float, float]) -> None:
        left, top, width, height = self.window.script(
            "const r = document.getElementById('paper').getBoundingClientRect();"
            "return [r.left, r.top, r.width, r.height]"
        )
        pointer: Any = PointerInput  # selenium says no types of these
        actions: Any = ActionBuilder(self.window.browser, mouse=pointer(kind, kind), duration=60)
        for k, (x, y) in enumerate((start, end)):
            at = round(left + x * width), round(top + y * height)
            actions.pointer_action.move_to_location(*at)
            if k == 0:
                actions.pointer_action.pointer_down()
        actions.pointer_action.pointer_up()
        actions.perform()

    def wait_saved(self) -> None:
        self.window.until(lambda: self.window["saved"].text != "Not saved yet")
        assert self.window["saved"].text == "Saved", self.window["list"].text

    def reads(self, value: str) -> None:
        self.window.until(lambda: self.value("reading") == value)

    def says(self, slip: str) -> None:
        self.window.until(lambda: slip in self.window["wrong"].text)

    def write(self, name: str, text: str) -> None:
        field = self.window[name]
        field.clear()
        field.send_keys(text)


@pytest.fixture
def edit(start_editor: StartEditor, look: Look, card: Card) -> Callable[..., Editor]:
    def begin(size: tuple[int, int] = DESKTOP, scheme: str = "light", **more: str) -> Editor:
        return Editor(look(start_editor(card.form, **more), size, scheme))

    return begin


def near(found: list[float], wanted: list[float], far: float = 0.006) -> bool:
    return all(abs(a - b) < far for a, b in zip(found, wanted, strict=True))


def test_a_field_is_drawn_dragged_resized_named_typed_and_saved(
    edit: Callable[..., Editor], card: Card
) -> None:
    page = edit()
    window = page.window
    assert page.names() == ["reading", "persons"]
    page.drag((0.6, 0.7), (0.8, 0.8))
    window.until(lambda: page.names() == ["reading", "field_1", "persons"])  # after the chosen one
    assert near(page.place("field_1"), [0.6, 0.7, 0.2, 0.1])
    page.drag((0.7, 0.75), (0.6, 0.85))
    assert near(page.place("field_1"), [0.5, 0.8, 0.2, 0.1])
    page.drag((0.7, 0.9), (0.75, 0.95))  # its corner
    assert near(page.place("field_1"), [0.5, 0.8, 0.25, 0.15])
    page.drag((0.6, 0.85), (0.99, 0.99))  # it stays on the page
    assert near(page.place("field_1"), [0.75, 0.85, 0.25, 0.15])
    page.write("name", "year")
    page.write("digits", "4")
    page.write("low", "1900")
    page.write("high", "2099")
    window["optional"].click()
    assert window["saved"].text == "Not saved yet"
    window["save"].click()
    page.wait_saved()
    form = load(card.form)
    year = next(field for field in form.fields if field.name == "year")
    assert (year.digits, year.range, year.optional) == ((4, 4), (1900, 2099), True)
    assert near(list(year.box), [0.75, 0.85, 0.25, 0.15])
    for comment in ("# The card of the water works", "# measured with a ruler", "# many leave"):
        assert comment in card.form.read_text()
    window.browser.refresh()
    page.loaded()
    assert page.names() == ["reading", "year", "persons"]
    assert window.told() == []


def test_by_keys_alone(edit: Callable[..., Editor], card: Card) -> None:
    page = edit()
    window = page.window

    def tab_to(name: str) -> None:
        for _ in range(40):
            label = window.script("return document.activeElement.ariaLabel") or ""
            if label.startswith(f"Field {name}"):
                return
            window.press(Keys.TAB)
        raise AssertionError(name)

    tab_to("persons")
    left, top, width, height = page.place("persons")
    window.press(*[Keys.ARROW_RIGHT] * 3, Keys.ARROW_UP)
    assert near(page.place("persons"), [left + 0.003, top - 0.001, width, height], 1e-4)
    keys = webdriver.ActionChains(window.browser, duration=0)
    keys.key_down(Keys.SHIFT).send_keys(Keys.ARROW_RIGHT, Keys.ARROW_DOWN).key_up(Keys.SHIFT)
    keys.key_down(Keys.CONTROL).send_keys(Keys.ARROW_LEFT).key_up(Keys.CONTROL).perform()
    wanted = [left - 0.007, top - 0.001, width + 0.001, height + 0.001]
    assert near(page.place("persons"), wanted, 1e-4)
    window.press(Keys.ENTER, "people", Keys.ENTER)  # its name is chosen as a whole
    assert page.names() == ["reading", "people"]
    window.press("d")
    assert page.names() == ["reading", "people", "people_1"]
    window.press(Keys.DELETE)
    window.press("n")
    assert page.names() == ["reading", "people", "field_1"]
    window.press(Keys.BACKSPACE)
    assert page.names() == ["reading", "people"]
    keys = webdriver.ActionChains(window.browser, duration=0)
    keys.key_down(Keys.CONTROL).send_keys("z").key_up(Keys.CONTROL).perform()
    assert page.names() == ["reading", "people", "field_1"]
    window.press(Keys.DELETE)
    keys = webdriver.ActionChains(window.browser, duration=0)
    keys.key_down(Keys.CONTROL).send_keys("s").key_up(Keys.CONTROL).perform()
    page.wait_saved()
    tables = tomllib.loads(card.form.read_text())["field"]
    assert [table["name"] for table in tables] == ["reading", "people"]
    assert near(tables[1]["box"], wanted, 1e-4)
    assert tables[1]["optional"] is True


def test_slips_stand_beside_their_field_and_are_not_saved(
    edit: Callable[..., Editor], card: Card
) -> None:
    page = edit()
    window = page.window
    page.write("digits", "9")  # of a comb of as many cells
    page.write("low", "5")
    page.write("high", "1")
    window.until(lambda: "range 5..1 is empty" in window["wrong"].text)
    assert "bad" in page.box("reading").get_attribute("class")
    assert "bad" not in page.box("persons").get_attribute("class")
    row = window.browser.find_element(By.CSS_SELECTOR, "#list li:first-child")
    assert "range 5..1 is empty" in row.text
    page.box("persons").click()
    assert window["wrong"].text == ""
    window["save"].click()
    window.until(lambda: window["saved"].text == "Not saved: 1 thing to mend")
    assert "range 5..1 is empty" in window["wrong"].text  # it shows the field to mend
    assert card.form.read_text() == FORM
    window["undo"].click()
    window["undo"].click()
    window.until(lambda: window["wrong"].text == "")


def test_every_kind_of_constraint_can_be_said(edit: Callable[..., Editor], card: Card) -> None:
    (card.form.parent / "list.csv").write_text("no\n12\n15\n")
    page = edit()
    window = page.window
    page.box("persons").click()
    page.write("low", "")
    page.write("high", "")
    for name, text in (("one_of", "list.csv:no"), ("comb", "4"), ("decimals", "")):
        page.write(name, text)
    window["unique"].click()
    for name, values in {
        "sum": {"sum_of": "reading, persons", "decimals": "1"},
        "day": {"date": "DD.MM.YYYY"},
        "code": {"pattern": r"\d{2}-\d{3}"},
        "choice": {"one_of": "10; 20"},
        "card": {"digits": "4-8"},
    }.items():
        window["new"].click()
        page.write("name", name)
        for key, text in values.items():
            page.write(key, text)
    window.script(
        "const c = document.getElementById('checksum'); c.value = 'luhn';"
        "c.dispatchEvent(new Event('input', {bubbles: true}));"
    )
    for name in ("yes", "no"):
        window["new"].click()
        page.write("name", name)
        window["kind"].find_element(By.CSS_SELECTOR, "[value=tick]").click()
        page.write("group", "agree")
        assert not window["numbers"].is_displayed()
    window["title"].clear()
    window["title"].send_keys("All kinds")
    window["save"].click()
    page.wait_saved()
    form = load(card.form)
    fields = {field.name: field for field in form.fields}
    assert form.title == "All kinds"
    assert (fields["persons"].one_of, fields["persons"].cells) == (("12", "15"), 4)
    assert (fields["persons"].range, fields["persons"].unique) == (None, True)
    assert (fields["sum"].sum_of, fields["sum"].decimals) == (("reading", "persons"), 1)
    assert (fields["day"].date, fields["code"].pattern) == ("DD.MM.YYYY", r"\d{2}-\d{3}")
    assert fields["choice"].one_of == ("10", "20")
    assert (fields["card"].digits, fields["card"].checksum) == ((4, 8), "luhn")
    assert {fields[name].kind for name in ("yes", "no")} == {"tick"}
    assert fields["yes"].group == "agree"


def test_a_filled_sheet_is_read_at_once_and_again_after_each_change(
    edit: Callable[..., Editor], card: Card
) -> None:
    page = edit()
    window = page.window
    window["sheet"].send_keys(str(card.sheet))
    window.until(lambda: page.value("reading") == READING)
    assert window["tried"].text == "filled.png, page 1 of the form: 2 of 2 fields are sure."
    assert (window["value"].text, window["status"].text[:2]) == (READING, "ok")
    assert window.script("return document.getElementById('snippet').naturalWidth") > 200
    assert window["filled"].is_displayed()  # laid on the form, under its fields
    rows = window.browser.find_elements(By.CSS_SELECTOR, "#list .says")
    assert [row.text for row in rows] == [f"{READING} ok", "blank"]
    left, top, width, height = page.place("reading")
    page.drag((left + width, top + height), (left + width * 4 / 7, top + height))
    page.write("digits", "4")
    window.until(lambda: page.value("reading") == READING[:4])
    window["see"].click()
    assert not window["filled"].is_displayed()
    page.write("digits", "99")
    window.until(lambda: "mended" in window["tried"].text)
    page.write("digits", "4")
    window.until(lambda: "2 of 2 fields are sure" in window["tried"].text)
    window["sheet"].send_keys(str(card.form))  # no picture
    window.until(lambda: "form.toml was not read" in window["tried"].text)
    assert card.form.read_text() == FORM


def test_what_somebody_else_saved_is_not_lost(edit: Callable[..., Editor], card: Card) -> None:
    page = edit()
    window = page.window
    page.write("name", "meter")
    theirs = FORM.replace("[1, 20]", "[1, 30]")
    card.form.write_text(theirs)
    window["save"].click()
    window.until(lambda: window["changed"].is_displayed())
    assert "was changed by somebody else" in window["changed-why"].text
    assert card.form.read_text() == theirs
    window["reload"].click()
    window.until(lambda: not window["changed"].is_displayed())
    assert page.names() == ["reading", "persons"]
    page.write("name", "meter")
    window["save"].click()
    page.wait_saved()
    assert card.form.read_text() == theirs.replace('"reading"', '"meter"')


def test_a_finger_draws_and_moves(edit: Callable[..., Editor]) -> None:
    page = edit(PHONE)
    window = page.window

    window["draw"].click()
    page.swipe((0.1, 0.7), (0.35, 0.85))
    window.until(lambda: "field_1" in page.names())
    assert near(page.place("field_1"), [0.1, 0.7, 0.25, 0.15], 0.012)
    assert window["draw"].get_attribute("aria-pressed") == "false"
    page.swipe((0.2, 0.78), (0.5, 0.78))  # the chosen one moves
    assert near(page.place("field_1"), [0.4, 0.7, 0.25, 0.15], 0.012)
    before = page.place("reading")
    page.swipe((0.5, 0.4), (0.6, 0.4))  # another one is chosen first
    assert page.place("reading") == before
    assert "chosen" in page.box("reading").get_attribute("class")


def test_narrow_wide_light_and_dark(start_editor: StartEditor, look: Look, card: Card) -> None:
    server = start_editor(card.form)
    for size in (DESKTOP, PHONE):
        page = Editor(look(server, size))
        page.window["sheet"].send_keys(str(card.sheet))
        page.reads(READING)
        page.write("low", "5")
        page.write("high", "1")
        page.says("range 5..1 is empty")
        for scheme in ("light", "dark"):
            page.window.paint(scheme)
            is_sound(page.window, size, scheme)


def test_a_token_is_asked_for(start_editor: StartEditor, look: Look, card: Card) -> None:
    window = look(start_editor(card.form, TENFOLD_TOKEN="sesame"))  # noqa: S106
    window.shows("asks")
    window["token"].send_keys("sesame", Keys.ENTER)
    page = Editor(window)
    assert page.names() == ["reading", "persons"]


def test_several_pages_and_a_form_on_which_nothing_was_found(
    start_editor: StartEditor, look: Look, tmp_path: Path
) -> None:
    from fpdf import FPDF

    pdf = FPDF()
    for words in ("Nothing to fill in here", "nor on this page"):
        pdf.add_page()
        pdf.set_font("Helvetica", size=20)
        pdf.text(30, 60, words)
    blank = tmp_path / "two.pdf"
    pdf.output(str(blank))
    page = Editor(look(start_editor(blank)))
    window = page.window
    assert page.names() == []
    assert "A form has one field at least: draw one." in window["all"].text
    assert not (tmp_path / "two.toml").exists()
    page.drag((0.2, 0.1), (0.4, 0.15))
    window["page"].find_element(By.CSS_SELECTOR, "[value='2']").click()
    window.until(lambda: page.names() == [])
    page.loaded()
    page.drag((0.2, 0.1), (0.4, 0.15))
    window["save"].click()
    page.wait_saved()
    form = load(tmp_path / "two.toml")
    assert [(field.name, field.page) for field in form.fields] == [("field_1", 1), ("field_2", 2)]
