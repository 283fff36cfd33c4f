"""One call: how far a classifier's answers hang on each of its training rows."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit

from skmia._tables import (
    as_rows,
    check_alignment,
    check_metadata,
    has_no_weight,
    hash_rows,
    n_rows,
    take_rows,
)
from skmia.audit._leave_one_out._section import SHARES, LeaveOneOutRisk, RecordGaps
from skmia.audit._provenance import describe_rows
from skmia.audit._target import find_target
from skmia.shadows import LeftOut, ShadowSignals, leave_rows_out
from skmia.utils import check_labels

_DOUBLED = np.log(2.0)


def leave_one_out_risk(
    estimator: Any,
    X: Any,
    y: ArrayLike,
    *,
    X_nonmembers: Any = None,
    y_nonmembers: ArrayLike | None = None,
    fit_params: Mapping[str, Any] | None = None,
    shadows: ShadowSignals | None = None,
) -> LeaveOneOutRisk:
    """Tell by how much the answer about each training row hangs on the row itself.

    For many learners it follows from the fitted model, without another fit, what it
    would answer about a row had it been trained without it. The gap between the two
    answers is what the row's presence adds to what anybody who asks about it sees.
    This is the view of the model's owner, who has the training rows: it is not an
    attack, and a small gap does not mean that a row is safe. See the user guide,
    :doc:`/guide/leave_one_out`.

    Parameters
    ----------
    estimator : fitted classifier or Pipeline
        The model, or a ``FrozenEstimator`` of it. It is not changed. Of a search or a
        threshold wrapper, what it holds.
    X : array-like, frame or sparse matrix of shape (n_rows, n_features)
        The training rows, all of them, in the order of the fit.
    y : array-like of shape (n_rows,)
        Their labels.
    X_nonmembers : array-like, frame or sparse matrix, default=None
        Rows from the same source that the model was not trained on. Of use for an
        MLPClassifier, whose closed form is matched to how far the two sides lie apart.
    y_nonmembers : array-like, default=None
        Their labels.
    fit_params : dict, default=None
        What the model was fitted with, such as ``{"sample_weight": weights}``.
    shadows : ShadowSignals, default=None
        Of the same learner, from :func:`skmia.shadows.fit_shadows`. Where the closed
        form is not exact, gaps are multiplied by how much larger those were that these
        models showed than those predicted.

    Returns
    -------
    LeaveOneOutRisk
        Figures over the rows, and ``to_frame()`` with one record for each of them:
        the gap, and the confidence in its label with and without it.

    Raises
    ------
    ValueError
        If the learner, with these parameters, has no closed form, or `shadows` have
        none or found that it does not agree with what they show. If the model tells
        that its fit had other rows, labels or weights.
    sklearn.exceptions.NotFittedError
        If `estimator` is not fitted.

    See Also
    --------
    audit_classifier : Attacks the model, which is what others can do.
    AuditReport.including : Adds the figures to a report.
    skmia.shadows.register_counterfactual : Adds a closed form for a learner.

    Notes
    -----
    A row is left out together with all rows that are equal to it. The steps of a
    Pipeline before the classifier are held: what they learnt of a row stays. What is
    held besides, and whether the closed form is exact, depends on the learner. What is
    not exact is an estimate of first order, which may understate: check it with
    `shadows`. Where training is random, another fit differs by more than the row.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.neural_network import MLPClassifier
    >>> from skmia.audit import leave_one_out_risk
    >>> X, y = load_iris(return_X_y=True)
    >>> model = MLPClassifier((8,), solver="lbfgs", max_iter=5000, random_state=0)
    >>> risk = leave_one_out_risk(model.fit(X, y), X, y)
    >>> risk.exact, risk.n_rows
    (False, 150)
    >>> bool(risk.gaps["1.0"] > risk.gaps["0.5"])
    True
    """
    target = find_target(estimator, None, (y,))
    X = as_rows(X)
    n = n_rows(X)
    labels = check_labels(y, n, "leave_one_out_risk")
    params = check_metadata(fit_params, n)
    check_alignment(X, {"y": y} | params)
    others = _check_others(X_nonmembers, y_nonmembers)
    slope, correlation = _check_shadows(shadows)
    found = leave_rows_out(target.model, X, labels, params, others)
    if isinstance(found, str):
        raise ValueError(
            "The 'estimator' parameter must be a classifier with a closed form for "
            f"what it would answer without a row. Got {target.name}, which has none: "
            f"{found}. Fit it again without the rows that you ask about, or compare "
            "models with and without them: skmia.shadows.fit_shadows. Where these are "
            "not the rows and labels of its fit, in their order, or it had weights "
            "that are not in 'fit_params', pass those."
        )
    if found.exact:
        slope = correlation = None
    gap = (found.logit - found.logit_without) * (1.0 if slope is None else slope)
    # Those of weight 0 the model was not fitted on.
    learnt = np.flatnonzero(~has_no_weight(params, n))
    known = gap[learnt][~np.isnan(gap[learnt])]
    if not len(known):
        raise ValueError(
            f"The closed form of {found.family} can tell of none of the {n} rows what "
            "the model would answer without it. Pass the rows of its fit."
        )
    return LeaveOneOutRisk(
        estimator=target.name,
        family=found.family,
        exact=found.exact,
        n_rows=len(learnt),
        n_unknown=len(learnt) - len(known),
        gaps={str(share): float(np.quantile(known, share)) for share in SHARES},
        n_doubled=int((known >= _DOUBLED).sum()),
        slope=slope,
        correlation=correlation,
        sha256=_digest(take_rows(X, learnt), labels[learnt]),
        rows_checked=found.checked,
        _records=_records(found, gap, X),
    )


def _digest(X: Any, y: Any) -> str:
    """The hash that a report has of the same rows."""
    return str(describe_rows(X, hash_rows(X, y))["sha256"])


def _records(found: LeftOut, gap: Any, X: Any) -> RecordGaps:
    without = expit(found.logit - gap)
    index = X.index if hasattr(X, "iloc") else None
    return RecordGaps(gap, expit(found.logit), without, index)


def _check_others(X: Any, y: Any) -> tuple[Any, Any] | None:
    if X is None and y is None:
        return None
    if X is None or y is None:
        raise ValueError(
            "The 'X_nonmembers' and 'y_nonmembers' parameters must be given together. "
            "Got one of them alone."
        )
    X = as_rows(X)
    labels = check_labels(y, n_rows(X), "leave_one_out_risk")
    check_alignment(X, {"y_nonmembers": y}, "X_nonmembers")
    return X, labels


def _check_shadows(shadows: Any) -> tuple[float | None, float | None]:
    """How far gaps of shadows were above those predicted, and how well they agree."""
    if shadows is None:
        return None, None
    if not isinstance(shadows, ShadowSignals):
        raise TypeError(
            "The 'shadows' parameter must be a ShadowSignals of the same learner, from "
            f"fit_shadows, or None. Got {shadows!r} instead."
        )
    about = shadows.counterfactual_
    if not about.used:
        raise ValueError(
            "The 'shadows' parameter must be a ShadowSignals whose models told the "
            f"other side of records. These did not: {about.why_not}."
        )
    if about.slope is None or "logit" not in about.slope:
        return None, None
    assert about.correlation is not None
    slope, correlation = about.slope["logit"][0], about.correlation["logit"][0]
    if not slope > 0:
        raise ValueError(
            "The 'shadows' parameter must be a ShadowSignals whose models move as the "
            f"closed form says. In these, gaps were {slope:.2f} times as large as "
            "predicted: it tells nothing about this learner. Compare models that were "
            "fitted with and without the rows: skmia.shadows.fit_shadows."
        )
    return slope, correlation
