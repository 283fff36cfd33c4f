"""The leaf that each row falls into, tree by tree, of any library's trees.

Public methods alone: ``apply`` and ``tree_`` of scikit-learn, ``apply`` of XGBoost,
``predict(pred_leaf=True)`` of LightGBM, ``calc_leaf_indexes`` of CatBoost. Of
HistGradientBoosting, whose trees are private, rows in one leaf are those to which a
tree adds one value, which the staged answers show.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
)
from sklearn.utils import check_array

Leaves = NDArray[np.integer]
# Trees of a booster that are asked for at a time.
_AT_ONCE = 16


class Tree(NamedTuple):
    """One tree.

    Attributes
    ----------
    leaves : ndarray of int of shape (n_rows,) or None
        The leaf of each row; None without rows.
    counts : ndarray of shape (n_leaves_or_nodes,) or None
        Training rows in each leaf as the tree stores them, by the numbers in `leaves`;
        0 where there is no leaf. None where it does not tell.
    pure : ndarray of bool or None
        Leaves whose stored answer is one class for certain, where it tells.
    n_leaves : int or None
        How many leaves it has; None where it does not tell.
    n_parameters : int or None
        Numbers that it learnt.
    """

    leaves: Leaves | None
    counts: NDArray | None = None
    pure: NDArray[np.bool_] | None = None
    n_leaves: int | None = None
    n_parameters: int | None = None


class Trees(NamedTuple):
    """All trees of a model, and what has to be known of them.

    Attributes
    ----------
    n_trees : int
        How many there are.
    read : callable
        Given rows, or None, and a largest number, yields each `Tree`.
    all_rows : bool
        Whether each tree is grown on all rows, each once, as far as it says.
    repeats : bool
        Whether a tree may count a row that was drawn twice as two.
    by_answers : bool
        Whether leaves are told by the values that they add.
    inner : tuple of estimator
        Estimators that are these trees.
    """

    n_trees: int
    read: Callable[[Any, int], Iterator[Tree]]
    all_rows: bool = True
    by_answers: bool = False
    repeats: bool = False
    inner: tuple[Any, ...] = ()


def find_trees(model: Any) -> Trees | None:
    """The trees of a fitted model; None for one that has none of its own."""
    for find in (_of_sklearn, _of_histograms, _of_xgboost, _of_lightgbm, _of_catboost):
        found = find(model)
        if found is not None:
            return found
    return None


def _is_tree(model: Any) -> bool:
    return all(
        hasattr(getattr(model, "tree_", None), name)
        for name in ("n_node_samples", "children_left", "value")
    )


def _of_sklearn(model: Any) -> Trees | None:
    """A single tree, or an ensemble of them, whatever it is called."""
    own = vars(model) if hasattr(model, "__dict__") else {}
    if _is_tree(model):
        return Trees(1, lambda X, most: _read_sklearn([model], None, X), inner=(model,))
    trees = own.get("estimators_")
    if not isinstance(trees, (list, np.ndarray)):
        return None
    trees = list(np.ravel(np.asarray(trees, dtype=object)))
    if not trees or not all(map(_is_tree, trees)):
        return None
    columns = getattr(model, "estimators_features_", None)
    all_rows = (
        not getattr(model, "bootstrap", False)
        and getattr(model, "subsample", 1) == 1
        and getattr(model, "max_samples", None) in (None, 1.0)
        and getattr(model, "n_iter_no_change", None) is None
        and not hasattr(model, "estimator_weights_")
    )

    def read(X: Any, most: int) -> Iterator[Tree]:
        return _read_sklearn(trees[:most], columns, X)

    repeats = columns is not None and bool(getattr(model, "bootstrap", False))
    return Trees(len(trees), read, all_rows, repeats=repeats, inner=tuple(trees))


def _read_sklearn(trees: list[Any], columns: Any, X: Any) -> Iterator[Tree]:
    if X is not None:
        X = check_array(
            X, accept_sparse="csr", dtype=np.float32, ensure_all_finite=False
        )
    for i, model in enumerate(trees):
        tree = model.tree_
        is_leaf = tree.children_left < 0
        n_leaves = int(is_leaf.sum())
        leaves = pure = None
        if X is not None:
            rows = X
            if columns is not None and not _all_columns(columns[i], X.shape[1]):
                rows = X[:, columns[i]]
            leaves = model.apply(rows)
        values = 1
        if getattr(model, "classes_", None) is not None:
            shares = tree.value[:, 0, :]
            pure = is_leaf & (np.count_nonzero(shares, axis=1) == 1)
            values = max(1, shares.shape[1] - 1)
        inner = tree.node_count - n_leaves
        counts = np.where(is_leaf, tree.n_node_samples, 0)
        yield Tree(
            leaves,
            counts if counts.any() else None,
            pure,
            n_leaves,
            2 * inner + values * n_leaves,
        )


def _all_columns(columns: Any, width: int) -> bool:
    return len(columns) == width and bool((np.asarray(columns) == range(width)).all())


def _of_histograms(model: Any) -> Trees | None:
    kinds = (HistGradientBoostingClassifier, HistGradientBoostingRegressor)
    if not isinstance(model, kinds) or not hasattr(model, "n_iter_"):
        return None
    binary = len(getattr(model, "classes_", (0, 1))) == 2
    per_round = 1 if binary or not hasattr(model, "classes_") else len(model.classes_)
    stages = getattr(model, "staged_decision_function", None) or model.staged_predict

    def read(X: Any, most: int) -> Iterator[Tree]:
        if X is None:
            yield from (Tree(None) for _ in range(min(most, model.n_iter_ * per_round)))
            return
        before: Any = None
        made = 0
        for raw in stages(X):
            raw = np.asarray(raw, dtype=np.float64).reshape(len(raw), -1)
            # What the first tree adds, it adds to one value for all rows.
            added = raw if before is None else raw - before
            before = raw.copy()
            for of_class, sums in zip(added.T, raw.T, strict=True):
                if made == most:
                    return
                made += 1
                leaves = _by_value(of_class, sums)
                n = int(leaves.max(initial=-1)) + 1
                yield Tree(leaves, n_leaves=n, n_parameters=3 * n - 2)

    return Trees(
        int(model.n_iter_) * per_round,
        read,
        not getattr(model, "do_early_stopping_", False),
        by_answers=True,
    )


def _by_value(added: NDArray, sums: NDArray) -> Leaves:
    """Number rows by what a tree adds to each, up to the rounding of the sums."""
    rounding = 8 * np.finfo(np.float64).eps * max(1.0, float(np.abs(sums).max()))
    order = np.argsort(added)
    steps = np.diff(added[order]) > rounding
    leaves = np.empty(len(added), dtype=np.intp)
    leaves[order] = np.concatenate([[0], np.cumsum(steps)])
    return leaves


def _of_xgboost(model: Any) -> Trees | None:
    if not hasattr(model, "get_booster") or not hasattr(model, "apply"):
        return None
    booster = model.get_booster()
    n_rounds = int(booster.num_boosted_rounds())
    params = model.get_params()
    if params.get("booster") == "gblinear":
        return None
    frame = _trees_of_xgboost(booster)
    n_trees = len(frame)
    per_round = max(1, n_trees // max(1, n_rounds))

    def read(X: Any, most: int) -> Iterator[Tree]:
        if X is None:
            for n in frame[:most]:
                yield Tree(None, n_leaves=n, n_parameters=3 * n - 2)
            return
        # It gives the leaves of the first rounds only, and of any number of them.
        rounds = min(n_rounds, -(-most // per_round))
        found = np.asarray(model.apply(X, iteration_range=(0, rounds)))
        found = found.reshape(len(found), -1).astype(np.int32)
        for leaves, n in zip(found.T[:most], frame, strict=False):
            yield Tree(leaves.astype(np.intp), n_leaves=n, n_parameters=3 * n - 2)

    sampled = (params.get("subsample") or 1.0) < 1
    return Trees(n_trees, read, not sampled)


def _trees_of_xgboost(booster: Any) -> list[int]:
    """Leaves of each tree."""
    return [text.count("leaf=") for text in booster.get_dump()]


def _of_lightgbm(model: Any) -> Trees | None:
    booster = getattr(model, "booster_", None) if _is_lightgbm(model) else None
    if booster is None:
        return None
    n_trees, per_round = (
        int(booster.num_trees()),
        int(booster.num_model_per_iteration()),
    )
    counts = [
        _counts_of_lightgbm(tree["tree_structure"], int(tree["num_leaves"]))
        for tree in booster.dump_model(num_iteration=-1)["tree_info"]
    ]

    def read(X: Any, most: int) -> Iterator[Tree]:
        made = 0
        for start in range(0, n_trees // per_round, _AT_ONCE):
            found: Any = [None] * (_AT_ONCE * per_round)
            if X is not None:
                # Its own None means up to the best iteration: the file has all.
                found = model.predict(
                    X,
                    pred_leaf=True,
                    start_iteration=start,
                    num_iteration=min(_AT_ONCE, n_trees // per_round - start),
                )
                found = np.asarray(found).reshape(len(found), -1).T.astype(np.int64)
            for leaves in found:
                if made == min(most, n_trees):
                    return
                n = len(counts[made])
                yield Tree(leaves, counts[made], None, n, 3 * n - 2)
                made += 1

    params = booster.params
    sampled = any(
        params.get(name) not in (None, 1, 1.0, 0)
        for name in ("bagging_fraction", "subsample", "bagging_freq", "subsample_freq")
    )
    sampled |= params.get("boosting_type") in ("goss", "rf")
    sampled |= params.get("data_sample_strategy") == "goss"
    return Trees(n_trees, read, not sampled)


def _is_lightgbm(model: Any) -> bool:
    return any(cls.__module__.startswith("lightgbm") for cls in type(model).__mro__)


def _counts_of_lightgbm(node: Any, n_leaves: int) -> NDArray:
    counts = np.zeros(max(1, n_leaves))
    waiting = [node]
    while waiting:
        at = waiting.pop()
        if "split_feature" in at:
            waiting += [at["left_child"], at["right_child"]]
        elif "leaf_index" in at:
            counts[at["leaf_index"]] = at.get("leaf_count", 0)
    return counts


def _of_catboost(model: Any) -> Trees | None:
    if not hasattr(model, "calc_leaf_indexes") or not model.is_fitted():
        return None
    n_trees = int(model.tree_count_)
    sizes = np.asarray(model.get_tree_leaf_counts(), dtype=np.intp)
    ends = np.cumsum(sizes)
    weights = None
    with suppress(Exception):  # of a model that does not store them
        weights = np.asarray(model.get_leaf_weights())
    whole = weights is not None and bool((weights == np.round(weights)).all())

    def read(X: Any, most: int) -> Iterator[Tree]:
        for start in range(0, min(most, n_trees), _AT_ONCE):
            end = min(start + _AT_ONCE, most, n_trees)
            found: Any = [None] * (end - start)
            if X is not None:
                found = model.calc_leaf_indexes(X, ntree_start=start, ntree_end=end)
                found = np.asarray(found).T.astype(np.int64)
            for i, leaves in enumerate(found, start):
                counts = None
                if weights is not None and whole:
                    counts = weights[ends[i] - sizes[i] : ends[i]]
                n = int(sizes[i])
                # Trees that ask one question at each depth.
                learnt = n + 2 * int(np.log2(max(n, 1)))
                yield Tree(leaves, counts, None, n, learnt)

    return Trees(n_trees, read)
