"""The lab in a real browser: train, watch, draw, look inside, break; by hand and by keys."""

from __future__ import annotations

import base64
import io
import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import pytest
from PIL import Image
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from tests.browser import DESKTOP, PHONE, Tab, stands_out

from tenfold.evaluation.metrics.statistics import wilson

if TYPE_CHECKING:
    from tests.server.conftest import Server

    StartLab = Callable[..., Server]

QUICK = {"network": "mlp", "optimizer": "adam", "epochs": 6, "batch": 3}  # batch: 32, by its step


class Lab(Tab):
    """A window of the browser on the lab."""

    patience = 300.0

    def open(self, size: tuple[int, int] = DESKTOP, scheme: str = "light") -> Self:
        super().open(size, scheme)
        self.until(lambda: self.script("return document.documentElement.dataset.ready"))
        self.until(lambda: "parameters" in self.text("comes-to"))
        return self

    def text(self, name: str) -> str:
        return str(self.script("return document.getElementById(arguments[0]).textContent", name))

    def choose(self, **fields: object) -> None:
        """Set fields of the form, as a hand on them does."""
        for name, value in fields.items():
            self.script(
                "const [id, value] = arguments; const field = document.getElementById(id);"
                "if (field.type === 'checkbox') field.checked = value; else field.value = value;"
                "field.dispatchEvent(new Event('input', { bubbles: true }));",
                name.replace("_", "-"),
                value,
            )

    def train(self, **fields: object) -> None:
        self.choose(**fields)
        self["train"].click()

    def trained(self) -> None:
        self.until(lambda: self["train"].is_enabled() and self.text("live"))
        assert self["trouble"].text == ""

    def runs(self) -> list[dict[str, str]]:
        found: list[dict[str, str]] = self.script(
            "return [...document.querySelectorAll('#runs li')].map((li) => ({"
            "name: li.querySelector('input').value, accuracy: li.querySelector('b').textContent,"
            "words: li.querySelector('p').textContent }));"
        )
        return found

    def push(self, text: str, run: int = -1) -> None:
        """Press a button of a run, the last one by default."""
        item = self.browser.find_elements(By.CSS_SELECTOR, "#runs li")[run]
        for button in item.find_elements(By.TAG_NAME, "button"):
            if button.text == text:
                self.script("arguments[0].click()", button)
                return
        raise AssertionError(text)

    def bars(self) -> list[float]:
        shown = self.script(
            "return [...document.querySelectorAll('#bars li')].map(li => li.lastChild.textContent)"
        )
        return [float(text.removesuffix(" %")) for text in shown]

    def pixels(self, selector: str) -> bytes:
        """Return what a canvas holds."""
        url = self.script(
            "const from = document.querySelector(arguments[0]);"
            "const copy = document.createElement('canvas');"
            "Object.assign(copy, { width: from.width, height: from.height });"
            "copy.getContext('2d').drawImage(from, 0, 0); return copy.toDataURL();",
            selector,
        )
        return np.asarray(Image.open(io.BytesIO(base64.b64decode(url.partition(",")[2])))).tobytes()

    def state(self, expression: str) -> Any:
        """Return what the page's own state says."""
        return self.browser.execute_async_script(
            "const done = arguments[0]; import('/static/state.js').then(({ state }) =>"
            f"done(((state) => {expression})(state)));"
        )


@pytest.fixture(scope="session")
def kept(browser: webdriver.Chrome, lab: Server) -> str:
    """Runs of three networks, trained once and kept, as the browser holds them."""
    page = Lab(browser, lab.url).open()
    for network, epochs in (("convnet", 8), ("tutorial", 2), ("mlp", 15)):
        rate = 9 if network == "convnet" else 6  # 0.01 and 0.001, by the slider's steps
        page.train(**QUICK | {"network": network, "epochs": epochs, "learning_rate": rate})
        page.trained()
        page.push("Keep")
    found: str = page.script("return localStorage.getItem('tenfold lab runs')")
    assert len(json.loads(found)) == 3
    page.script("localStorage.clear(); sessionStorage.clear()")
    return found


