"""The ways to fit a classifier on soft labels, the best one first."""

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_array

from skmia._tables import slice_metadata, take_rows
from skmia.defenses._soft._copies import (
    Copies,
    drawn_copies,
    weighted_copies,
    with_every_class,
)
from skmia.defenses._soft._epochs import fit_in_epochs, trains_in_epochs
from skmia.defenses._soft._logistic import fit_soft_logistic, solves_directly
from skmia.defenses._soft._rows import (
    balance,
    balances_inside,
    counts_rows,
    draws_rows,
    keep_all_rows,
    scale_to_copies,
    splits_rows,
    takes_weights,
)
from skmia.defenses._training import TrainingData


@dataclass(frozen=True)
class Task:
    """What a strategy is to fit a classifier on; see `fit_soft`."""

    data: TrainingData
    target: NDArray[np.float64]
    max_copies: int
    tol: float
    n_draws: int

    def weights(self) -> NDArray[np.float64]:
        """Weights of the rows: finite, or a fit may end in a model of nan."""
        n = len(self.data)
        given = self.data.params.get("sample_weight")
        weight = np.ones(n) if given is None else np.broadcast_to(given, n)
        return check_array(
            weight, ensure_2d=False, dtype=np.float64, input_name="sample_weight"
        )

    def fit_copies(self, model: Any, copies: Copies, **changed: Any) -> Any:
        """Fit on copies of the rows, with the metadata of each and what is changed."""
        n = len(self.data)
        params = slice_metadata(self.data.params, copies.rows, n) | changed
        scale_to_copies(model, float(np.median(np.bincount(copies.rows))), n)
        X = take_rows(self.data.X, copies.rows)
        return model.fit(X, self.data.classes[copies.columns], **params)

    def fit_drawn(self, model: Any, n_draws: int) -> Any:
        """Fit on `n_draws` copies of each row, with drawn labels."""
        copies = drawn_copies(self.target, n_draws, self.data.random_state)
        return self.fit_copies(model, with_every_class(copies, self.target))


class Strategy(Protocol):
    """One way to fit a classifier on soft labels."""

    def applies(self, model: Any, task: Task) -> bool:
        """Whether `model` can be fitted in this way, by what is known before."""

    def fit(self, model: Any, task: Task) -> Any:
        """`model`, fitted."""


class SolveDirectly:
    """Minimise the loss on the soft labels themselves."""

    def applies(self, model: Any, task: Task) -> bool:
        """Where the loss is that of LogisticRegression of three classes or more."""
        return solves_directly(model, len(task.data.classes))

    def fit(self, model: Any, task: Task) -> Any:
        """By the method of LogisticRegression itself."""
        weight = task.weights()
        balance(model, weight @ task.target, task.data)
        return fit_soft_logistic(model, task.data, weight[:, None] * task.target)


class DrawInEpochs:
    """Draw a label for each row anew in every epoch: none to be learnt by heart."""

    def applies(self, model: Any, task: Task) -> bool:
        """Where copies would be too many, and the classifier is trained in epochs."""
        smallest = np.sort(task.target, axis=1)[:, : -task.max_copies]
        thinned = smallest.shape[1] > 0 and (smallest.sum(axis=1) > task.tol).any()
        return bool(thinned) and trains_in_epochs(model)

    def fit(self, model: Any, task: Task) -> Any:
        """In as many epochs as its own stopping rules allow."""
        return fit_in_epochs(
            model, task.data, lambda epoch, rows, proba: (rows, task.target)
        )


class DrawOneLabel:
    """Draw one label for each row: copies would fall on both sides of a split."""

    def applies(self, model: Any, task: Task) -> bool:
        """Where fit sets rows aside, or cross-validates."""
        return splits_rows(model)

    def fit(self, model: Any, task: Task) -> Any:
        """On each row once."""
        return task.fit_drawn(model, 1)


class DrawForEachModel:
    """Draw many labels for each row, and each of several models as many as rows.

    A weighted copy could be drawn without its complement, and would then be all that
    a leaf knows of the row.
    """

    def applies(self, model: Any, task: Task) -> bool:
        """Where fit draws rows, as forests and bagging do."""
        return draws_rows(model)

    def fit(self, model: Any, task: Task) -> Any:
        """On as many copies as there may be."""
        keep_all_rows(model)
        return task.fit_drawn(model, task.max_copies)


class WeighCopies:
    """Weigh a copy of the row for each class: exact where losses are linear in it."""

    def applies(self, model: Any, task: Task) -> bool:
        """Where weights reach all that is fitted, and balance is not lost inside."""
        return takes_weights(model) and not balances_inside(model)

    def fit(self, model: Any, task: Task) -> Any:
        """On a copy for each class of a row, `max_copies` at most."""
        keep_all_rows(model)
        copies = weighted_copies(
            task.target,
            task.data.random_state,
            max_copies=task.max_copies,
            tol=task.tol,
            equal=counts_rows(model),
        )
        copies = with_every_class(copies, task.target)
        weight = task.weights()
        balance(model, weight @ task.target, task.data)
        return task.fit_copies(
            model, copies, sample_weight=copies.weights * weight[copies.rows]
        )


class DrawLabels:
    """Draw some labels for each row, which is always possible."""

    def applies(self, model: Any, task: Task) -> bool:
        """To any classifier."""
        return True

    def fit(self, model: Any, task: Task) -> Any:
        """On `n_draws` copies of each row."""
        keep_all_rows(model)
        return task.fit_drawn(model, task.n_draws)


STRATEGIES: tuple[Strategy, ...] = (
    SolveDirectly(),
    DrawInEpochs(),
    DrawOneLabel(),
    DrawForEachModel(),
    WeighCopies(),
    DrawLabels(),
)


def choose_strategy(model: Any, task: Task) -> Strategy:
    """The first strategy that applies; nothing is changed."""
    return next(one for one in STRATEGIES if one.applies(model, task))
