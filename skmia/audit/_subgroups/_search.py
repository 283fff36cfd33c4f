"""The search for rules: which parts of the records are the most exposed.

All pairs of conditions are looked at, not only those whose first one helps by itself,
and the best of them are taken further. A rule is as good as the exposure that it has
for sure: the difference to the rest less some standard errors. So a small part with
all of its members exposed comes before a large one with a few more than elsewhere, and
neither before what chance explains.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from scipy.special import ndtri

from skmia.audit._subgroups._columns import BoolArray, Column, FloatArray
from skmia.audit._subgroups._rare import too_rare
from skmia.audit._subgroups._rules import Condition, Rule, conditions_of, neat
from skmia.audit._subgroups._sample import Counts, Sample

# Standard errors that are taken off a difference.
_SURE = 2.5
# Conditions whose pairs are looked at, rules that are taken further.
MOST_CONDITIONS, _BEAM = 600, 40
# Of the rules, how many are polished before one is chosen.
_FINALISTS = 10
_TINY = 1e-12
_BLOCK = 8192


def find_rules(
    columns: Sequence[Column],
    sample: Sample,
    *,
    max_rules: int,
    max_conditions: int,
    min_size: int,
) -> tuple[list[Rule], int, int]:
    """Rules, the best first, each for records that none before it holds for.

    And how many were looked at, and of how many conditions.
    """
    literals = [
        condition
        for i, column in enumerate(columns)
        for condition in conditions_of(i, column, too_rare(column, sample, min_size))
    ]
    found: list[Rule] = []
    n_tried, left = 0, np.ones(len(sample.member), dtype=bool)
    while literals and len(found) < max_rules:
        own = [column.take(left) for column in columns]
        rest = sample.take(left)
        rule, n = _best(own, rest, literals, max_conditions, min_size)
        n_tried += n
        if rule is None:
            break
        rule = neat(rule, own)
        inside = rule.holds(columns)
        overlapping = tuple(r for r in found if (r.holds(columns) & inside).any())
        found.append(replace(rule, outside=overlapping))
        left &= ~inside
    return found, n_tried, len(literals)


def quality(
    counts: Counts, others: Counts, total: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Exposure beyond that of others, and its standard error.

    Shares are drawn to those of all records, by as much as one record does, so that
    none of a few is not certainty.
    """
    overall = total[[0, 2]] / np.maximum(total[[1, 3]], 1)
    value, variance = np.zeros(len(counts)), np.zeros(len(counts))
    for sign, of in ((1, counts), (-1, others)):
        for side, side_sign in ((0, 1), (1, -1)):
            flagged, n = of[:, 2 * side], np.maximum(of[:, 2 * side + 1], 0.0)
            rate = (flagged + overall[side]) / (n + 1)
            value += sign * side_sign * rate
            # With half a record more on either side, as no share is sure.
            rough = (flagged + 0.5) / (n + 1)
            variance += np.clip(rough * (1 - rough), 0, None) / (n + 1)
    return value, np.sqrt(variance)


def surely_exposed(counts: Counts, total: FloatArray, min_size: float) -> FloatArray:
    """What is surely left of the quality; nothing of parts that are too small."""
    value, error = quality(counts, total - counts, total)
    small = (counts[:, [1, 3]] < min_size).any(axis=1)
    small |= ((total - counts)[:, [1, 3]] < min_size).any(axis=1)
    return np.where(small, -np.inf, value - _SURE * error)


def _best(
    columns: Sequence[Column],
    sample: Sample,
    literals: Sequence[Condition],
    max_conditions: int,
    min_size: int,
) -> tuple[Rule | None, int]:
    """The rule that is surely the most exposed, without what it does not need."""
    sums = sample.sums
    total = sums.sum(axis=0)
    singles = np.array([sums[c.holds(columns)].sum(axis=0) for c in literals])
    score = surely_exposed(singles, total, min_size)
    large = np.flatnonzero((singles[:, [1, 3]] >= min_size).all(axis=1))
    if not len(large):
        return None, len(literals)
    order = large[np.argsort(-score[large], kind="stable")][:MOST_CONDITIONS]
    literals = [literals[i] for i in order]
    masks = np.array([c.holds(columns) for c in literals])
    beam: dict[tuple[int, ...], float]
    beam = {(i,): float(score[order[i]]) for i in range(len(literals))}
    n_tried, level = len(score), list(beam)
    if max_conditions > 1:
        pairs = _pairs(masks, sums, total, min_size)
        n_tried += len(masks) * (len(masks) - 1) // 2
        level = list(pairs)
        beam |= pairs
    for _ in range(2, max_conditions):
        extended: dict[tuple[int, ...], float] = {}
        for rule in level[:_BEAM]:
            inside = masks[list(rule)].all(axis=0)
            counts = masks[:, inside].astype(np.float64) @ sums[inside]
            scores = surely_exposed(counts, total, min_size)
            n_tried += len(scores)
            for i in np.argsort(-scores, kind="stable")[:_BEAM]:
                if i not in rule and np.isfinite(scores[i]):
                    extended[tuple(sorted((*rule, int(i))))] = float(scores[i])
        level = sorted(extended, key=extended.__getitem__, reverse=True)
        beam |= extended
    ranked = sorted(beam, key=beam.__getitem__, reverse=True)[:_FINALISTS]
    rules = [Rule(tuple(literals[i] for i in rule)) for rule in ranked]
    # Deviations that a condition must make: of so many rules, one does by chance.
    worth = float(ndtri(1 - 1 / n_tried))
    rules = [_polish(rule, columns, sums, min_size, worth) for rule in rules]
    counts = np.array([sums[rule.holds(columns)].sum(axis=0) for rule in rules])
    best = int(np.argmax(surely_exposed(counts, total, min_size)))
    value, error = quality(counts[[best]], total - counts[[best]], total)
    return (rules[best] if value[0] > error[0] else None), n_tried