@contextmanager
def opened(browser: webdriver.Chrome, url: str, runs: str = "") -> Iterator[Lab]:
    """Open a lab with the runs that were kept; at the end nothing was said, nobody else asked."""
    one = Lab(browser, url)
    browser.get(f"{url}/static/lab.css")  # of the same origin, and soon there
    one.script("localStorage.clear(); sessionStorage.clear()")
    one.script("if (arguments[0]) localStorage.setItem('tenfold lab runs', arguments[0])", runs)
    one.told(), one.asked()
    yield one.open()
    one.script("localStorage.clear(); sessionStorage.clear()")
    # The style sheet, opened as a page, may ask for an icon late.
    assert [line for line in one.told() if not line.startswith(f"{url}/favicon.ico ")] == []
    asked = one.asked()
    assert asked
    assert [found for found in asked if not found.startswith((url, "data:"))] == []


@pytest.fixture
def page(browser: webdriver.Chrome, lab: Server) -> Iterator[Lab]:
    """The lab, opened."""
    with opened(browser, lab.url) as one:
        yield one


@pytest.fixture
def trained(browser: webdriver.Chrome, lab: Server, kept: str) -> Iterator[Lab]:
    """The lab with the kept runs; the mlp is looked at."""
    with opened(browser, lab.url, kept) as one:
        one.until(lambda: one["bars"].is_displayed())
        yield one


@pytest.fixture(scope="module")
def strict(start_lab: StartLab) -> Iterator[Server]:
    """A lab with a token, for one run at a time of two seconds at most."""
    started = start_lab("--seconds", "2", "--at-once", "1", TENFOLD_TOKEN="sesame")  # noqa: S106
    yield started
    started.stop()


def let_in(browser: webdriver.Chrome, lab: Server) -> Lab:
    """Open a lab that asks for a token, and give it."""
    page = Lab(browser, lab.url)
    browser.get(lab.url)
    page.until(lambda: page["asks"].is_displayed())
    page["token"].send_keys("sesame", Keys.ENTER)
    page.until(lambda: "parameters" in page.text("comes-to"))
    page.told()  # Chromium notes the requests that were refused
    return page


def look_at(page: Lab, network: str) -> None:
    """Look at the kept run of a network."""
    names = [run["words"].split(" · ")[1].split()[0] for run in page.runs()]
    page.push("Look at", names.index(network))
    page.until(lambda: page.state("state.looked.experiment.network") == network)


def test_curves_matrix_filters_and_bars_fill_in_while_it_learns(page: Lab) -> None:
    page.train(**QUICK | {"epochs": 120})
    points = "return document.querySelector('#loss-chart .training')?.points.length ?? 0"
    page.until(lambda: page.script(points) > 1)
    epochs = re.findall(r"(\d+) of 120 epochs", page.runs()[0]["words"])[0]
    assert int(epochs) < 120, "it was seen while it trained"
    first = page.pixels("#filters canvas")
    page.until(lambda: page.pixels("#filters canvas") != first)
    page.trained()
    assert "120 of 120 epochs" in page.runs()[0]["words"]
    assert page.script(points) == 120
    cells = page.script(
        "return [...document.querySelectorAll('#matrix tbody button')].map(b => b.textContent)"
    )
    counts = np.array([0 if text == "·" else int(text) for text in cells]).reshape(10, 10)
    assert counts.sum() == 200
    accuracy = float(page.runs()[0]["accuracy"].removesuffix(" %")) / 100
    assert counts.trace() / 200 == pytest.approx(accuracy, abs=0.001)
    assert accuracy > 0.85
    wrong = page.browser.find_elements(By.CSS_SELECTOR, "#mistakes li")
    assert len(wrong) == min(36, 200 - counts.trace())
    assert f"{200 - counts.trace()} of 200 validation images" in page.text("mistakes-says")
    assert sum(page.bars()) == pytest.approx(100, abs=0.6)
    assert "Validation accuracy" in page["accuracy-chart"].get_attribute("aria-label")
    # One cell of the matrix picks its images, and one of them goes onto the sheet.
    page.script("document.querySelector('#matrix .wrong button').click()")
    assert "Shown: " in page.text("mistakes-says")
    page.script("document.querySelector('#mistakes button').click()")
    assert "from the validation set" in page.text("sheet-says")


