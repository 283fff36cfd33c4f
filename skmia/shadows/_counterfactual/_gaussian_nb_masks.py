"""GaussianNB of any number of shadows, from sums over their rows: no fit at all."""

from typing import Any

import numpy as np
from sklearn.base import clone

from skmia._tables import take_rows
from skmia.shadows._counterfactual._family import (
    Family,
    NotCoveredError,
    Records,
    TrainingRows,
    Worlds,
    checked_in_prepare,
)
from skmia.shadows._counterfactual._gaussian_nb import (
    OtherSideOfGaussianNB,
    Statistics,
    prepare,
)
from skmia.shadows._counterfactual._one_by_one import check_are_copies
from skmia.shadows._counterfactual._rows import dense
from skmia.signals import BoolArray, FloatArray


class _Masked:
    """What shadows answer about records of the pool, by their means and variances."""

    def __init__(self, estimator: Any, rows: TrainingRows, member: BoolArray) -> None:
        # Once, on all rows: it checks what a fit would complain of.
        model = clone(estimator).fit(rows.X, rows.y, sample_weight=rows.weight)
        self.priors = None if estimator.priors is None else model.class_prior_
        self.dtype = model.theta_.dtype
        self.smoothing = estimator.var_smoothing
        self.X, self.y, self.member = rows.X, rows.y, member
        self.count = np.bincount(rows.unit)[rows.unit]
        self.weight = np.bincount(rows.unit, rows.weight).astype(float)[rows.unit]
        n_classes = len(model.classes_)
        X, n_rows = dense(rows.X), member.sum(axis=1)
        shape = len(member), n_classes, X.shape[1]
        self.class_rows = np.empty(shape[:2], dtype=int)
        self.class_weight = np.empty(shape[:2])
        self.mean, self.variance = np.empty(shape), np.empty(shape)
        for k in range(n_classes):
            own = np.flatnonzero(rows.y == k)
            masks = member[:, own].astype(float)
            self.class_rows[:, k] = masks.sum(axis=1)
            masks *= rows.weight[own]
            self.class_weight[:, k] = masks.sum(axis=1)
            if self.class_weight[:, k].min() <= 0:
                raise NotCoveredError("a shadow lacks a class")
            least = self.class_rows[:, k].min() - self.count[own].max()
            if self.priors is not None and least <= 0:
                raise NotCoveredError("a record is all of a class, which has a prior")
            self.mean[:, k], self.variance[:, k] = _moments(X[own], masks)
        self.total_mean, self.total_variance = _moments(X, member.astype(float))
        self.n_rows = n_rows

    def __call__(self, block: slice) -> tuple[FloatArray, FloatArray]:
        index = np.arange(len(self.y))[block]
        X, y = dense(take_rows(self.X, index)), self.y[index]
        shape = len(self.member), len(index), self.mean.shape[1]
        # As precise as the classifier's own: signals round by it.
        without, with_it = np.empty(shape, self.dtype), np.empty(shape, self.dtype)
        for s, member in enumerate(self.member):
            statistics = Statistics(
                self.class_weight[s],
                self.class_rows[s],
                self.mean[s],
                self.variance[s],
                int(self.n_rows[s]),
                self.total_mean[s],
                self.total_variance[s],
            )
            shadow = OtherSideOfGaussianNB(
                statistics, self.priors, self.smoothing, self.dtype
            )
            inside = member[index]
            unit = np.where(inside, 0, -1)
            records = Records(X, y, self.weight[index], self.count[index], unit)
            other, own = shadow(records), shadow.answers(X)
            here = inside[:, np.newaxis]
            without[s] = np.where(here, other, own)
            with_it[s] = np.where(here, own, other)
        return without, with_it


def _moments(X: FloatArray, masks: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Mean and variance of each column, under each of the weights."""
    centre = X.mean(axis=0)
    X = X - centre
    total = masks.sum(axis=1)[:, np.newaxis]
    mean = masks @ X / total
    variance = masks @ np.square(X) / total - mean**2
    return mean + centre, np.maximum(variance, 0)


def _virtual(
    estimator: Any, rows: TrainingRows, member: BoolArray, seed: int
) -> Worlds:
    """Prepare the answers of all shadows; nothing of them is drawn."""
    check_are_copies(rows)
    return _Masked(estimator, rows, member)


GAUSSIAN_NB = Family(prepare, exact=True, virtual=_virtual, check=checked_in_prepare)
