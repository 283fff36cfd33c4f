"""The mechanism "boosting": an explainable boosting machine with noisy sums.

The method is that of Nori, Caruana, Bu, Shen and Kulkarni, "Accuracy, Interpretability,
and Differential Privacy via Explainable Boosting", ICML 2021: an additive model, whose
columns are binned by noisy histograms and boosted in turns, with splits at random and
noise on the sum of residuals in each leaf. Their implementation, `interpret.privacy`,
is not used, since its guarantee does not hold: a category of one row is in the model,
or its absence is, listed by the user or not; the number of rows is published and
decides on bins; and noise is added to sums in floating point.

All that is learnt of the rows is a sequence of noisy sums, each of them the Gaussian
mechanism on whole numbers:

======================  =======================================  ====================
what                    a row of weight one adds                 number of queries
======================  =======================================  ====================
weight of each class    1 to one class                           1
ranges                  1 to a cell of each column, or shares    columns, or 1
                        that add up to 1 to those of all
bins                    1 to a cell of each column               columns
rounds                  a residual of norm `clip` to one leaf    rounds * (columns + 1)
recalibration           1 to one cell of one class               1
======================  =======================================  ====================

Queries of mu_i are together sqrt(sum mu_i^2)-Gaussian private. What may be spent on the
later ones is decided by a noisy number of rows, which is allowed where the total is
fixed beforehand (Smith and Thakurta, "Fully Adaptive Composition for Gaussian
Differential Privacy", 2022, arXiv:2210.17520).
"""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmia._tables import as_numbers
from skmia.defenses._private._accounting import remaining_mu
from skmia.defenses._private._boosting._binning import (
    Binned,
    bin_column,
    is_worthwhile,
)
from skmia.defenses._private._boosting._classifier import (
    AdditiveClassifier,
    check_table,
)
from skmia.defenses._private._boosting._columns import CONTINUOUS, resolve_kinds
from skmia.defenses._private._boosting._queries import (
    GREATEST_ROWS,
    UNIT,
    Noise,
    Sensitivity,
    count_bins,
    scale_of,
)
from skmia.defenses._private._boosting._ranges import find_ranges
from skmia.defenses._private._boosting._recalibration import fit_slope
from skmia.defenses._private._boosting._rounds import Residuals, Scores, boost
from skmia.defenses._private._boosting._rule import (
    BINS_SHARE,
    COUNTS_SHARE,
    RECALIBRATION_SHARE,
    greatest_bins,
    make_rule,
)
from skmia.defenses._private._counterparts import check_parameters
from skmia.defenses._private._mechanism import Box, Fitted, Mechanism, Settings
from skmia.defenses._private._noise import NoiseSource
from skmia.defenses._private._steps import check_bounds, is_private
from skmia.defenses._training import TrainingData

# About how a model is found, how fast, and what is said of it; not about which one.
_FREE = (
    "random_state",
    "verbose",
    "verbosity",
    "warm_start",
    "n_jobs",
    "device",
    "tree_method",
    "early_stopping",
    "early_stopping_rounds",
    "validation_fraction",
    "n_iter_no_change",
    "scoring",
    "tol",
    "criterion",
    "eval_metric",
    "importance_type",
    "enable_categorical",
    "validate_parameters",
    "subsample_for_bin",
    "metric",
    "seed",
    "num_threads",
    "nthread",
)
_CARRIED = ("categorical_features", "class_weight", "max_bins", "max_bin")
_SAME = {
    "objective": (
        "binary:logistic",
        "multi:softprob",
        "multi:softmax",
        "binary",
        "multiclass",
    ),
    "missing": (None,),
}


class Boosting(Mechanism):
    """Noisy boosting of an additive model, in place of boosted trees."""

    name = "boosting"
    learners = (
        "sklearn.HistGradientBoostingClassifier",
        "sklearn.GradientBoostingClassifier",
        "xgboost.XGBClassifier",
        "lightgbm.LGBMClassifier",
    )
    needs = "bounds"
    searches_itself = gaussian = clips_persons = True
    takes_nan = takes_text = takes_weight = True

    def check(self, estimator: Any) -> None:
        """Refuse what has no part in the counterpart."""
        check_parameters(estimator, _FREE + _CARRIED, _SAME)

    def fit(self, estimator: Any, data: TrainingData, settings: Settings) -> Fitted:
        """Fit the additive model."""
        return _Fit(estimator, data, settings).run()