def test_runs_are_compared_named_kept_and_removed(trained: Lab) -> None:
    page = trained
    page.train(**QUICK | {"loss": "cross-entropy", "epochs": 3})
    page.trained()
    assert [run["name"] for run in page.runs()] == ["Run 1", "Run 2", "Run 3", "Run 4"]
    assert "log-cosh · Adam 0.01 · batch 32" in page.runs()[0]["words"], "as the form writes it"
    assert "cross-entropy" in page.runs()[3]["words"]
    count = "return document.querySelectorAll('#accuracy-chart .validation').length"
    assert page.script(count) == 4
    page.push("Curve", 0)
    assert page.script(count) == 3
    field = page.browser.find_elements(By.CSS_SELECTOR, "#runs input")[0]
    field.send_keys(Keys.CONTROL, "a")
    field.send_keys("The first", Keys.TAB)
    page.push("Keep", 1)  # no longer
    page.push("Keep", 2)
    before = page.runs()[0]
    page.push("Settings", 0)
    assert page["loss"].get_attribute("value") == "log-cosh"
    assert page["network"].get_attribute("value") == "convnet"
    page.open()  # again: what is kept is still there, with its network
    assert [run["name"] for run in page.runs()] == ["The first"]
    assert page.runs()[0]["accuracy"] == before["accuracy"]
    page.until(lambda: page["bars"].is_displayed())
    page.push("Remove")
    assert page.runs() == []
    assert not page["bars"].is_displayed()


def test_the_test_set_is_opened_by_hand_alone(trained: Lab) -> None:
    page = trained
    assert not any("Test accuracy" in run["words"] for run in page.runs())
    page.push("Test set")
    page.until(lambda: "Test accuracy" in page.runs()[-1]["words"])
    told = page.state("[...state.held.test.labels]")
    predicted = page.state("state.run.tested")
    right = sum(int(a) == b for a, b in zip(predicted, told, strict=True))
    low, high = wilson(right, 200)
    assert page.runs()[-1]["words"].endswith(
        f"Test accuracy {right / 2:.1f} % (95 % interval: {100 * low:.1f} to {100 * high:.1f} %) "
        "on all 200 test images."
    )
    assert page.text("tested") == ""
    page.push("Test set", 0)
    page.until(lambda: "for 2 runs" in page.text("tested"))


def test_intervals_are_those_of_the_evaluation(page: Lab) -> None:
    for right, count in ((0, 200), (171, 200), (200, 200), (987, 1000)):
        found = page.browser.execute_async_script(
            "const [right, count, done] = arguments;"
            "import('/static/list.js').then(({ wilson }) => done(wilson(right, count)));",
            right,
            count,
        )
        assert found == pytest.approx(wilson(right, count), abs=1e-6)


def test_the_wait_for_pytorch_is_explained(page: Lab) -> None:
    page.choose(**QUICK)
    told, moves = page.script(
        "document.getElementById('train').click();"
        "return [document.getElementById('status').textContent,"
        "!document.getElementById('bar').hasAttribute('value')]"
    )
    assert told.startswith("Loading PyTorch, which takes some seconds the first time")
    assert moves
    page.until(lambda: page.runs())
    page.trained()


def test_a_training_is_cancelled(page: Lab) -> None:
    page.train(network="tutorial", optimizer="rmsprop", epochs=150, batch=0)
    page.until(lambda: page.runs() and "· 0 of 150" not in page.runs()[0]["words"])
    page["cancel"].click()
    page.until(lambda: page["train"].is_enabled())
    assert page.runs()[0]["words"].endswith("; cancelled.")


