r"""Rule for patterns: regular expressions of a limited form.

What can be read may stand for itself: digits and ``, - / : = %``, and with a backslash before
``\. \+ \( \)``. ``\d`` is a digit, ``.`` anything, ``[2-5/]`` and ``[^0]`` one of some, ``( )`` a
group, ``|`` or, and ``? * + {3} {2,4} {2,}`` how often. The whole text must fit; ``^`` before and
``$`` after it say nothing new.

The positions of the expression are the states (Glushkov 1961).
"""

from __future__ import annotations

from dataclasses import dataclass

from tenfold.errors import UsageError
from tenfold.signature import CHARS, DIGITS

MOST_POSITIONS = 400
LONGEST = 400  # characters of a pattern
DEEPEST = 30  # groups in groups
SPECIAL = r"\.[](){}?*+|^$"
START = -1


@dataclass(frozen=True, slots=True)
class _Node:
    """A piece of the expression: characters, pieces after each other or instead, or repeated."""

    kind: str  # chars, all, any, repeat
    chars: str = ""
    parts: tuple[_Node, ...] = ()
    least: int = 0
    most: int | None = None


class Pattern:
    """Texts that a regular expression fits as a whole.

    Raises
    ------
    UsageError
        If it is no expression of the limited form, or too long; says what is not understood.
    """

    start = frozenset({START})

    def __init__(self, text: str) -> None:
        self._chars: list[str] = []
        self._follow: dict[int, set[int]] = {START: set()}
        if len(text) > LONGEST:
            raise UsageError(f"a pattern of {len(text)} characters is too long ({LONGEST})")
        self._text = text
        empty, first, last = self._build(_Parser(text).parse())
        self._follow[START] = first
        self._last = last | ({START} if empty else set())

    def step(self, state: frozenset[int], char: str) -> frozenset[int] | None:
        """Return all positions that this character may stand for."""
        after = frozenset(q for p in state for q in self._follow[p] if char in self._chars[q])
        return after or None

    def final(self, state: frozenset[int]) -> bool:
        """Whether the expression may end there."""
        return not self._last.isdisjoint(state)

    def _build(self, node: _Node) -> tuple[bool, set[int], set[int]]:
        """Return whether it may be empty, and the positions that it begins and ends with."""
        if node.kind == "chars":
            place = len(self._chars)
            if place >= MOST_POSITIONS:
                raise UsageError(
                    f"pattern {self._text!r}: repeats too much; at most {MOST_POSITIONS} characters"
                )
            self._chars.append(node.chars)
            self._follow[place] = set()
            return False, {place}, {place}
        if node.kind == "any":
            built = [self._build(part) for part in node.parts]
            return (
                any(empty for empty, _, _ in built),
                set().union(*(first for _, first, _ in built)),
                set().union(*(last for _, _, last in built)),
            )
        if node.kind == "all":
            return self._row([self._build(part) for part in node.parts])
        (part,) = node.parts
        built = [self._build(part) for _ in range(node.least)]
        if node.most is None:
            _, first, last = self._build(part)
            for place in last:
                self._follow[place] |= first
            built.append((True, first, last))
        else:
            built += [(True, *self._build(part)[1:]) for _ in range(node.most - node.least)]
        return self._row(built)

    def _row(self, built: list[tuple[bool, set[int], set[int]]]) -> tuple[bool, set[int], set[int]]:
        """Join pieces that stand after each other."""
        empty, first, last = True, set[int](), set[int]()
        for own_empty, own_first, own_last in built:
            for place in last:
                self._follow[place] |= own_first
            first = first | own_first if empty else first
            last = last | own_last if own_empty else own_last
            empty = empty and own_empty
        return empty, first, last


