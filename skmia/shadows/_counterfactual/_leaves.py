"""What the leaves of fitted trees hold, and what a change of weight makes of it."""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from scipy.sparse import issparse
from sklearn.utils import check_array

from skmia.signals import FloatArray, IndexArray

# Sums of weights that differ by less than this part of them are equal.
_ROUNDING = 1e-9


class Leaves:
    """Trees of a fitted model, and the leaf of each that rows end up in.

    Parameters
    ----------
    model : tree, forest, or bagging of trees
        The fitted classifier.
    """

    def __init__(self, model: Any) -> None:
        self._model = model
        self.trees: list[Any] = getattr(model, "estimators_", [model])
        self._features = getattr(model, "estimators_features_", None)

    def __call__(self, X: Any) -> IndexArray:
        """Return the number of the leaf, (n_rows, n_trees)."""
        if issparse(X) or not hasattr(self._model, "estimators_"):
            return self._by_their_own(X)
        # Once for all trees: each would check the rows again.
        X = check_array(X, dtype=np.float32, ensure_all_finite=False)
        leaves = np.empty((len(self.trees), len(X)), dtype=np.intp)
        for t, tree in enumerate(self.trees):
            if self._features is None:
                leaves[t] = tree.apply(X, check_input=False)
            else:
                leaves[t] = tree.apply(X[:, self._features[t]])
        return leaves.T

    def _by_their_own(self, X: Any) -> IndexArray:
        if self._features is None:
            leaves = self._model.apply(X)
            return leaves if leaves.ndim == 2 else leaves[:, None]
        columns = [
            tree.apply(X[:, features])
            for tree, features in zip(self.trees, self._features, strict=True)
        ]
        return np.column_stack(columns)


def _parents(tree: Any) -> IndexArray:
    parent = np.full(tree.node_count, -1)
    for children in (tree.children_left, tree.children_right):
        inner = np.flatnonzero(children >= 0)
        parent[children[inner]] = inner
    return parent