def test_a_run_cancelled_before_its_first_epoch_leaves_no_row(trained: Lab) -> None:
    page = trained
    slow = {"network": "tutorial", "swapped": True, "epochs": 150, "batch": 0}  # seconds an epoch
    page.train(**slow)
    page.until(lambda: len(page.runs()) == 4)
    page.script("document.getElementById('cancel').click()")
    page.until(lambda: page["train"].is_enabled())
    assert [run["name"] for run in page.runs()] == ["Run 1", "Run 2", "Run 3"]
    assert page.text("live") == "Run 4 is cancelled. It is removed, since no epoch was finished."
    assert page["trouble"].text == ""
    page.until(lambda: page["bars"].is_displayed())
    assert page.state("state.run.name") == "Run 3"


@pytest.mark.slow
def test_the_token_is_asked_for(browser: webdriver.Chrome, strict: Server) -> None:
    page = let_in(browser, strict)
    page.train(**QUICK | {"epochs": 1})
    page.until(lambda: page.runs())
    page.trained()
    page.script("sessionStorage.clear()")
    assert page.told() == []


@pytest.mark.slow
def test_a_run_that_took_too_long_says_what_to_choose(
    browser: webdriver.Chrome, strict: Server
) -> None:
    page = let_in(browser, strict)
    page.train(network="tutorial", epochs=150, batch=0)
    page.until(lambda: page["trouble"].is_displayed())
    assert page["trouble"].text.startswith("Run 1: Stopped after 2 seconds")
    assert "Choose fewer epochs" in page["trouble"].text
    page.until(lambda: page["train"].is_enabled())
    page.script("sessionStorage.clear()")
    assert page.told() == []


@pytest.mark.slow
def test_a_busy_lab_says_so(page: Lab, lab: Server) -> None:
    long = {"network": "tutorial", "epochs": 150, "batch": 5}
    names = []
    for session in ("somebody-1", "somebody-2"):
        body = {"session": session, "experiment": long}
        names.append(lab.client.post("/v1/lab/runs", json=body).json()["run"])
    page.train(**QUICK)
    page.until(lambda: page["trouble"].is_displayed())
    assert "2 people are training" in page["trouble"].text
    for name in names:
        lab.client.delete(f"/v1/lab/runs/{name}")
    page.told()  # Chromium notes that it was refused
    page["train"].click()
    page.until(lambda: page.runs())
    page.trained()


@pytest.mark.slow
def test_two_windows_do_not_disturb_each_other(page: Lab) -> None:
    page.train(**QUICK | {"epochs": 12})
    page.browser.switch_to.new_window("window")
    other = Lab(page.browser, page.url).open()
    try:
        other.train(**QUICK | {"network": "linear", "epochs": 9})
        other.trained()
        (theirs,) = other.runs()
        assert "linear" in theirs["words"]
        assert "9 of 9 epochs" in theirs["words"]
        page.front()
        page.trained()
        (ours,) = page.runs()
        assert "mlp" in ours["words"]
        assert "12 of 12 epochs" in ours["words"]
    finally:
        other.front()
        page.browser.close()
        page.front()


def test_what_the_page_computes_is_what_torch_computes(trained: Lab) -> None:
    page = trained
    for network in ("tutorial", "convnet", "mlp"):
        look_at(page, network)
        found = page.browser.execute_async_script(
            "const done = arguments[0]; Promise.all(['state', 'network'].map((name) =>"
            "import(`/static/${name}.js`))).then(([{ state }, { best }]) => done([...Array(200)"
            ".keys()].map((i) => best(state.network.probabilities(state.held.validation.ink(i)))"
            ").join('')))"
        )
        told = page.state("state.run.predicted")
        same = np.mean([a == b for a, b in zip(found, told, strict=True)])
        assert same >= 0.995, network  # a tie may fall either way


