"""From what fields show to answers: how sure each is, and what a person should see.

A number's probability comes from the margin to the next value that its field may hold, and from how
much of what was read fits the field at all; the curve was fitted on composed stacks in hands of the
training set. Sums are weighed together with their parts, ticks with their group.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import replace
from decimal import Decimal

import numpy as np

from tenfold.forms.crops import SPECK
from tenfold.forms.fields import Seen
from tenfold.forms.sheet_results import TICKED, Cell, FieldResult
from tenfold.forms.template import Field

# 1, margin of log-probability to the runner-up, log-probability that any valid value was written,
# whether something is struck out; mean of what benchmarks/forms.py --fit gives for seeds 0 and 1.
CURVE = (-0.525, 0.704, 0.089, -0.73)
MOST = 8.0  # what is surer than this counts as this
SURE = 0.98  # probability from which on nobody need look
SET, UNSET = 0.03, 0.012  # share of a tick box's inside that is inked
HEAVY = 0.5  # such a share may be a tick that was blacked out
LIGHTEST = 1.3  # by so much less ink the one tick of several has that was not taken back
TRACE = 0.1  # of a field's height: with anything higher in it, it is not surely empty
BLANK = 0.995  # how sure an empty field is empty
MISCOUNTED = 0.02  # of the sums that people write do not add up
TOTALS = 100.0  # about so many values a sum may have
OTHER = 0.02  # of what is not the likeliest value is none of the candidates
FILLED = "what stands in it stands on the blank form too"
TRIED = 4  # candidates of each part of a sum

Sums = dict[Decimal, float]
_NOTHING: Sums = {Decimal(0): 1.0}


def judge(seen: Sequence[Seen], filled: Collection[str] = ()) -> list[FieldResult]:
    """Return an answer for each field of one page, without pictures.

    Parameters
    ----------
    seen : sequence of Seen
    filled : collection of str
        Names of fields in which something stands on the blank form already: that they are blank
        is nothing sure.
    """
    fields = {one.field.name: one.field for one in seen}
    results = {one.field.name: _alone(one) for one in seen}
    for name in results.keys() & set(filled):
        if results[name].status == "blank":
            results[name] = replace(results[name], status="doubtful", reason=FILLED)
    for field in fields.values():
        if field.sum_of and all(name in results for name in field.sum_of):
            results |= _sum([results[name] for name in (*field.sum_of, field.name)])
    results |= _groups(fields, results, {one.field.name: one.ink for one in seen})
    return list(results.values())


def features(one: Seen) -> tuple[float, ...]:
    """Return what the curve sees of a field with candidates."""
    first = one.candidates[0][1]
    second = one.candidates[1][1] if len(one.candidates) > 1 else -math.inf
    margin, fits = min(MOST, first - second), max(-MOST, one.log_total)
    return 1.0, margin, fits, float(one.struck)


def _alone(one: Seen) -> FieldResult:
    """Judge a field by itself."""
    name = one.field.name
    if one.field.kind == "tick":
        return _tick(one)
    if one.ink < TRACE:
        return FieldResult(name, None, BLANK, None, 0.0, "blank")
    if one.ink < SPECK:
        return FieldResult(name, None, 0.6, None, 0.0, "doubtful", "something very small")
    if not one.candidates:
        reason = "what is written is no value of this field"
        return FieldResult(name, None, 0.0, None, 0.0, "doubtful", reason)
    right = 1 / (1 + math.exp(-float(np.dot(CURVE, features(one)))))
    return _answer(name, _shared(one.candidates, right), one.cells)


def _shared(candidates: Sequence[tuple[str, float]], right: float) -> dict[str, float]:
    """Give the first its probability, and the rest of it to the others as they stand.

    None of them gets more than the first: where even that is improbable, it may be none of these.
    """
    (first, _), *others = candidates
    left = (1 - right) * (1 - OTHER)
    top = max((p for _, p in others), default=0.0)
    total = sum(math.exp(p - top) for _, p in others)
    shares = {text: left * math.exp(p - top) / total for text, p in others}
    return {first: right} | {text: min(right, share) for text, share in shares.items()}


def _answer(name: str, chances: dict[str, float], cells: tuple[Cell, ...]) -> FieldResult:
    """Return the likeliest value, and whether it is sure enough."""
    ranked = sorted(chances.items(), key=lambda pair: -pair[1])
    value, probability = ranked[0]
    runner_up, second = ranked[1] if len(ranked) > 1 else (None, 0.0)
    sure = probability >= SURE
    return FieldResult(
        name, value or None, probability, runner_up or None, second, "ok" if sure else "doubtful",
        "" if sure else "another value is nearly as likely", b"", tuple(ranked), cells,
    )  # fmt: skip


def _tick(one: Seen) -> FieldResult:
    """Judge a tick box by how much of it is inked."""
    name, middle = one.field.name, (SET + UNSET) / 2
    set_ = one.ink >= middle
    alone = one.field.group is None or one.field.optional  # no other tick says what it means
    sure = SET <= one.ink < (HEAVY if alone else 1.1) or one.ink <= UNSET
    right = 0.999 if sure else 0.6
    value, other = (TICKED, None) if set_ else (None, TICKED)
    return FieldResult(
        name, value, right, other, 1 - right, ("ok" if set_ else "blank") if sure else "doubtful",
        "" if sure else "a tick taken back, perhaps" if set_ else "a faint mark",
    )  # fmt: skip


def _groups(
    fields: dict[str, Field], results: dict[str, FieldResult], inks: dict[str, float]
) -> dict[str, FieldResult]:
    """Of a group of ticks one is set, or none where they are optional.

    Where several are, all but the one were blacked out or struck out, which takes more ink.
    """
    groups: dict[str, list[str]] = defaultdict(list)
    for field in fields.values():
        if field.kind == "tick" and field.group:
            groups[field.group].append(field.name)
    out: dict[str, FieldResult] = {}
    for group, names in groups.items():
        ticked = sorted(
            (name for name in names if results[name].value == TICKED), key=lambda name: inks[name]
        )
        if len(ticked) > 1:
            wrong, reason = ticked, f"{len(ticked)} of {group} are ticked, and one may be"
            if inks[ticked[1]] >= LIGHTEST * inks[ticked[0]]:
                results |= {name: _taken_back(results[name]) for name in ticked[1:]}
        elif not ticked and not fields[names[0]].optional:
            wrong, reason = names, f"none of {group} is ticked"
        else:
            continue
        out |= {
            name: replace(results[name], status="contradiction", reason=reason) for name in wrong
        }
    return out


def _taken_back(one: FieldResult) -> FieldResult:
    return replace(
        one, value=None, probability=0.6, runner_up=TICKED, runner_up_probability=0.4
    )  # fmt: skip


def _sum(results: Sequence[FieldResult]) -> dict[str, FieldResult]:
    """Weigh a sum, the last, together with its parts: most people add up rightly.

    What all parts but one add up to, with how likely it is, says what that one and the sum must be
    (forward and backward over the parts). A person who added up wrongly is allowed for.
    """
    *parts, total = results
    if total.status == "blank":
        return {}
    chances = [_chances(part) for part in parts]
    whole: Sums = defaultdict(float)
    for text, p in _chances(total):
        whole[_number(text)] += p
    before, after = [_NOTHING], [_NOTHING]
    for own in chances:
        before.append(_plus(before[-1], own))
    for own in reversed(chances):
        after.append(_plus(after[-1], own))
    together = _agreeing(before[-1], _NOTHING, Decimal(0), whole)
    share = (1 - MISCOUNTED) * TOTALS * together
    share /= share + MISCOUNTED
    if share < 0.5:
        reason = f"{' + '.join(part.field for part in parts)} is not {total.field}"
        return {total.field: replace(total, status="contradiction", reason=reason)}
    out = {}
    for k, (part, own) in enumerate(zip(parts, chances, strict=True)):
        rest = before[k], after[len(parts) - k - 1]
        agreed = {text: p * _agreeing(*rest, _number(text), whole) for text, p in own}
        out[part.field] = _mixed(part, own, agreed, together, share)
    own = _chances(total)
    agreed = {text: p * before[-1].get(_number(text), 0.0) for text, p in own}
    out[total.field] = _mixed(total, own, agreed, together, share)
    return out


def _plus(sums: Sums, own: Sequence[tuple[str, float]]) -> Sums:
    """Add one part's values to sums of others, with how likely each is."""
    out: Sums = defaultdict(float)
    for value, p in sums.items():
        for text, q in own:
            out[value + _number(text)] += p * q
    return out


def _agreeing(before: Sums, after: Sums, value: Decimal, whole: Sums) -> float:
    """How likely a value and the sums around it give one of the totals."""
    return sum(
        p * q * whole[a + b + value]
        for a, p in before.items()
        for b, q in after.items()
        if a + b + value in whole
    )


def _mixed(
    one: FieldResult, own: Sequence[tuple[str, float]], agreed: dict[str, float], together: float,
    share: float,
) -> FieldResult:  # fmt: skip
    """Return a field's answer after its sum was heard; an empty one stays so."""
    if one.status == "blank":
        return one
    mixed = {text: share * agreed[text] / together + (1 - share) * p for text, p in own}
    return _answer(one.field, mixed, one.cells)


def _chances(one: FieldResult) -> list[tuple[str, float]]:
    """Return a part's likeliest values; an empty one adds nothing."""
    return list(one.candidates[:TRIED]) or [(one.value or "", max(one.probability, 1e-6))]


def _number(text: str) -> Decimal:
    return Decimal(text.replace(",", ".")) if text else Decimal(0)
