"""A window on the review of a stack."""

from __future__ import annotations

from tests.browser import Tab


class Window(Tab):
    """A window of the browser on the review."""

    @property
    def far(self) -> str:
        """How far it is, once nothing is awaited."""
        busy, text = self.script(
            "return [document.querySelector('main').ariaBusy, "
            "document.getElementById('far').textContent]"
        )
        return "" if busy == "true" else str(text).partition(" · ")[0]

    def says(self, far: str) -> None:
        self.until(lambda: self.far == far)

    def shows(self, section: str) -> None:
        self.until(lambda: self[section].is_displayed())

    @property
    def shown(self) -> tuple[str, int]:
        """Name and sheet of the field that is shown."""
        found = self.script(
            "return document.getElementById('item').hidden ? ['', ' 0'] : "
            "['name', 'from'].map((id) => document.getElementById(id).textContent)"
        )
        return str(found[0]), int(found[1].rpartition(" ")[2] or 0)

    def comes_to(self, item: tuple[str, int]) -> None:
        self.until(lambda: self.shown == item)

    def leaves(self, item: tuple[str, int]) -> None:
        self.until(lambda: self.shown not in (item, ("", 0)))

    @property
    def value(self) -> str:
        return str(self.script("return document.getElementById('value').value"))