def test_drawing_moves_the_bars(trained: Lab) -> None:
    page = trained
    page["clear"].click()
    empty = page.bars()
    box = page.script(
        "const s = document.getElementById('sheet'); s.scrollIntoView({ block: 'center' });"
        "const b = s.getBoundingClientRect(); return [b.left, b.top, b.width, b.height]"
    )
    left, top, width, height = box
    seen = []
    for step in range(7):  # a 1, from above downwards
        kind = "mousePressed" if step == 0 else "mouseMoved"
        where = {"x": left + width * 0.5, "y": top + height * (0.1 + 0.13 * step)}
        hand = {"type": kind, "buttons": 1, "button": "left", "clickCount": 1}
        page.browser.execute_cdp_cmd("Input.dispatchMouseEvent", hand | where)
        seen.append(page.bars())
    hand = {"type": "mouseReleased", "button": "left", "clickCount": 1}
    page.browser.execute_cdp_cmd("Input.dispatchMouseEvent", hand | where)
    assert seen[0] != empty
    assert len({str(bars) for bars in seen}) > 4, "the bars moved while the pen was down"
    assert np.argmax(seen[-1]) == 1
    assert "Your own image" in page.text("sheet-says")


def test_an_empty_sheet_shows_its_pixels_and_how_to_draw(page: Lab) -> None:
    page["clear"].click()
    assert page.text("sheet-says").startswith("Draw a digit with the mouse")
    lines = "return getComputedStyle(document.getElementById('cell')).backgroundImage"
    assert "gradient" in page.script(lines)
    assert page.browser.find_elements(By.CSS_SELECTOR, "#cell i") == []
    page.script("document.getElementById('sheet').focus()")
    page.press(Keys.ARROW_RIGHT, Keys.ARROW_RIGHT, Keys.ARROW_DOWN)
    # Around the fifth row's sixth pixel, inside the sheet's border.
    sheet, cell = (
        page.script(
            "const b = document.querySelector(arguments[0]).getBoundingClientRect();"
            "return [b.left, b.top, b.width, b.height]",
            selector,
        )
        for selector in ("#sheet", "#cell i")
    )
    inside = [sheet[0] + 1, sheet[1] + 1, sheet[2] - 2, sheet[3] - 2]
    expected = [inside[0] + inside[2] * 5 / 8, inside[1] + inside[3] * 4 / 8]
    assert cell[:2] == pytest.approx(expected, abs=0.5)
    assert cell[2:] == pytest.approx([inside[2] / 8, inside[3] / 8], abs=0.5)
    assert page.text("live").startswith("Row 5, column 6, 0 % ink.")


def test_keys_draw_and_a_screen_reader_hears_it(trained: Lab) -> None:
    page = trained
    page["clear"].click()
    page.script("document.getElementById('sheet').focus()")
    keys = webdriver.ActionChains(page.browser, duration=0)
    keys.send_keys(Keys.ARROW_RIGHT, " ", " ", Keys.ARROW_DOWN, " ").perform()
    ink = page.state("[...state.picture.ink]")
    assert sorted(ink)[-2:] == [0.5, 1]
    assert np.nonzero(ink)[0].tolist() == [3 * 8 + 4, 4 * 8 + 4]
    assert page.text("live") == f"Row 5, column 5, 50 % ink. {page.text('verdict')}"
    assert re.fullmatch(r"The network says \d with [\d.]+ % confidence\.", page.text("verdict"))


