"""Slices that leak more: searched in one half of the records, checked on the other."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from skmia.audit._subgroups._columns import BoolArray, Column
from skmia.audit._subgroups._comparison import Difference, Share, Term, compare, holm
from skmia.audit._subgroups._rare import notes_on_rare
from skmia.audit._subgroups._rules import Rule
from skmia.audit._subgroups._sample import Sample
from skmia.audit._subgroups._search import MOST_CONDITIONS, find_rules
from skmia.audit._subgroups._slices import Slice, Slices
from skmia.audit._subgroups._threshold import Exposure
from skmia.audit._subgroups._wide import choose_columns

_VISIBLE = 1 / 20  # the part of the members for which the reach is stated


def find_slices(
    exposure: Exposure,
    X: Any,
    names: Sequence[str] | None,
    label: Column | None,
    *,
    max_slices: int,
    max_conditions: int,
    min_size: int,
    seed: int,
    notes: Sequence[str] = (),
) -> Slices:
    """Search rules in a random half, persons whole, and keep what holds elsewhere.

    The true class is one of the columns, unless another tells the same.
    """
    searched = draw_half(exposure, seed)
    sample = _sample(exposure, searched)
    columns, left_out = choose_columns(X, names, sample, searched, min_size)
    if label is not None and not any(label.tells_the_same(c) for c in columns):
        columns = [*columns, label]
    left_out += notes_on_rare(columns, sample, searched, min_size)
    rules, n_tried, n_conditions = find_rules(
        [column.take(searched) for column in columns],
        sample,
        max_rules=max_slices,
        max_conditions=max_conditions,
        min_size=min_size,
    )
    if max_conditions > 1 and n_conditions > MOST_CONDITIONS:
        left_out.append(
            f"Of {n_conditions:,} conditions, the {MOST_CONDITIONS} that tell most by "
            "themselves, in the half that was searched, were combined with others."
        )
    masks = [rule.holds(columns) for rule in rules]
    checked = ~searched
    found = []
    for i, mask in enumerate(masks):
        others = checked & ~np.logical_or.reduce(masks[: i + 1])
        p_value = _p_value(exposure, mask & checked, others, min_size)
        found.append((rules[i], mask, others, p_value))
    adjusted = holm([p for *_, p in found])
    alpha = exposure.alpha
    shared = _at_level(exposure, 1 - alpha / max(len(found), 1))
    slices = [
        _slice(shared, rule, columns, mask, checked, others, p_value)
        for (rule, mask, others, _), p_value in zip(found, adjusted, strict=True)
        if p_value < alpha
    ]
    n_visible = int(_VISIBLE * exposure.share(checked, True).n)
    return Slices(
        columns=tuple(column.name for column in columns),
        attack=exposure.attack,
        max_fpr=exposure.max_fpr,
        confidence_level=exposure.evidence.confidence_level,
        n_rules=n_tried,
        n_candidates=len(found),
        slices=tuple(slices),
        visible_members=n_visible,
        visible_share=_visible(exposure, checked, n_visible, len(found), min_size),
        notes=(*notes, *exposure.stronger(), *left_out),
    )


def draw_half(exposure: Exposure, seed: int) -> BoolArray:
    """Half of the members and of the non-members, persons and records whole."""
    member = exposure.evidence.membership
    units = exposure.units
    if units is None:
        units = np.arange(member.size)
    _, first, of = np.unique(units, return_index=True, return_inverse=True)
    # By the side of a person's first row, so that either half has as many of both.
    side = member[first]
    rng = np.random.RandomState(seed)
    drawn = np.zeros(len(first), dtype=bool)
    for value in (True, False):
        own = rng.permutation(np.flatnonzero(side == value))
        drawn[own[: (len(own) + value) // 2]] = True
    return drawn[of]


def _sample(exposure: Exposure, searched: BoolArray) -> Sample:
    """The half to search; rows of one person weigh as much as one together."""
    weight = np.ones(int(searched.sum()))
    if exposure.units is not None:
        _, of = np.unique(exposure.units[searched], return_inverse=True)
        weight = 1 / np.bincount(of)[of]
    member = exposure.evidence.membership[searched]
    return Sample(member, exposure.flagged[searched], weight)


def _p_value(
    exposure: Exposure, part: BoolArray, others: BoolArray, min_size: int
) -> float:
    """One-sided: that a part is no more exposed than others."""
    sizes = [
        exposure.n_units(mask, side)
        for mask in (part, others)
        for side in (True, False)
    ]
    if min(sizes) < min_size:
        return 1.0
    terms = [*exposure.excess_terms(part), *exposure.excess_terms(others, -1)]
    return _one_sided(compare(terms, exposure.alpha))


def _one_sided(found: Difference) -> float:
    return found.p_value / 2 if found.value > 0 else 1 - found.p_value / 2


def _at_level(exposure: Exposure, level: float) -> Exposure:
    evidence = replace(exposure.evidence, confidence_level=level)
    return replace(exposure, evidence=evidence)


def _slice(
    exposure: Exposure,
    rule: Rule,
    columns: Sequence[Column],
    mask: BoolArray,
    checked: BoolArray,
    others: BoolArray,
    p_value: float,
) -> Slice:
    part = mask & checked
    accused = exposure.share(part, False)
    accused_ends = accused.ends(exposure.alpha)
    share, ends = exposure.tpr(part)
    rest, rest_ends = exposure.tpr(others)
    return Slice(
        rule=rule.show(columns),
        n_members=exposure.share(mask, True).n,
        n_nonmembers=exposure.share(mask, False).n,
        n_checked_members=exposure.share(part, True).n,
        n_checked_nonmembers=accused.n,
        share=share,
        share_low=ends.low,
        share_high=ends.high,
        accused=accused.rate,
        accused_low=accused_ends.low,
        accused_high=accused_ends.high,
        rest_share=rest,
        rest_share_low=rest_ends.low,
        rest_share_high=rest_ends.high,
        rest_accused=exposure.share(others, False).rate,
        p_value=p_value,
    )


def _visible(
    exposure: Exposure, checked: BoolArray, n: int, n_candidates: int, min_size: int
) -> float | None:
    """The smallest exposed share at which a slice of so many members would hold."""
    if n < min_size:
        return None
    rest = exposure.excess_terms(checked, -1)
    alpha = exposure.alpha / max(n_candidates, 1)
    n_nonmembers = int(_VISIBLE * exposure.share(checked, False).n)
    accused = Share(exposure.max_fpr * n_nonmembers, n_nonmembers, float(n_nonmembers))
    for k in range(1, n + 1):
        exposed = Share(float(k), n, float(n))
        terms = [
            Term(1, exposed.rate, exposed.ends),
            Term(-1, accused.rate, accused.ends),
        ]
        if _one_sided(compare([*terms, *rest], exposure.alpha)) < alpha:
            return exposed.rate
    return None
