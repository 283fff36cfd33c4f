"""Naive Bayes of counts: tables of a class without a row, or with one more."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from skmia.shadows._counterfactual._family import (
    Family,
    OtherRowsError,
    OtherSide,
    Records,
    TrainingRows,
)
from skmia.shadows._counterfactual._rows import (
    as_bayes,
    as_floats,
    check_same_answers,
    dense,
    emptied,
    one_hot,
    probabilities,
    signs,
    some_records,
)
from skmia.signals import BoolArray, FloatArray, IndexArray

# Tables of one class each, by weight of a record; above, each record is computed.
_N_TABLES = 32
# Counts that differ by less are the same, but for the order of their sums.
_SAME = 1e-9

#: From the fitted classifier, records and the signed weight of each: the log-score of
#: each class on the other side, but for the priors.
Scores = Callable[[Any, Records, FloatArray], FloatArray]


def _alpha(model: Any) -> FloatArray:
    """Return the smoothing of each feature, which is bounded unless it is forced."""
    alpha = np.asarray(model.alpha, dtype=np.float64)
    if not model.force_alpha:
        alpha = np.maximum(alpha, 1e-10)
    return np.broadcast_to(alpha, model.n_features_in_)


def _left(counts: FloatArray, change: FloatArray) -> FloatArray:
    """Return counts with their changes, where what rounding leaves of 0 is 0."""
    total = counts + change
    return np.where(total < 1e-12 * counts, 0.0, total)


def _entries(X: Any) -> tuple[IndexArray, IndexArray, FloatArray]:
    """Rows, columns and values of what is not zero."""
    X = as_floats(X)
    if not sparse.issparse(X):
        rows, columns = np.nonzero(X)
        return rows, columns, X[rows, columns]
    return np.repeat(np.arange(X.shape[0]), np.diff(X.indptr)), X.indices, X.data


def _base(model: Any, X: Any) -> FloatArray:
    """Log-scores of the fitted classifier itself, but for its priors."""
    return model.predict_joint_log_proba(X) - model.class_log_prior_


def _multinomial(model: Any, records: Records, change: FloatArray) -> FloatArray:
    counts, alpha = model.feature_count_, _alpha(model)
    n, y = len(change), np.maximum(records.y, 0)
    rows, columns, values = _entries(records.X)
    count = _left(counts[y[rows], columns], change[rows] * values) + alpha[columns]
    gain = np.bincount(rows, values * np.log(count), n)
    total = np.bincount(rows, values, n)
    size = (counts.sum(axis=1) + alpha.sum())[y] + change * total
    scores = _base(model, records.X)
    scores[np.arange(n), y] = gain - total * np.log(size)
    return scores


def _complement(model: Any, records: Records, change: FloatArray) -> FloatArray:
    """What a row adds to a class is in the complements of all the others."""
    alpha, everything = _alpha(model), model.feature_count_.sum(axis=0)
    n, y = len(change), np.maximum(records.y, 0)
    rows, columns, values = _entries(records.X)
    total = np.bincount(rows, values, n)
    scores = np.empty((n, len(model.feature_count_)))
    for k, count in enumerate(model.feature_count_):
        complement = everything - count
        part = change * (y != k)
        logs = np.log(_left(complement[columns], part[rows] * values) + alpha[columns])
        size = np.log((complement + alpha).sum() + part * total)
        scores[:, k] = total * size - np.bincount(rows, values * logs, n)
        if model.norm:
            before = np.log(complement + alpha)
            moved = np.bincount(rows, logs - before[columns], n)
            scores[:, k] /= len(alpha) * size - before.sum() - moved
    return scores


def _bernoulli(model: Any, records: Records, change: FloatArray) -> FloatArray:
    counts, sizes, alpha = model.feature_count_, model.class_count_, _alpha(model)
    X, n, y = as_floats(records.X), len(change), np.maximum(records.y, 0)
    if model.binarize is not None:
        X = (model.binarize < X).astype(np.float64)
    own = np.empty(n)
    each, which = np.unique(change, return_inverse=True)
    if model.binarize is None or len(each) > _N_TABLES:
        X = dense(X)
        count = _left(counts[y], change[:, np.newaxis] * X) + alpha
        share = count / ((sizes[y] + change)[:, np.newaxis] + 2 * alpha)
        own = (X * np.log(share) + (1 - X) * np.log1p(-share)).sum(axis=1)
    else:  # what a 1 and a 0 add, in one table for all records of one weight
        for index, amount in enumerate(each):
            some = np.flatnonzero(which == index)
            # Cells below 0 are of a class that has no such record.
            ones = np.log(_left(counts, amount).clip(0) + alpha)
            zeros = sizes[:, np.newaxis] - counts
            zeros = np.log(_left(zeros, amount).clip(0) + alpha)
            size = np.log((sizes + amount).clip(0)[:, np.newaxis] + 2 * alpha)
            told = X[some] @ (ones - zeros).T + (zeros - size).sum(axis=1)
            own[some] = told[np.arange(len(some)), y[some]]
    scores = _base(model, records.X)
    scores[np.arange(n), y] = own
    return scores


def _categorical(model: Any, records: Records, change: FloatArray) -> FloatArray:
    X, y = dense(records.X).astype(int), np.maximum(records.y, 0)
    alpha, own = _alpha(model)[0], np.zeros(len(y))
    for counts, column in zip(model.category_count_, X.T, strict=True):
        own += np.log(_left(counts[y, column], change) + alpha)
        own -= np.log((counts + alpha).sum(axis=1)[y] + change)
    scores = _base(model, records.X)
    scores[np.arange(len(y)), y] = own
    return scores


def _category_is_lost(model: Any, rows: TrainingRows) -> Callable[[Records], BoolArray]:
    """Return what tells which records alone have the last category of a column.

    A model that was fitted without them has fewer categories, and no answer for them.
    """
    last = np.asarray(model.n_categories_) - 1
    holders = (dense(rows.X).astype(int) == last).sum(axis=0)
    least = 0 if model.min_categories is None else np.asarray(model.min_categories)
    holders = np.where(np.broadcast_to(least, last.shape) > last, -1, holders)

    def lost(records: Records) -> BoolArray:
        alone = records.count[:, np.newaxis] == holders
        alone &= dense(records.X).astype(int) == last
        return records.inside & alone.any(axis=1)

    return lost


def _check(model: Any, rows: TrainingRows) -> bool:
    """Raise where the counts of the fit are not those of these rows."""
    n_classes = len(model.classes_)
    by_class = one_hot(rows.y, n_classes, rows.weight)
    told = [(model.class_count_, by_class.sum(axis=1))]
    if hasattr(model, "category_count_"):
        columns = dense(rows.X).astype(int).T
        for counts, column in zip(model.category_count_, columns, strict=True):
            if (column >= counts.shape[1]).any():
                raise OtherRowsError
            told.append((counts, by_class @ one_hot(column, counts.shape[1]).T))
    else:
        X = as_floats(rows.X)
        if getattr(model, "binarize", None) is not None:
            X = (model.binarize < X).astype(np.float64)
        told.append((model.feature_count_, by_class @ X))
    for counted, found in told:
        found = found.toarray() if sparse.issparse(found) else np.asarray(found)
        slack = _SAME * np.abs(counted).max(initial=0)
        if not np.allclose(found, counted, rtol=_SAME, atol=slack):
            raise OtherRowsError
    return True


def _family(scores_of: Scores, *, has_priors: bool = True) -> Family:
    def prepare(model: Any, rows: TrainingRows) -> OtherSide:
        n_rows = np.bincount(rows.y, minlength=len(model.classes_))
        lost = None
        if hasattr(model, "category_count_"):
            lost = _category_is_lost(model, rows)

        def ask(records: Records) -> NDArray[np.floating]:
            change = signs(records) * records.weight
            y, gone = np.maximum(records.y, 0), emptied(records, n_rows)
            # Of records whose class would be gone, whose score is not read.
            with np.errstate(divide="ignore", invalid="ignore"):
                scores = scores_of(model, records, change)
                if has_priors:
                    scores += model.class_log_prior_
                if has_priors and model.class_prior is None and model.fit_prior:
                    count = model.class_count_[y]
                    moved = np.log(_left(count, change)) - np.log(count)
                    scores[np.arange(len(y)), y] += moved
            proba = probabilities(scores, records, gone, as_bayes)
            if model.class_prior is not None:
                proba[gone] = np.nan  # as many priors as classes, or no fit
            if lost is not None:
                proba[lost(records)] = np.nan
            return proba

        same = some_records(rows)
        check_same_answers(ask(same), model.predict_proba(same.X))
        return ask

    return Family(prepare, exact=True, why_not=_why_not, check=_check)


def _why_not(estimator: Any) -> str | None:
    if estimator.force_alpha and np.min(estimator.alpha) <= 0:
        return "alpha=0 leaves logarithms of 0; pass an alpha above 0"
    return None


MULTINOMIAL_NB = _family(_multinomial)
COMPLEMENT_NB = _family(_complement, has_priors=False)
BERNOULLI_NB = _family(_bernoulli)
CATEGORICAL_NB = _family(_categorical)