def test_look_inside_shows_the_very_sum(trained: Lab) -> None:
    page = trained
    look_at(page, "tutorial")
    layers = page.script(
        "return [...document.querySelectorAll('#layers b')].map(b => b.textContent)"
    )
    assert layers == [
        "Convolution 3×3", "ReLU", "Convolution 3×3", "ReLU", "Max pooling 2×2", "Flatten",
        "Dense layer", "ReLU", "Dense layer", "Softmax",
    ]  # fmt: skip
    # Every number of every layer is the sum that explains it.
    worst = page.browser.execute_async_script(
        """
        const done = arguments[0];
        Promise.all(["state", "network"].map((name) => import(`/static/${name}.js`)))
          .then(([{ state }, { explain }]) => {
            let worst = 0;
            state.network.layers.forEach((layer, number) => {
              if (!layer.weight.length && layer.kind !== "pool") return;
              const all = state.activations;
              for (let index = 0; index < all[number + 1].data.length; index += 7) {
                const { terms, bias, result } = explain(all, layer, number, index);
                const sum = layer.kind === "pool"
                  ? Math.max(...terms.map((t) => t.value))
                  : terms.reduce((s, t) => s + t.value * t.weight, bias);
                worst = Math.max(worst, Math.abs(sum - result));
              }
            });
            done(worst);
          });
        """
    )
    assert worst < 1e-4
    # Pointing at a number shows its nine products; they add up to what is shown.
    box = page.script(
        "const s = document.getElementById('out'); s.scrollIntoView({ block: 'center' });"
        "const b = s.getBoundingClientRect(); return [b.left, b.top, b.width, b.height]"
    )
    where = {"x": box[0] + box[2] * 4.5 / 6, "y": box[1] + box[3] * 2.5 / 6}
    hand = {"type": "mouseMoved", "button": "none", "buttons": 0}
    page.browser.execute_cdp_cmd("Input.dispatchMouseEvent", hand | where)
    page.until(lambda: page.text("sum").startswith("Channel 1, row 3, column 5"))
    cells = page.script(
        "return [...document.querySelectorAll('#kernel td')].map(td => td.textContent)"
    )
    plain = [cell.replace("−", "-").split(" × ") for cell in cells]
    products = sum(float(value) * float(weight) for value, weight in plain)
    numbers = [float(n) for n in re.findall(r"-?\d+\.\d+", page.text("sum").replace("−", "-"))]
    total, bias, result = numbers
    assert products == pytest.approx(total, abs=0.01)
    assert total + bias == pytest.approx(result, abs=0.01)
    assert len(page.browser.find_elements(By.CSS_SELECTOR, "#in + .marks i")) == 9


def test_the_kernel_steps_over_the_picture(trained: Lab) -> None:
    page = trained
    look_at(page, "convnet")
    seen = {page.text("sum")}
    page["step-on"].click()
    seen.add(page.text("sum"))
    page.script("document.getElementById('out').focus()")
    keys = webdriver.ActionChains(page.browser, duration=0)
    keys.send_keys(Keys.ARROW_DOWN).perform()
    seen.add(page.text("sum"))
    assert len(seen) == 3
    page["play"].click()
    assert page["play"].text == "Pause"
    at = page.text("sum")
    page.until(lambda: page.text("sum") != at)
    page["play"].click()
    assert page["play"].text == "Play"
    for layer in page.browser.find_elements(By.CSS_SELECTOR, "#layers button"):
        page.script("arguments[0].click()", layer)
        assert layer.get_attribute("aria-pressed") == "true"
        assert "=" in page.text("sum") or "unchanged" in page.text("sum")


def test_look_inside_opens_on_the_first_layer_with_weights(trained: Lab) -> None:
    page = trained
    for network, layer in (("mlp", "Dense layer"), ("convnet", "Convolution 3×3")):
        look_at(page, network)
        pressed = page.browser.find_elements(By.CSS_SELECTOR, "#layers [aria-pressed=true] b")
        assert [button.text for button in pressed] == [layer]


def test_it_is_broken_and_repaired(trained: Lab) -> None:
    page = trained
    whole = float(page.runs()[-1]["accuracy"].removesuffix(" %"))

    def after(**fields: object) -> float:
        page.choose(**fields)
        page.until(lambda: page.text("broken-says").startswith("Broken"))
        accuracy = float(re.findall(r"accuracy ([\d.]+) %", page.text("broken-says"))[0])
        page["repair"].click()
        page.until(lambda: page.text("broken-says").startswith("Nothing is broken"))
        return accuracy

    assert after(noise=200) < whole - 20
    assert after(zero="1") < 30
    assert after(transposed=True) < whole - 20
    full = page.state("Math.max(...state.activations[0].data)")
    page.choose(unscaled=True)
    page.until(lambda: page.text("broken-says").startswith("Broken"))
    assert page.state("Math.max(...state.activations[0].data)") == 16 * full
    page["repair"].click()
    page.until(lambda: page.text("broken-says").startswith("Nothing is broken"))
    assert page.state("Math.max(...state.activations[0].data)") == full
    page.choose(noise=100)
    page.until(lambda: page.text("broken-says").startswith("Broken"))
    weights = page.state("state.network.weights[0]")
    page["reroll"].click()
    assert page.state("state.network.weights[0]") != weights, "other noise"
    matrix = page.script(
        "return [...document.querySelectorAll('#matrix tbody button')].map(b => b.textContent)"
    )
    counts = np.array([0 if text == "·" else int(text) for text in matrix]).reshape(10, 10)
    shown = float(re.findall(r"accuracy ([\d.]+) %", page.text("broken-says"))[0])
    assert 100 * counts.trace() / counts.sum() == pytest.approx(shown, abs=0.06)