class _Fit:
    """One fit, from the rows to the tables."""

    def __init__(self, estimator: Any, data: TrainingData, settings: Settings) -> None:
        if len(data) > GREATEST_ROWS:
            raise ValueError(f"At most {GREATEST_ROWS} rows are supported.")
        self.data, self.settings, self.estimator = data, settings, estimator
        self.model = AdditiveClassifier()
        self.columns = check_table(self.model, data.X, reset=True)
        self.names = [
            str(name) for name in getattr(data.X, "columns", range(len(self.columns)))
        ]
        self.kinds = resolve_kinds(
            data.X, settings.feature_types, _nominal(estimator, self.names)
        )
        self.continuous = [j for j, kind in enumerate(self.kinds) if kind == CONTINUOUS]
        for j in self.continuous:
            self.columns[j] = _numbers(self.columns[j], self.names[j])
        persons = settings.group_size if settings.groups is None else 1
        self.sensitivity = Sensitivity.of(settings.neighbors, persons)
        self.source = NoiseSource(settings.source)
        assert settings.budget.mu is not None
        self.mu, self.spent = settings.budget.mu, [0.0]
        self.rest = 1.0  # of the squared mu, for all but the search for ranges

    def run(self) -> Fitted:
        """Ask for all that is learnt of the rows, in turn."""
        searched = is_private(self.settings.bounds) and self.settings.scale is None
        if searched and self.continuous:
            self.rest = 1 - self.settings.search_fraction
        weights = self._weights()
        class_weights = self._class_weights(weights)
        weights = np.floor(weights * self._factors(class_weights)[self.data.y])
        class_weights = class_weights * self._factors(class_weights)
        n_rows = float(class_weights.sum())
        ranges = self._ranges(weights, n_rows)
        columns = self._binned(weights, n_rows, ranges)
        places = [
            column.bins.find(values)
            for column, values in zip(columns, self.columns, strict=True)
        ]
        scores = self._boosted(columns, places, weights, class_weights)
        model = self.model._learnt(
            self.data.classes, [column.bins for column in columns], scores
        )
        found = {"bounds_": tuple(ranges)} if self.continuous else {}
        return Fitted(model, found)

    def _part(self, share: float) -> float:
        """The mu of a share of the budget, spent."""
        mu = self.mu * math.sqrt(share)
        self.spent.append(mu)
        return mu

    def _counts_noise(self, mu: float, n_queries: int) -> Noise:
        return Noise(scale_of(self.sensitivity.counts, mu, n_queries), self.source)

    def _weights(self) -> NDArray[np.float64]:
        """The weight of each row in units; those of a person add up to 1 at most."""
        weights = np.ones(len(self.data))
        if "sample_weight" in self.data.params:
            given = self.data.params["sample_weight"]
            weights = np.minimum(given / self.settings.max_sample_weight, 1.0)
        groups = self.settings.groups
        if groups is not None:
            weights = weights / np.bincount(groups)[groups]
        return np.floor(weights * UNIT)

    def _class_weights(self, weights: NDArray[np.float64]) -> NDArray[np.float64]:
        noise = self._counts_noise(self._part(COUNTS_SHARE * self.rest), 1)
        n_classes = len(self.data.classes)
        counts = noise.add(count_bins(self.data.y, weights, n_classes))
        # No class is taken for rarer than the noise could tell.
        share = np.maximum(counts, 0.0) + noise.scale
        return share / share.sum() * max(float(counts.sum()), 1.0)

    def _factors(self, class_weights: NDArray[np.float64]) -> NDArray[np.float64]:
        """What `class_weight` multiplies the weights of each class with, 1 at most."""
        asked = getattr(self.estimator, "class_weight", None)
        classes = self.data.classes.tolist()
        if asked is None:
            return np.ones(len(classes))
        if isinstance(asked, str) and asked == "balanced":
            return class_weights.min() / class_weights
        if isinstance(asked, Mapping) and set(asked) <= set(classes):
            factors = np.array([float(asked.get(label, 1.0)) for label in classes])
            if np.isfinite(factors).all() and (factors > 0).all():
                return factors / factors.max()
        raise ValueError(
            "The 'class_weight' parameter must be None, 'balanced' or a dict of "
            f"positive numbers by class label. Got {asked!r} instead."
        )

    def _ranges(self, weights: NDArray[np.float64], n_rows: float) -> Box:
        """The bounds of all columns; NaN for those that are nominal."""
        settings, n_columns = self.settings, len(self.columns)
        if settings.scale is not None:
            return settings.scale
        sides = np.full((2, n_columns), np.nan)
        if not is_private(settings.bounds):
            sides = _given_bounds(settings.bounds, self.continuous, n_columns)
        elif self.continuous:
            mu, n = self._part(settings.search_fraction), len(self.continuous)
            sides[:, self.continuous] = find_ranges(
                [self.columns[j] for j in self.continuous],
                weights,
                n_rows,
                alone=self._counts_noise(mu, n),
                together=self._counts_noise(mu, 1),
            )
        return sides[0], sides[1]

    def _binned(
        self, weights: NDArray[np.float64], n_rows: float, ranges: Box
    ) -> list[Binned]:
        n_columns = len(self.columns)
        mu = self.mu * math.sqrt(BINS_SHARE * self.rest)
        noise: Noise | None = self._counts_noise(mu, n_columns)
        if noise is not None and is_worthwhile(noise.scale, n_rows):
            self.spent.append(mu)
        else:
            noise = None
        n_bins = greatest_bins(n_columns, n_rows)
        for name in ("max_bins", "max_bin"):
            n_bins = min(n_bins, getattr(self.estimator, name, None) or n_bins)
        return [
            bin_column(
                column,
                kind,
                (float(low), float(high)),
                weights,
                n_rows,
                max(n_bins, 2),
                noise,
            )
            for column, kind, low, high in zip(
                self.columns, self.kinds, *ranges, strict=True
            )
        ]

    def _boosted(
        self,
        columns: list[Binned],
        places: list[NDArray[np.intp]],
        weights: NDArray[np.float64],
        class_weights: NDArray[np.float64],
    ) -> Scores:
        y, n_classes = self.data.y, len(self.data.classes)
        two = n_classes == 2
        slope_noise = (
            self._counts_noise(self._part(RECALIBRATION_SHARE * self.rest), 1)
            if two
            else None
        )
        mu = remaining_mu(self.mu, *self.spent)
        share = class_weights / class_weights.sum()
        curvature = float(class_weights.sum() * (1 - (share**2).sum()) / n_classes)
        rule = make_rule(len(columns), n_classes, curvature, mu, self.sensitivity.sums)
        noise = Noise(
            scale_of(
                self.sensitivity.sums * rule.clip,
                mu,
                rule.n_rounds * (len(columns) + 1),
            ),
            self.source,
        )
        residuals = Residuals(y, weights, 1 if two else n_classes, rule.clip)
        scores = boost(
            columns,
            places,
            residuals,
            class_weights,
            rule,
            noise,
            self.data.random_state,
        )
        if slope_noise is None:
            return scores
        slope, offset = fit_slope(scores.add_up(places)[0], y, weights, slope_noise)
        return Scores(
            scores.intercept * slope + offset, [term * slope for term in scores.terms]
        )