def _pairs(
    masks: BoolArray, sums: FloatArray, total: FloatArray, min_size: int
) -> dict[tuple[int, ...], float]:
    """The best pairs of conditions, the best first, with their scores."""
    q = len(masks)
    counts = np.zeros((4, q, q))
    for start in range(0, masks.shape[1], _BLOCK):
        block = slice(start, start + _BLOCK)
        held, each = masks[:, block], sums[block]
        for k in range(4):
            at = each[:, k] > 0
            own = held[:, at].astype(np.float32)
            counts[k] += (own * each[at, k].astype(np.float32)) @ own.T
    first, second = np.triu_indices(q, 1)
    scores = surely_exposed(counts[:, first, second].T, total, min_size)
    order = np.argsort(-scores, kind="stable")[: 4 * _BEAM]
    order = order[np.isfinite(scores[order])]
    return {(int(first[i]), int(second[i])): float(scores[i]) for i in order}


def _polish(
    rule: Rule,
    columns: Sequence[Column],
    sums: FloatArray,
    min_size: int,
    worth: float,
) -> Rule:
    """Move the cuts to the best places, and drop conditions that hardly help.

    A condition is kept where the records that it shuts out are surely less exposed.
    """
    rule = _sharpened(rule, columns, sums, min_size)
    while len(rule.conditions) > 1:
        inside = rule.holds(columns)
        looser = [rule.without(i) for i in range(len(rule.conditions))]
        shut_out = [sums[r.holds(columns) & ~inside].sum(axis=0) for r in looser]
        own = np.tile(sums[inside].sum(axis=0), (len(looser), 1))
        made = _change(own, np.array(shut_out))
        least = int(np.argmin(made))
        if made[least] >= worth:
            break
        rule = _sharpened(looser[least], columns, sums, min_size)
    return rule


def _sharpened(
    rule: Rule, columns: Sequence[Column], sums: FloatArray, min_size: int
) -> Rule:
    """The same conditions with the cuts where exposure changes, among all values."""
    for i, condition in enumerate(rule.conditions):
        of = columns[condition.column]
        if condition.op not in ("<", ">=") or of.numbers is None:
            continue
        others = rule.without(i)
        inside = ~of.missing
        if others.conditions:
            inside &= others.holds(columns)
        order = np.argsort(of.numbers[inside], kind="stable")
        values = of.numbers[inside][order]
        below = np.cumsum(sums[inside][order], axis=0)
        ends = np.flatnonzero(values[1:] > values[:-1])
        if not len(ends):
            continue
        low, high = below[ends], below[-1] - below[ends]
        pair = (low, high) if condition.op == "<" else (high, low)
        change = _change(pair[0], pair[1])
        change[(pair[0][:, [1, 3]] < min_size).any(axis=1)] = -np.inf
        best = int(np.argmax(change))
        if np.isfinite(change[best]):
            moved = condition._replace(value=float(values[ends[best] + 1]))
            new = (*rule.conditions[:i], moved, *rule.conditions[i + 1 :])
            rule = replace(rule, conditions=new)
    return rule


def _change(inside: Counts, outside: Counts) -> FloatArray:
    """How much exposure changes, in deviations of the spread that both sides share.

    By each side's own spread, a few records that happen to be all exposed would be the
    surest of all.
    """
    value, variance = np.zeros(len(inside)), np.full(len(inside), _TINY)
    for side, sign in ((0, 1), (1, -1)):
        both = inside[:, 2 * side :] + outside[:, 2 * side :]
        rate = (both[:, 0] + 0.5) / (both[:, 1] + 1)
        for part, part_sign in ((inside, 1), (outside, -1)):
            n = part[:, 2 * side + 1] + 1
            value += sign * part_sign * (part[:, 2 * side] + rate) / n
            variance += rate * (1 - rate) / n
    return value / np.sqrt(variance)
