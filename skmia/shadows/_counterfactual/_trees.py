"""Trees and forests: the structure is held, and the counts of a leaf are not.

Without a member, the leaf that it lies in loses its weight; where nothing would be left
of the leaf, the node above answers. With a record that a tree has not seen, its leaf
gets the weight. The path to a leaf depends on the record too, so that these gaps are
too small. An ensemble that draws the rows of its trees shows by how much: a tree that
did not draw a record is a tree fitted without it. The gaps are scaled, on the scale of
log-odds, until the members' mean answer without themselves is that of the trees that
did not draw them, and the other way round for answers with a record.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import expit, logit
from sklearn.tree import DecisionTreeClassifier, ExtraTreeClassifier

from skmia._tables import take_rows
from skmia.shadows._counterfactual._drawn import (
    Drawn,
    drawn_of,
    samples_of,
    total_of_each,
    weights_of,
)
from skmia.shadows._counterfactual._family import (
    Family,
    NotCoveredError,
    OtherRowsError,
    OtherSide,
    Records,
    TrainingRows,
)
from skmia.shadows._counterfactual._leaves import Leaves, TreeCounts
from skmia.signals import FloatArray, IndexArray

# Of a gap that is scaled until it agrees with what trees show: no more than so often.
# Minus the log of the chance at which rows are said to be none of the fit.
_NEVER = 20.0
_LARGEST_SCALE = 8.0
# Fewer members say nothing of how far the gaps are too small.
_ENOUGH = 20


@dataclass(frozen=True)
class _Ensemble:
    trees: list[TreeCounts]
    leaves: Leaves
    drawn: Drawn
    #: Weight of each unit in each tree, (n_trees, n_units).
    held: FloatArray
    #: Their leaves, (n_trees, n_units).
    seen: IndexArray
    scale_without: float
    scale_with: float

    def __call__(self, records: Records) -> FloatArray:
        known = np.flatnonzero(records.y >= 0)
        n_classes = self.trees[0].share.shape[1]
        answers = np.full((len(records.y), n_classes), np.nan)
        y, unit = records.y[known], records.unit[known]
        member = unit >= 0
        leaves = np.empty((len(self.trees), len(known)), dtype=np.intp)
        leaves[:, member] = self.seen[:, unit[member]]
        if not member.all():
            others = take_rows(records.X, known[~member])
            leaves[:, ~member] = self.leaves(others).T
        chance, added = self.drawn.of(records.weight[known], records.count[known])
        vector = np.zeros((len(known), n_classes))
        own, changed = np.zeros(len(known)), np.zeros(len(known))
        for t, tree in enumerate(self.trees):
            leaf = leaves[t]
            mass = np.where(member, -self.held[t, unit], added) * tree.factor[y]
            node, p = tree.changed(leaf, y, mass, records.count[known])
            own += tree.own(leaf, y)
            changed += p
            vector += tree.share.take(node, axis=0)
        own, changed = own / len(self.trees), changed / len(self.trees)
        held = _scaled(own, changed, np.where(member, self.scale_without, 1.0))
        inside = _scaled(own, changed, np.where(member, 1.0, self.scale_with))
        p = np.where(member, held, own + chance * (inside - own))
        answers[known] = _with_own(vector / len(self.trees), y, p)
        return answers


def _scaled(own: FloatArray, changed: FloatArray, scale: FloatArray) -> FloatArray:
    """Move `own` towards `changed` by `scale` times their distance in log-odds."""
    plain = (scale == 1) | (own == changed) | (changed == 1)
    # Where one of the two is 0 or 1, both are pulled in by the same amount.
    ends = (own <= 0) | (own >= 1) | (changed <= 0) | (changed >= 1)
    pulled = np.where(ends, 0.005, 0.0)
    a, b = pulled + (1 - 2 * pulled) * own, pulled + (1 - 2 * pulled) * changed
    with np.errstate(divide="ignore", invalid="ignore"):
        moved = expit(logit(a) + scale * (logit(b) - logit(a)))
    return np.where(plain, changed, moved)


def _with_own(vector: FloatArray, y: IndexArray, p: FloatArray) -> FloatArray:
    """Give the own class `p`, and the others the rest in their proportions."""
    index = np.arange(len(y))
    others = vector.copy()
    others[index, y] = 0.0
    rest = others.sum(axis=1)
    n_others = max(vector.shape[1] - 1, 1)
    # A class alone in all that was seen: nothing says which the others would be.
    blank = (rest <= 0) & (p < 1)
    others[blank] = 1.0 / n_others
    others[index, y] = 0.0
    rest = np.where(blank, 1.0, np.where(rest > 0, rest, 1.0))
    answer = others * ((1 - p) / rest)[:, None]
    answer[index, y] = p
    return answer


def _largest_root(target: float, mean_at: Any) -> float:
    """The scale from 0 on at which the increasing `mean_at` reaches `target`."""
    low, high = 0.0, _LARGEST_SCALE
    for _ in range(14):
        middle = (low + high) / 2
        if mean_at(middle) < target:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _scales(
    trees: list[TreeCounts],
    leaves: IndexArray,
    y: IndexArray,
    held: FloatArray,
    added: FloatArray,
    count: IndexArray,
) -> tuple[float, float]:
    """How often the gaps of held structures go into those of trees that drew or not.

    Of the members, at their `leaves` (n_trees, n_units): trees that did not draw a
    record answer without it, and the others with it.
    """
    n = len(y)
    sums = {name: np.zeros(n) for name in ("all", "less", "out", "out_more", "in")}
    n_out = np.zeros(n)
    for t, tree in enumerate(trees):
        leaf, inside = leaves[t], held[t] > 0
        p = tree.own(leaf, y)
        mass = np.where(inside, -held[t], added) * tree.factor[y]
        _, changed = tree.changed(leaf, y, mass, count)
        sums["all"] += p
        sums["less"] += np.where(inside, changed, p)
        sums["out"] += np.where(inside, 0.0, p)
        sums["out_more"] += np.where(inside, 0.0, changed)
        sums["in"] += np.where(inside, p, 0.0)
        n_out += ~inside
    both = (n_out > 0) & (n_out < len(trees))
    if both.sum() < _ENOUGH:
        return 1.0, 1.0
    at = {name: values[both] for name, values in sums.items()}
    n_out = n_out[both]
    n_in = len(trees) - n_out
    own, less = at["all"] / len(trees), at["less"] / len(trees)
    out, more = at["out"] / n_out, at["out_more"] / n_out
    # The mean falls in the scale; its negative rises.
    without = _largest_root(
        -float((at["out"] / n_out).mean()),
        lambda s: -float(_scaled(own, less, np.full(len(own), s)).mean()),
    )
    within = _largest_root(
        float((at["in"] / n_in).mean()),
        lambda s: float(_scaled(out, more, np.full(len(out), s)).mean()),
    )
    return without, within


def _prepare(model: Any, rows: TrainingRows) -> OtherSide:
    leaves = Leaves(model)
    at = leaves(rows.X)
    n, n_trees = len(rows.y), len(leaves.trees)
    counts = samples_of(model, n)
    # Releases differ in whether rows are drawn by their weights, or weighted by them.
    # The leaves tell.
    for by_weight in (False, True):
        weight = next(weights_of(counts, rows.weight, n_trees, by_weight))
        tree = TreeCounts.of(leaves.trees[0], rows.y, weight)
        if tree.holds(at[:, 0], rows.y, weight):
            break
    n_units = int(rows.unit.max(initial=-1)) + 1
    held = np.empty((n_trees, n_units))
    trees = []
    weights = weights_of(counts, rows.weight, n_trees, by_weight)
    for t, weight in enumerate(weights):
        tree = TreeCounts.of(leaves.trees[t], rows.y, weight, counts is not None)
        if not tree.holds(at[:, t], rows.y, weight):
            raise NotCoveredError("its leaves do not hold what its rows would give")
        held[t] = total_of_each(rows, weight, n_units)
        trees.append(tree)
    drawn = drawn_of(counts, rows.weight, by_weight)
    scales = 1.0, 1.0
    _, first = np.unique(rows.unit, return_index=True)
    seen = np.ascontiguousarray(at[first].T)
    if counts is not None:
        count = np.bincount(rows.unit, minlength=n_units)
        _, added = drawn.of(total_of_each(rows, rows.weight, n_units), count)
        scales = _scales(trees, seen, rows.y[first], held, added, count)
    return _Ensemble(trees, leaves, drawn, held, seen, *scales)


def _check(model: Any, rows: TrainingRows) -> bool:
    """Raise where rows at the end were drawn by no tree; leaves tell of the others."""
    drawn = samples_of(model, len(rows.y))
    if drawn is None:
        return True
    total = np.sum(drawn, axis=0)
    last = int(np.flatnonzero(total).max(initial=-1))
    never = len(total) - 1 - last
    # Of rows that are each drawn m times in the mean, r are never with exp(-m r).
    unlikely = never * total[: last + 1].mean() if last >= 0 else np.inf
    if unlikely > _NEVER:
        raise OtherRowsError
    return never == 0


def _why_not(estimator: Any) -> str | None:
    inner = getattr(estimator, "estimator", None)
    if inner is not None and not isinstance(inner, str):
        if type(inner) not in (DecisionTreeClassifier, ExtraTreeClassifier):
            return f"members of the ensemble are no trees: {type(inner).__name__}"
        estimator = inner
    if getattr(estimator, "monotonic_cst", None) is not None:
        return "monotonic_cst moves the values of leaves away from their counts"
    return None


TREES = Family(_prepare, why_not=_why_not, check=_check)