def _numbers(column: Any, name: str) -> NDArray[np.float64]:
    try:
        return as_numbers(column)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"The feature {name!r} is taken for numbers, and holds something else: "
            f"{error}. Pass 'nominal', or a list of its categories, for it in "
            "'feature_types'."
        ) from error


def _given_bounds(
    bounds: Any, continuous: list[int], n_columns: int
) -> NDArray[np.float64]:
    """Given bounds; of nominal columns nothing is asked."""
    try:
        sides = [np.asarray(side, dtype=np.float64) for side in bounds]
        filled = [np.broadcast_to(side, (n_columns,)).copy() for side in sides]
    except (TypeError, ValueError):
        return np.array(check_bounds(bounds, n_columns))
    others = np.setdiff1d(np.arange(n_columns), continuous)
    for j, side in enumerate(filled):
        side[others] = j
    checked = np.array(check_bounds(tuple(filled), n_columns))
    checked[:, others] = np.nan
    return checked


def _nominal(estimator: Any, names: list[str]) -> list[int]:
    """The positions of the columns in `categorical_features`."""
    asked = getattr(estimator, "categorical_features", None)
    if asked is None or (isinstance(asked, str) and asked == "from_dtype"):
        return []
    given = np.atleast_1d(np.asarray(asked))
    if given.dtype == bool and given.shape == (len(names),):
        return np.flatnonzero(given).tolist()
    if given.dtype.kind in "iu" and ((given >= 0) & (given < len(names))).all():
        return given.tolist()
    if given.dtype.kind in "UO" and set(given.tolist()) <= set(names):
        return [names.index(name) for name in given.tolist()]
    raise ValueError(
        "The 'categorical_features' parameter must be None, 'from_dtype', a mask, or "
        f"positions or names of features. Got {asked!r} instead."
    )