def test_challenges_are_met_by_what_is_done(trained: Lab) -> None:
    page = trained
    look_at(page, "convnet")
    met = "return [...document.querySelectorAll('#challenges .met h3')].map(h => h.textContent)"
    assert "Small and good" in page.script(met)
    assert "A 3 that becomes an 8" not in page.script(met)
    page.script("document.querySelector('#challenges button').click()")
    assert page.text("sheet-says").startswith("A 3 from the validation set")
    assert "0 pixels changed; the network says 3" in page.text("challenges")
    # Let the page itself look for the pixels, greedily.
    page.browser.execute_async_script(
        """
        const done = arguments[0];
        import("/static/state.js").then(({ state, tell }) => {
          const p = (ink) => state.network.probabilities(ink)[8];
          for (let tries = 0; tries < 20; tries++) {
            let chosen = null;
            state.picture.ink.forEach((_, i) => [0, 1].forEach((value) => {
              const ink = state.picture.ink.slice();
              ink[i] = value;
              if (!chosen || p(ink) > chosen.p) chosen = { i, value, p: p(ink) };
            }));
            state.picture.ink[chosen.i] = chosen.value;
            tell("picture");
            if (chosen.p > 0.5) break;
          }
          done();
        });
        """
    )
    assert "A 3 that becomes an 8" in page.script(met)
    assert re.search(r"Done: with \d+ pixels? changed", page.text("challenges"))


def test_every_setting_is_there_as_code(page: Lab, lab: Server) -> None:
    page.choose(network="convnet", channels=5, loss="focal", swapped=False)
    page.until(lambda: '"channels": (5, 10)' in page.text("code"))
    page["tab-pytorch"].click()
    assert "nn.Conv2d(1, 5, 3, padding=1, bias=False)" in page.text("code")
    page["tab-pytorch"].send_keys(Keys.ARROW_RIGHT)
    assert page["tab-keras"].get_attribute("aria-selected") == "true"
    assert "CategoricalFocalCrossentropy" in page.text("code")
    plan = lab.client.post("/v1/lab/plan", json=page.state("state.experiment")).json()
    assert page.text("code") == plan["code"]["keras"]
    page["copy"].click()
    page.until(lambda: page.text("live") == "Copied.")


def test_keys_alone_train(page: Lab) -> None:
    page.choose(**QUICK)
    page.script("document.activeElement.blur()")
    keys = webdriver.ActionChains(page.browser, duration=0)
    sections = page.browser.find_elements(By.CSS_SELECTOR, ".sections a")
    keys.send_keys(*[Keys.TAB] * (len(sections) + 1)).perform()
    assert page.script("return document.activeElement.id") == "data"
    order = []
    for _ in range(12):
        page.press(Keys.TAB)
        order.append(page.script("return document.activeElement.id"))
        if order[-1] == "train":
            break
    assert order[:4] == ["network", "loss", "optimizer", "hidden"]
    assert order[-1] == "train"
    page.press(Keys.ENTER)
    page.until(lambda: page.runs())
    page.trained()
    assert page.text("live").startswith("Run 1 is trained. Validation accuracy")