@dataclass(frozen=True)
class TreeCounts:
    """What the nodes of one tree hold.

    Parameters
    ----------
    share : ndarray of shape (n_nodes, n_classes)
        Share of each class in a node's weight.
    total : ndarray of shape (n_nodes,)
        Weight of a node.
    parent : ndarray of int of shape (n_nodes,)
        The node above, -1 for the root.
    factor : ndarray of shape (n_classes,)
        Class weights of this tree.
    rows : ndarray of int of shape (n_nodes,)
        Rows of a node, of whatever weight.
    least : int
        Rows that a leaf must have.
    splits_from : float
        Rows from which on a leaf is split where it can be.
    keeps : int
        Rows below which a leaf is taken away with its record; 1 for a tree of rows
        that were drawn, where the scale of the gaps makes up for it with less noise.
    draws_splits : bool
        Whether a node is split at thresholds that are drawn, and at no other.
    """

    share: FloatArray
    total: FloatArray
    parent: IndexArray
    factor: FloatArray
    rows: IndexArray
    least: int
    splits_from: float
    keeps: int
    draws_splits: bool

    @classmethod
    def of(
        cls, tree: Any, y: IndexArray, weight: FloatArray, drawn: bool = False
    ) -> Self:
        """Read one tree that was fitted on rows of classes `y` and these weights."""
        nodes = tree.tree_
        share = nodes.value[:, 0, :]
        n_classes = share.shape[1]
        total = nodes.weighted_n_node_samples
        # The tree itself says what its class weights were, however they were given.
        given = np.bincount(y, weights=weight, minlength=n_classes)[:n_classes]
        seen = share[0] * total[0]
        factor = np.divide(seen, given, out=np.ones(n_classes), where=given > 0)
        least, splits_from = _growth(tree)
        return cls(
            share,
            total,
            _parents(nodes),
            factor,
            nodes.n_node_samples,
            least,
            splits_from,
            1 if drawn else least,
            tree.splitter == "random",
        )

    def own(self, node: IndexArray, y: IndexArray) -> FloatArray:
        """Share of the class `y` of each record in its node."""
        # Much quicker than share[node, y].
        return self.share.take(node * self.share.shape[1] + y)

    def holds(self, leaf: IndexArray, y: IndexArray, weight: FloatArray) -> bool:
        """Whether the leaves hold what rows of these weights would give them."""
        mass = weight * self.factor[y]
        total = np.bincount(leaf, weights=mass, minlength=len(self.total))
        own = np.bincount(
            leaf, weights=mass * self.own(leaf, y), minlength=len(self.total)
        )
        there = np.flatnonzero(np.bincount(leaf[mass > 0]))
        squares = np.square(self.share[there]).sum(axis=1)
        near = {"rtol": 1e-5, "atol": 1e-8 * self.total[0]}
        return np.allclose(total[there], self.total[there], **near) and np.allclose(
            own[there], self.total[there] * squares, **near
        )

    def changed(
        self, leaf: IndexArray, y: IndexArray, mass: FloatArray, count: IndexArray
    ) -> tuple[IndexArray, FloatArray]:
        """Change the weight of the own class of records by `mass`.

        Parameters
        ----------
        leaf : ndarray of int of shape (n_records,)
            Where they lie.
        y : ndarray of int of shape (n_records,)
            Their classes.
        mass : ndarray of shape (n_records,)
            What is added, or taken where it is negative.
        count : ndarray of int of shape (n_records,)
            Rows of a record with its copies.

        Returns
        -------
        node : ndarray of int of shape (n_records,)
            The node that answers: the leaf, or one above where it would be empty.
        p : ndarray of shape (n_records,)
            Its share of the own class; exactly 0 and 1 where only one class is left.
        """
        node = np.array(leaf)
        own, rest = self._weights(node, y, mass)
        # A leaf that would have too few rows would not have been split off.
        rows = self.rows.take(leaf)
        short = (mass < 0) & (rows - count < self.keeps)
        # Without a record, what is above may be no surer of it than the leaf that has
        # lost it.
        at_most = np.ones(len(own))
        there = own + rest > 0
        at_most[there & short] = (own / np.where(there, own + rest, 1.0))[there & short]
        empty = np.flatnonzero(short | ~there)
        while len(empty):
            above = self.parent[node[empty]]
            empty, above = empty[above >= 0], above[above >= 0]
            node[empty] = above
            own[empty], rest[empty] = self._weights(above, y[empty], mass[empty])
            empty = empty[own[empty] + rest[empty] <= 0]
        p = np.divide(own, own + rest, out=np.zeros(len(own)), where=own + rest > 0)
        p = np.minimum(p, at_most)
        # A tree that is grown to the end splits the record off, with as few rows of
        # others as a leaf may have.
        others = np.maximum(self.least - count, 0)
        grows = (mass > 0) & (rest > 0)
        grows &= rows + count >= self.splits_from
        if self.draws_splits:
            # A leaf of that many rows that holds the record's class beside others is
            # one for which no split that was drawn would do.
            grows &= (self.own(leaf, y) <= 0) | (rows < self.splits_from)
        own_rows = own / np.maximum(own + rest, 1e-300) * (rows + count)
        best = np.minimum(own_rows, count + others) / np.maximum(count + others, 1)
        return node, np.where(grows, np.maximum(p, best), p)

    def _weights(
        self, node: IndexArray, y: IndexArray, mass: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        share, total = self.own(node, y), self.total.take(node)
        own = share * total + mass
        rest = np.where(share == 1, 0.0, (1 - share) * total)
        tiny = _ROUNDING * total
        return np.where(own > tiny, own, 0.0), np.where(rest > tiny, rest, 0.0)


def _growth(tree: Any) -> tuple[int, float]:
    """Rows that a leaf must have, and from how many on it is split where it can be."""
    n = int(tree.tree_.n_node_samples[0])

    def rows(given: Any) -> int:
        return int(np.ceil(given * n)) if isinstance(given, float) else int(given)

    least = max(rows(tree.min_samples_leaf), 1)
    stopped = (
        tree.max_depth is not None
        or tree.max_leaf_nodes is not None
        or tree.min_impurity_decrease > 0
        or tree.ccp_alpha > 0
        or tree.min_weight_fraction_leaf > 0
    )
    if stopped:
        return least, np.inf
    return least, float(max(2 * least, rows(tree.min_samples_split)))
