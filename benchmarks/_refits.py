"""What a closed form says of the other side of records, beside models fitted again."""

import time
import warnings
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from sklearn.base import clone

from skmia._models import answers_as_probabilities, iter_class_probabilities
from skmia._tables import take_rows
from skmia.shadows._counterfactual import bounds_of, find_plan, other_side
from skmia.shadows._counterfactual._plan import last_step
from skmia.shadows._pool import make_pool
from skmia.signals import logit


@dataclass
class Gaps:
    """Logits of some records: as a model answers, as it would, and as a refit does."""

    member: np.ndarray
    now: np.ndarray
    told: np.ndarray
    refit: np.ndarray
    # Of the closed form, by that of the fit and its answers about the whole pool.
    time: float
    n_refits: int


@dataclass
class MeanGaps:
    """Gaps of records between fits with them and fits without them, in the mean."""

    without: np.ndarray
    with_: np.ndarray
    observed: np.ndarray
    # Correlation that the observed gaps have with those of as many other fits.
    repeated: float
    time: float
    n_refits: int


class Refits:
    """A pool of records, half of them in a training set, and some to ask about.

    Rows of equal content are one record, and change sides together.
    """

    def __init__(self, X, y, n_records=100, seed=0):
        self.pool, self.classes, _, _ = make_pool(X, y, None, "fit_shadows")
        rng = np.random.default_rng(seed)
        n = self.pool.records.max() + 1
        order = rng.permutation(n)
        self.inside = np.zeros(n, dtype=bool)
        self.inside[order[: n // 2]] = True
        half = n_records // 2
        self.chosen = np.concatenate([order[:half], order[-half:]])
        first = np.unique(self.pool.records, return_index=True)[1]
        self.rows = first[self.chosen]
        self.order = rng.permutation(len(self.pool.y))

    def fit(self, estimator, moved):
        """Fit on the training set, but for records that are moved to the other side."""
        inside = self.inside.copy()
        inside[moved] = ~inside[moved]
        # What has joined comes last; the others keep their order.
        joined = np.isin(self.pool.records, moved) & inside[self.pool.records]
        order = self.order[np.argsort(joined[self.order], kind="stable")]
        index = order[inside[self.pool.records[order]]]
        model = clone(estimator)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model.fit(take_rows(self.pool.X, index), self.pool.y[index])
        return model, index

    def answers(self, model):
        """Logits of the chosen records."""
        return self._logits(model, take_rows(self.pool.X, self.rows))

    def _logits(self, model, X):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            parts = list(iter_class_probabilities(model, X, self.classes))
        proba = np.concatenate([part for _, part in parts])
        if len(proba) != len(self.rows):
            proba = proba[self.rows]
        return logit(proba, self.pool.columns[self.rows])

    def ask(self, model, index):
        """Logits on the other side, as a shadow model is asked, and seconds it took."""
        plan = find_plan(model, {}, len(self.pool.y))
        if isinstance(plan, str):
            raise ValueError(f"no closed form: {plan}")
        kept: list[np.ndarray] = []

        # What shadows keep is rounded to single precision.
        def prepare(classifier: Any, rows: Any) -> Any:
            ask = plan.family.prepare(classifier, rows)

            def keep(records: Any) -> Any:
                answers = np.asarray(ask(records))
                kept.append(answers.copy())
                return answers

            return keep

        watched = replace(plan, family=replace(plan.family, prepare=prepare))
        start = time.perf_counter()
        other_side(watched, model, self.pool, index, self.classes)
        seconds = time.perf_counter() - start
        answers = np.concatenate(kept)[self.rows]
        told = np.full(len(self.rows), np.nan)
        known = np.isfinite(answers.reshape(len(answers), -1)).all(axis=1)
        proba = answers_as_probabilities(last_step(model), answers[known], self.classes)
        told[known] = logit(proba, self.pool.columns[self.rows][known])
        return told, seconds

    def timed(self, estimator, moved):
        """Fit, answer about the whole pool, ask; both logits and the share of time."""
        start = time.perf_counter()
        model, index = self.fit(estimator, moved)
        now = self._logits(model, self.pool.X)
        seconds = time.perf_counter() - start
        told, more = self.ask(model, index)
        return now, told, more / seconds

    def one_by_one(self, estimator):
        """Fit again for every record, with it on the other side and all else alike."""
        now, told, share = self.timed(estimator, [])
        refit = np.empty(len(now))
        for i, record in enumerate(self.chosen):
            model, _ = self.fit(estimator, [record])
            refit[i] = self._logits(model, take_rows(self.pool.X, self.rows))[i]
        member = self.inside[self.chosen]
        return Gaps(member, now, told, refit, share, len(now))

    def in_the_mean(self, estimator, n_fits, n_asked=12, seed=0):
        """Fit many times, with half of the records on the other side each time.

        The closed form is that of models besides those whose answers are compared.
        """
        rng = np.random.default_rng(seed)
        answered, predicted, trained, shares = [], [], [], []
        for fit in range(n_asked + n_fits):
            moved = self.chosen[rng.random(len(self.chosen)) < 0.5]
            seeded = clone(estimator).set_params(random_state=fit)
            if fit < n_asked:
                own, other, share = self.timed(seeded, moved)
                predicted.append(other)
                shares.append(share)
            else:
                own = self.answers(self.fit(seeded, moved)[0])
            answered.append(own)
            trained.append(self.inside[self.chosen] ^ np.isin(self.chosen, moved))
        now, told, inside = map(np.array, (answered, predicted, trained))
        bound = bounds_of(now)
        now, told = np.clip(now, -bound, bound), np.clip(told, -bound, bound)
        gap = np.where(inside[:n_asked], 1, -1) * (now[:n_asked] - told)
        without, with_ = _means(gap, inside[:n_asked])
        now, inside = now[n_asked:], inside[n_asked:]
        halves = [_gap(now[i::2], inside[i::2]) for i in (0, 1)]
        r = float(np.corrcoef(*halves)[0, 1])
        return MeanGaps(
            without,
            with_,
            _gap(now, inside),
            2 * r / (1 + r),
            float(np.median(shares)),
            n_fits,
        )


def _means(values, inside):
    """Means over models by record: of those with it, and of those without it."""
    return tuple(
        np.nanmean(np.where(side, values, np.nan), axis=0) for side in (inside, ~inside)
    )


def _gap(values, inside):
    with_, without = _means(values, inside)
    return with_ - without