class _Parser:
    """Takes a pattern apart."""

    def __init__(self, text: str) -> None:
        # The whole text must fit anyway.
        head = 1 if text.startswith("^") else 0
        tail = len(text) - 1 if text.endswith("$") and not text.endswith("\\$") else len(text)
        self._text, self._at, self._end = text, head, tail
        self._depth = 0

    def parse(self) -> _Node:
        node = self._either()
        if self._at < self._end:
            raise self._error("closes a group that was not opened")
        return node

    def _peek(self) -> str:
        return self._text[self._at] if self._at < self._end else ""

    def _error(self, what: str) -> UsageError:
        here = self._peek()
        where = f"{here!r} at {self._at + 1}" if here else "the end"
        return UsageError(f"pattern {self._text!r}: {where} {what}")

    def _either(self) -> _Node:
        ways = [self._row()]
        while self._peek() == "|":
            self._at += 1
            ways.append(self._row())
        return ways[0] if len(ways) == 1 else _Node("any", parts=tuple(ways))

    def _row(self) -> _Node:
        parts = []
        while self._peek() not in ("", "|", ")"):
            parts.append(self._repeated(self._one()))
        return _Node("all", parts=tuple(parts))

    def _one(self) -> _Node:
        char = self._peek()
        if char == "(":
            return self._group()
        if char == "[":
            return self._set()
        if char == "\\":
            return _Node("chars", self._escaped())
        if char in SPECIAL and char != ".":
            raise self._error(f"has no meaning here; a sign itself is \\{char}")
        if char not in CHARS:
            raise self._error(f"cannot be read; there are digits and {' '.join(CHARS[10:])}")
        self._at += 1
        return _Node("chars", CHARS if char == "." else char)

    def _group(self) -> _Node:
        self._at += 1
        if self._peek() == "?":
            raise self._error("after ( is not understood; a group is written (…)")
        self._depth += 1
        if self._depth > DEEPEST:
            raise self._error(f"opens the group {DEEPEST + 1} deep; write it with fewer")
        node = self._either()
        if self._peek() != ")":
            raise self._error("comes before the group is closed with )")
        self._depth -= 1
        self._at += 1
        return node

    def _escaped(self) -> str:
        self._at += 1
        char = self._peek()
        if char == "d":
            chosen = DIGITS
        elif char and char in CHARS and not char.isdigit():
            chosen = char
        else:
            raise self._error("after \\ is not understood; there are \\d and signs such as \\.")
        self._at += 1
        return chosen

    def _set(self) -> _Node:
        self._at += 1
        other = self._peek() == "^"
        self._at += other
        chosen: set[str] = set()
        while self._peek() != "]":
            first = self._member()
            if self._peek() == "-" and self._text[self._at + 1 : self._at + 2] != "]":
                self._at += 1
                last = self._member()
                if not (len(first) == len(last) == 1 and first in DIGITS and first <= last <= "9"):
                    raise self._error(f"ends no range; {first[:1]}-{last[:1]} is none of digits")
                chosen |= {digit for digit in DIGITS if first <= digit <= last}
            chosen |= set(first)
        self._at += 1
        kept = "".join(char for char in CHARS if (char in chosen) != other)
        if not kept:
            raise self._error("comes after [ ] that holds nothing")
        return _Node("chars", kept)

    def _member(self) -> str:
        char = self._peek()
        if char == "\\":
            return self._escaped()
        if not char:
            raise self._error("comes before [ is closed with ]")
        if char not in CHARS:
            raise self._error(f"cannot be read; there are digits and {' '.join(CHARS[10:])}")
        self._at += 1
        return char

    def _repeated(self, node: _Node) -> _Node:
        char = self._peek()
        if char and char in "?*+":
            self._at += 1
            least, most = {"?": (0, 1), "*": (0, None), "+": (1, None)}[char]
        elif char == "{":
            least, most = self._times()
        else:
            return node
        if self._peek() and self._peek() in "?*+{":
            raise self._error("follows another repetition; put a group ( ) around the first")
        return _Node("repeat", parts=(node,), least=least, most=most)

    def _times(self) -> tuple[int, int | None]:
        close = self._text.find("}", self._at, self._end)
        inner = self._text[self._at + 1 : close] if close >= 0 else ""
        low, comma, high = inner.partition(",")
        right = low.isdecimal() and low.isascii() and len(inner) <= 9
        right = right and (high == "" or (high.isdecimal() and high.isascii()))
        if not right or (high and int(low) > int(high)) or (not comma and int(low) == 0):
            raise self._error("is no repetition; write {3}, {2,4} or {2,}")
        self._at = close + 1
        return int(low), (int(high) if high else None) if comma else int(low)
