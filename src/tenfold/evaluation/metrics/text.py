"""How well numbers and pages are read: exact match and character error rate (CER).

There is one definition of the CER, for the command, the benchmarks and the docs: the least number
of characters to insert, delete or change to get from the true texts to what was read (Levenshtein
1966), over the number of characters in the true texts, all images together. A text is the digits of
each line, lines joined by ``|``, which counts as a character. What is quoted beside it is the mean
over sources, in which every source counts alike however many images it has.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence


def digits_of(text: str) -> str:
    r"""Keep the digits of each line, and join the lines that have any by ``|``.

    Examples
    --------
    >>> digits_of("12.5 -7\n-\n3")
    '1257|3'
    """
    return "|".join(filter(None, (re.sub("[^0-9]", "", line) for line in text.splitlines())))


def edit_distance(one: str, other: str) -> int:
    """Count the insertions, deletions and changes between two texts (Levenshtein 1966).

    Examples
    --------
    >>> edit_distance("40718", "4071"), edit_distance("12", "21")
    (1, 2)
    """
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, start=1):
        diagonal, row[0] = row[0], i
        for j, b in enumerate(other, start=1):
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, diagonal + (a != b))
    return row[-1]


def exact_match(truths: Sequence[str], texts: Sequence[str]) -> float:
    """Return the share of texts that are the truth to the last character, 0 to 1.

    Examples
    --------
    >>> exact_match(["12|3", "45"], ["12|3", "54"])
    0.5
    """
    pairs = list(zip(truths, texts, strict=True))
    return sum(truth == text for truth, text in pairs) / max(len(pairs), 1)


def character_error_rate(truths: Sequence[str], texts: Sequence[str]) -> float:
    """Return the CER: edits over true characters, ``|`` between lines among them.

    It is 0 where nothing is wrong, and above 1 where more is read than there is. Truths without any
    character count as having one, so that what is read in blank images counts.

    Examples
    --------
    >>> character_error_rate(["12|3", "45"], ["12|3", "54"])
    0.3333333333333333
    """
    edits = sum(edit_distance(truth, text) for truth, text in zip(truths, texts, strict=True))
    return edits / max(sum(map(len, truths)), 1)


def by_source(
    metric: Callable[[Sequence[str], Sequence[str]], float],
    sources: Sequence[str],
    truths: Sequence[str],
    texts: Sequence[str],
) -> dict[str, float]:
    """Return a metric for each source alone, by name; their mean counts each source alike.

    Examples
    --------
    >>> by_source(exact_match, ["b", "a", "a"], ["1", "2", "3"], ["1", "2", "7"])
    {'a': 0.5, 'b': 1.0}
    """
    grouped: dict[str, tuple[list[str], list[str]]] = {
        name: ([], []) for name in sorted({*sources})
    }
    for source, truth, text in zip(sources, truths, texts, strict=True):
        grouped[source][0].append(truth)
        grouped[source][1].append(text)
    return {name: metric(*columns) for name, columns in grouped.items()}
