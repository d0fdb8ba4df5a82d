r"""Names are data: how those of files, and other text that strangers chose, are written.

A name may hold newlines, what steers a terminal, and bytes that are no UTF-8. Such a character is
written as its bytes, ``\x1b``, or as ``\n``, ``\r``, ``\t``; a backslash of the name is doubled. So
a name is written the same way in a terminal, in CSV and in JSON, and ``printf '%b'`` of a shell
turns it back.
"""

from __future__ import annotations

import os
import re
import unicodedata

_SHORT = {"\n": r"\n", "\r": r"\r", "\t": r"\t"}
_UNSAFE = {"Cc", "Cs", "Zl", "Zp"}  # control characters, bytes in no encoding, separators of lines
# Characters that turn the direction of writing, so that a name reads as another one.
_TURNING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_FORMULA = ("=", "+", "-", "@")
_WIDE = ("＝", "＋", "－", "＠")  # which spreadsheets take for the narrow ones
_NUMBER = re.compile(r"[+-]?\d+(?:[.,]\d+)*%?")


def plain(text: str, keep: str = "") -> str:
    r"""Return text without what steers a terminal or breaks a line; a second time changes nothing.

    Parameters
    ----------
    text : str
    keep : str
        Characters that stay as they are, such as the newline of a text of several lines.

    Examples
    --------
    >>> print(plain("a\x1b[31m\nb"))
    a\x1b[31m\nb
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(c if c in keep or not _is_unsafe(c) else _escaped(c) for c in text)


def shown(name: str | os.PathLike[str]) -> str:
    r"""Return how a file's name is written: told from every other, and able to be turned back.

    Examples
    --------
    >>> print(shown("a\nb.png"), shown(r"a\nb.png"), shown("a\udcff.png"))
    a\nb.png a\\nb.png a\xff.png
    """
    text = os.fspath(name)
    return plain(text if os.sep == "\\" else text.replace("\\", "\\\\"))


def page_name(file: str, page: int | None) -> str:
    """Return what a page of a file is called; the file itself where it has no number.

    Examples
    --------
    >>> page_name("scan.pdf", 2), page_name("photo.jpg", None)
    ('scan.pdf#2', 'photo.jpg')
    """
    return file if page is None else f"{file}#{page}"


def cell(value: object) -> object:
    r"""Return what a table's cell holds, so that no spreadsheet takes it for a formula.

    Text that begins with ``=``, ``+``, ``-``, ``@`` or an apostrophe gets an apostrophe before it;
    a number stays as it is.

    Examples
    --------
    >>> [cell(value) for value in ("=1+2", "-4", "'a", "a=b", 7)]
    ["'=1+2", '-4', "''a", 'a=b', 7]
    """
    if not isinstance(value, str):
        return value
    text = plain(value)
    if not text.lstrip().startswith((*_FORMULA, *_WIDE, "'")) or _NUMBER.fullmatch(text):
        return text
    return f"'{text}"


def _is_unsafe(character: str) -> bool:
    return unicodedata.category(character) in _UNSAFE or character in _TURNING


def _escaped(character: str) -> str:
    # Bytes that are no UTF-8 come as U+DC80 to U+DCFF; another lone surrogate is no file's name.
    how = "surrogateescape" if "\udc80" <= character <= "\udcff" else "surrogatepass"
    return _SHORT.get(character) or "".join(
        f"\\x{byte:02x}" for byte in character.encode("utf-8", how)
    )
