"""What a fitted model would say of its own training rows without each of them."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from skmia._models import iter_class_probabilities
from skmia._tables import concat_rows, has_no_weight, n_rows, take_rows
from skmia.shadows._counterfactual._asking import other_side
from skmia.shadows._counterfactual._family import NotCoveredError, TrainingRows
from skmia.shadows._counterfactual._plan import find_plan
from skmia.shadows._pool import make_pool
from skmia.signals import FloatArray, logit
from skmia.utils import encode_labels


class LeftOut(NamedTuple):
    """Logits of the labels of training rows.

    Parameters
    ----------
    family : str
        Class of the learner.
    exact : bool
        Whether the closed form says what a fit without the row would say.
    logit : ndarray of shape (n_rows,)
        As the model answers.
    logit_without : ndarray of shape (n_rows,)
        Had it been fitted without the row and its copies; NaN where that is not known.
    checked : bool
        Whether the model tells that these are the rows of its fit. It does not tell
        that they are others: that is an error.
    """

    family: str
    exact: bool
    logit: FloatArray
    logit_without: FloatArray
    checked: bool


def leave_rows_out(
    model: Any,
    X: Any,
    y: NDArray,
    params: Mapping[str, Any] | None = None,
    others: tuple[Any, NDArray] | None = None,
) -> LeftOut | str:
    """Work out the answers of a fitted model without each row of its fit.

    Parameters
    ----------
    model : fitted classifier or Pipeline
    X, y
        The rows of its fit, in their order, and their labels.
    params : dict, default=None
        Metadata of its fit.
    others : tuple of (X, y), default=None
        Rows from the same source that it was not fitted on, for families that compare
        the two sides.

    Returns
    -------
    LeftOut
        Or, where there is no closed form, why: words that follow "no closed form: ".

    See Also
    --------
    skmia.audit.leave_one_out_risk : The same for its owner, with figures and checks.
    register_counterfactual : Adds a closed form for a learner.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.neural_network import MLPClassifier
    >>> from skmia.shadows import leave_rows_out
    >>> X, y = load_iris(return_X_y=True)
    >>> model = MLPClassifier((8,), solver="lbfgs", max_iter=5000, random_state=0)
    >>> left_out = leave_rows_out(model.fit(X, y), X, y)
    >>> left_out.family
    'MLPClassifier'
    >>> bool((left_out.logit_without <= left_out.logit).all())
    True
    """
    n = n_rows(X)
    params = dict(params or {})
    plan = find_plan(model, params, n)
    if isinstance(plan, str):
        return plan
    learnt = ~has_no_weight(params, n)
    weights = {}
    if plan.weight is not None:
        weights[plan.weight] = np.asarray(params[plan.weight], dtype=np.float64)
    place = np.arange(n)
    if others is not None:
        X, y, place = _mixed(X, y, *others)
        weights = {k: _mixed_weight(v, place, len(y)) for k, v in weights.items()}
    pool, _, _, _ = make_pool(X, y, weights, "leave_one_out_risk")
    classes = np.asarray(model.classes_)
    pool.columns = encode_labels(pool.y, classes, "estimator")
    told: list[bool] = []

    def check(classifier: Any, rows: TrainingRows) -> None:
        if plan.family.check is not None:
            told.append(plan.family.check(classifier, rows))

    try:
        other, _ = other_side(plan, model, pool, place[learnt], classes, check)
    except NotCoveredError as error:
        return str(error)
    here = np.empty(len(pool.y), dtype=np.float32)
    for block, proba in iter_class_probabilities(model, pool.X, classes):
        here[block] = logit(proba, pool.columns[block])
    there = other["logit"][place].astype(np.float64)
    there[~learnt] = here[place][~learnt]
    as_answered = here[place].astype(np.float64)
    checked = bool(told) and all(told)
    return LeftOut(plan.name, plan.exact, as_answered, there, checked)


def _mixed(
    X: Any, y: NDArray, X_others: Any, y_others: NDArray
) -> tuple[Any, NDArray, NDArray[np.intp]]:
    """Both sets in one, each spread over it, and where the rows of the first are.

    Whatever part of them a family is asked about first, both sides are in it.
    """
    ranks = [(np.arange(len(side)) + 0.5) / len(side) for side in (y, y_others)]
    order = np.argsort(np.concatenate(ranks), kind="stable")
    joined = concat_rows(X, X_others, ("X", "X_nonmembers"))
    labels = np.concatenate([y, y_others])[order]
    return take_rows(joined, order), labels, np.argsort(order)[: len(y)]


def _mixed_weight(weight: FloatArray, place: NDArray[np.intp], n: int) -> FloatArray:
    """Weights of the rows of the fit, and for the others their mean."""
    mixed = np.full(n, weight.mean())
    mixed[place] = weight
    return mixed