def test_everything_has_a_name(trained: Lab) -> None:
    page = trained
    unnamed = page.script(
        """
        const named = (e) => e.labels?.length || e.getAttribute("aria-label") ||
          e.getAttribute("aria-labelledby") || e.textContent.trim();
        return [...document.querySelectorAll("button, input, select, svg[role], canvas[role]")]
          .filter((e) => !named(e)).map((e) => e.outerHTML);
        """
    )
    assert unnamed == []
    ids = page.script("return [...document.querySelectorAll('[id]')].map(e => e.id)")
    assert len(ids) == len(set(ids))
    levels = page.script(
        "return [...document.querySelectorAll('h1, h2, h3')].map(h => Number(h.tagName[1]))"
    )
    assert levels[0] == 1
    assert all(b - a <= 1 for a, b in pairwise(levels))


@pytest.mark.parametrize("size", [DESKTOP, PHONE])
def test_links_lead_to_all_sections(page: Lab, size: tuple[int, int]) -> None:
    page.open(size)
    page.script("document.activeElement.blur()")
    found = []
    link = "const link = document.activeElement, box = link.getBoundingClientRect();"
    while True:
        page.press(Keys.TAB)
        if not page.script(f"{link} return link.matches('.sections a')"):
            break
        text, target = page.script(f"{link} return [link.textContent, link.hash]")
        assert page.script(f"{link} return box.left >= 0 && box.right <= innerWidth"), text
        page.press(Keys.ENTER)
        top, bottom = page.script(
            "const links = document.querySelector('.sections').getBoundingClientRect();"
            "const h = document.querySelector(arguments[0]).getBoundingClientRect();"
            "return [h.top - links.bottom, h.bottom - innerHeight]",
            target,
        )
        assert top >= 0, text
        assert bottom <= 0, text
        found.append(text)
        page.script("document.querySelector(`.sections a[href='${arguments[0]}']`).focus()", target)
    assert found == [
        "Settings", "Curves", "Mistakes", "Draw", "Look inside", "Break it", "Challenges", "Code",
    ]  # fmt: skip


def test_cards_leave_no_gaps(trained: Lab) -> None:
    page = trained
    gap = 16

    def holes() -> float:
        """Return the area that no card and no gap between cards covers."""
        cards: list[list[float]] = page.script(
            "return [...document.querySelectorAll('main, main > .card')]"
            ".map((e) => e.getBoundingClientRect()).map((b) => [b.width, b.height])"
        )
        whole, *parts = ((width + gap) * (height + gap) for width, height in cards)
        return whole - sum(parts)

    for network in ("mlp", "convnet"):
        look_at(page, network)
        assert holes() == pytest.approx(0, abs=2000)
    while page.runs():
        page.push("Remove")
    page.until(lambda: not page["bars"].is_displayed())
    assert holes() == pytest.approx(0, abs=2000)  # a few roundings


@pytest.mark.parametrize("size", [DESKTOP, PHONE])
def test_it_fits_and_can_be_read(trained: Lab, size: tuple[int, int]) -> None:
    page = trained
    for scheme in ("light", "dark"):
        page.open(size, scheme)
        page.until(lambda: page["bars"].is_displayed())
        assert page.script("return document.documentElement.scrollWidth") <= size[0]
        stands_out(page, scheme, least=61, mixed=True)


def test_mnist_is_drawn_on_28_pixels(page: Lab) -> None:
    if page.script("return document.querySelector('#data option[value=mnist]').disabled"):
        pytest.skip("needs MNIST: set TENFOLD_DATA")
    page.choose(data="mnist", images=1000)
    page.until(lambda: page.state("state.picture.size") == 28)
    page.train(network="linear", optimizer="adam", epochs=3, batch=4)
    page.until(lambda: "7,850 parameters" in page.text("comes-to"))
    page.trained()
    assert page["bars"].is_displayed()
    assert page.script("return document.getElementById('sheet').width") == 28
    assert page.script("return document.getElementById('cell').className") == "marks"
    page.push("Test set")
    page.until(lambda: "Test accuracy" in page.runs()[0]["words"])
    assert "%) on the first 1,000 of 10,000 test images." in page.runs()[0]["words"]
    # 784 numbers in a row are shown as a square.
    page.script("document.querySelector('#layers button').click()")
    assert page.text("out-says") == "Out: 784"
    box = page.script("const c = document.getElementById('out'); return [c.width, c.height]")
    assert box == [28, 28]
