"""How many rows a scikit-learn model was fitted on, and whether with equal weights."""

from typing import Any, NamedTuple

import numpy as np
from sklearn.ensemble import (
    ExtraTreesClassifier,
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
)
from sklearn.linear_model import SGDClassifier
from sklearn.naive_bayes import BernoulliNB, ComplementNB, GaussianNB, MultinomialNB
from sklearn.neural_network import MLPClassifier
from sklearn.tree import BaseDecisionTree

FORESTS = (RandomForestClassifier, ExtraTreesClassifier)
_BAYES = (GaussianNB, MultinomialNB, BernoulliNB, ComplementNB)
# Standard errors, of what is random in a bootstrap.
_SURE = 6.0


class Told(NamedTuple):
    """Rows that a part was fitted on, as it stores them; at least, or exactly.

    Where it is `summed` it is a sum of weights, which are 1 where none were given;
    what is `drawn` of them at random is known to be of so many rows at least.
    """

    n_rows: int
    exact: bool = True
    summed: bool = False
    drawn: int | None = None


def rows_of(model: Any) -> Told | None:
    """Rows that a scikit-learn model was fitted on, where it stores that."""
    if isinstance(model, FORESTS):
        return _rows_of_forest(model)
    if isinstance(model, BaseDecisionTree):
        return Told(int(model.tree_.n_node_samples[0]))
    if isinstance(model, HistGradientBoostingClassifier):
        return _rows_of_histograms(model)
    if isinstance(model, GradientBoostingClassifier):
        root = int(model.estimators_[0, 0].tree_.n_node_samples[0])
        return Told(root, model.subsample == 1 and model.n_iter_no_change is None)
    if isinstance(model, MLPClassifier):
        if model.solver == "lbfgs" or model.warm_start:
            return None
        passes = len(model.loss_curve_)
        return Told(round(model.t_ / passes), not model.early_stopping)
    if isinstance(model, SGDClassifier):
        if model.warm_start:
            return None
        return Told(round((model.t_ - 1) / int(np.max(model.n_iter_))))
    if isinstance(model, _BAYES):
        counts = model.class_count_
        return None if _uneven(counts) else Told(int(counts.sum()), summed=True)
    for name in ("n_samples_fit_", "n_samples_"):
        if isinstance(getattr(model, name, None), (int, np.integer)):
            return Told(int(getattr(model, name)))
    if hasattr(model, "shape_fit_"):
        return Told(int(model.shape_fit_[0]))
    if hasattr(model, "n_samples_seen_"):
        # One for each column where values are missing.
        seen = np.asarray(model.n_samples_seen_)
        return None if _uneven(seen) else Told(int(seen.max()), seen.ndim == 0, True)
    # Of a Gaussian process, one of them for each class where there are several.
    inner = getattr(model, "base_estimator_", None)
    inner = getattr(inner, "estimators_", [inner])[0]
    if hasattr(inner, "X_train_"):
        return Told(len(inner.X_train_))
    return None


def _rows_of_forest(model: Any) -> Told | None:
    tree = model.estimators_[0].tree_
    if not model.bootstrap:
        return Told(int(tree.n_node_samples[0]))
    # The root counts different rows. Its weights are how often each was drawn.
    different = int(tree.n_node_samples[0])
    drawn = float(tree.weighted_n_node_samples[0])
    part = model.max_samples
    if model.class_weight is not None or isinstance(part, int) or _uneven(drawn):
        return Told(different, exact=False)
    if part is None:
        return Told(int(drawn), drawn=different)
    # It rounds how many it draws.
    least = max(different, int((drawn - 0.5) / part)) if drawn > 1 else 1
    return Told(least, exact=False, drawn=different)


def _rows_of_histograms(model: Any) -> Told | None:
    # The one private attribute that is read: no public one has the number of rows, and
    # a part of the training rows reads low in silence. Nothing is said without it.
    trees = getattr(model, "_predictors", None)
    if not trees:
        return None
    # With warm_start, the first and the last may have had other rows.
    counts = [int(tree[0].nodes["count"][0]) for tree in (trees[0], trees[-1])]
    # Rows that early stopping held out are in no tree.
    whole = not model.do_early_stopping_ and counts[0] == counts[1]
    return Told(max(counts), exact=whole)


def has_weights(model: Any) -> bool:
    """Whether the rows of a model had weights that are not of its parameters."""
    if getattr(model, "class_weight", None) is not None:
        return False
    if isinstance(model, _BAYES):
        return _uneven(model.class_count_)
    if isinstance(model, BaseDecisionTree):
        return _unequal(model.tree_)
    if isinstance(model, GradientBoostingClassifier):
        return _unequal(model.estimators_[0, 0].tree_)
    if isinstance(model, FORESTS):
        if not model.bootstrap:
            return _unequal(model.estimators_[0].tree_)
        return model.max_samples is None and _drawn_unequally(model)
    if hasattr(model, "n_samples_seen_"):
        return _uneven(model.n_samples_seen_)
    return False


def _uneven(sums: Any) -> bool:
    """Whether these are sums of weights that are no counts of rows."""
    return bool((np.asarray(sums) != np.round(sums)).any())


def _unequal(tree: Any) -> bool:
    ratio = tree.weighted_n_node_samples / tree.n_node_samples
    return bool(np.ptp(ratio) > 1e-6 * ratio.mean())


def _drawn_unequally(forest: Any) -> bool:
    """Whether bootstraps preferred some rows, or counted them by other than ones."""
    roots = [tree.tree_ for tree in forest.estimators_]
    drawn = np.array([tree.weighted_n_node_samples[0] for tree in roots])
    if _uneven(drawn):
        return True
    # Of n draws among n rows, 1 - 1/e are different; with a variance of less than n/10.
    n = drawn[0]
    expected = 1 - (1 - 1 / n) ** n
    found = np.mean([tree.n_node_samples[0] for tree in roots]) / n
    return bool(found < expected - _SURE * np.sqrt(0.1 / n / len(roots)))
