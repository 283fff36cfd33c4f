"""Audits of what a model said, without the model."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from skmia.attacks import ATTACKS, LossThresholdAttack
from skmia.audit._evidence import Evidence
from skmia.audit._figures import add_gap
from skmia.audit._guards import Guard
from skmia.audit._inputs import check_one_side, check_reading
from skmia.audit._reach import takes_shadows
from skmia.audit._report import AuditReport
from skmia.utils import (
    check_different_sides,
    check_labels,
    encode_group_pair,
    encode_labels,
)

# What rounding to three digits takes from the sum of the probabilities of a row.
_SUM_ERROR = 0.01


def audit_predictions(
    proba_members: ArrayLike,
    y_members: ArrayLike,
    proba_nonmembers: ArrayLike,
    y_nonmembers: ArrayLike,
    *,
    classes: Sequence[Any] | None = None,
    groups: Any = None,
    max_fprs: Sequence[float] = (0.1, 0.01, 0.001),
    confidence_level: float = 0.95,
    estimator: str = "predictions",
) -> AuditReport:
    """Audit the probabilities that a model gave, where the model is elsewhere.

    Attacks that compare the model with others that are fitted like it cannot be run on
    answers alone, and these mostly find much more: the report is of the attack on the
    loss, and says so in a warning. Where the model can be asked or copied, use
    :func:`audit_classifier`.

    Parameters
    ----------
    proba_members, proba_nonmembers : array-like of shape (n_rows, n_classes)
        The predicted probabilities of the rows that the model was trained on, and of
        rows of the same source that it was not trained on.
    y_members, y_nonmembers : array-like of shape (n_rows,)
        The true class of every row.
    classes : sequence of length n_classes, default=None
        The class of each column. None takes the names of the columns of a frame.
    groups : pair of array-like, default=None
        The person of each row, of the members and of the non-members, where some have
        several rows. Everybody has to be on one side only.
    max_fprs : sequence of float, default=(0.1, 0.01, 0.001)
        False positive rates at which the true positive rate is read.
    confidence_level : float, default=0.95
        Confidence level of every interval.
    estimator : str, default="predictions"
        What the model is called in the report.

    Returns
    -------
    AuditReport
        Of the attacks ``"loss"`` and, where it finds more, ``"gap"``.

    Raises
    ------
    ValueError
        If rows hold no probabilities that add up to one, a label is none of the
        classes, a person is on both sides, or one side is all in the other.

    See Also
    --------
    audit_classifier : Audits a model, with all attacks.
    AuditReport : Takes membership scores that were made elsewhere.

    Examples
    --------
    >>> from sklearn.datasets import make_classification
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> from skmia.audit import audit_predictions
    >>> X, y = make_classification(600, flip_y=0.2, random_state=0)
    >>> model = DecisionTreeClassifier(max_depth=6, random_state=0).fit(
    ...     X[:300], y[:300]
    ... )
    >>> proba = model.predict_proba(X)
    >>> report = audit_predictions(
    ...     proba[:300], y[:300], proba[300:], y[300:], classes=model.classes_
    ... )
    >>> report.worst("auc")[0]
    'loss'
    """
    rates, level = check_reading(max_fprs, confidence_level)
    names = _check_classes(classes, proba_members, proba_nonmembers)
    sides = [
        _check_side(proba, y, names, side)
        for proba, y, side in (
            (proba_members, y_members, "members"),
            (proba_nonmembers, y_nonmembers, "nonmembers"),
        )
    ]
    check_different_sides(
        [np.column_stack(side) for side in sides], "probabilities and labels"
    )
    sizes = len(sides[0][0]), len(sides[1][0])
    member = np.arange(sum(sizes)) < sizes[0]
    proba, columns = (np.concatenate(parts) for parts in zip(*sides, strict=True))
    persons, person_names = encode_group_pair(groups, sizes)
    if persons is not None:
        check_one_side(member, persons)
    attack = LossThresholdAttack("precomputed").fit(proba, columns, membership=member)
    evidence = Evidence(
        membership=member,
        scores={"loss": attack.score_samples(proba, columns)},
        max_fprs=rates,
        confidence_level=level,
        labels=names[columns],
        correct=proba.argmax(axis=1) == columns,
        own_proba=proba[np.arange(len(columns)), columns],
        persons=persons,
        person_names=person_names,
        estimator=estimator,
        settings={"max_fprs": rates},
        positions=np.arange(sum(sizes)),
        lengths=sizes,
    )
    report = AuditReport.__new__(AuditReport)
    report._take(add_gap(evidence), [_not_run()], evidence.accuracy)
    return report


def _not_run() -> Guard:
    wanting = [
        name
        for name, attack in ATTACKS.items()
        if takes_shadows(attack(estimator="precomputed"))
    ]
    return Guard(
        "attacks_not_run",
        "warning",
        f"There are answers of the model and no model: {', '.join(wanting)} compare it "
        "with others that are fitted like it, and were not run. They mostly find much "
        "more. Nothing tells whether the members are the rows that it was trained on, "
        "nor whether the two sets differ without it.",
        len(wanting),
    )


def _check_classes(classes: Sequence[Any] | None, *probas: Any) -> NDArray[Any]:
    named = [getattr(proba, "columns", None) for proba in probas]
    if classes is None:
        if named[0] is None:
            raise ValueError(
                "The 'classes' parameter must have the class of each column. Got None "
                "instead, which is for frames whose columns are called as the classes."
            )
        classes = list(named[0])
        if named[1] is not None and list(named[1]) != classes:
            raise ValueError(
                "The 'proba_nonmembers' parameter must have the columns of "
                f"proba_members, {classes}. Got {list(named[1])} instead."
            )
    found = np.asarray(classes)
    if found.ndim != 1 or len(set(found.tolist())) != len(found) or len(found) < 2:
        raise ValueError(
            "The 'classes' parameter must be two or more different classes. "
            f"Got {classes!r} instead."
        )
    return found


def _check_side(
    proba: Any, y: Any, classes: NDArray[Any], side: str
) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """Probabilities, and the column of each row's own class."""
    name = f"proba_{side}"
    try:
        values = np.asarray(proba, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"The '{name}' parameter must be a matrix of probabilities: {error}"
        ) from error
    if values.ndim != 2 or values.shape[1] != len(classes) or not len(values):
        raise ValueError(
            f"The '{name}' parameter must be of shape (n_rows, {len(classes)}), with a "
            f"column for each class. Got shape {values.shape} instead."
        )
    wrong = ~((values >= 0) & (values <= 1)).all(axis=1)
    wrong |= ~(np.abs(values.sum(axis=1) - 1) <= _SUM_ERROR)
    if wrong.any():
        at = int(np.flatnonzero(wrong)[0])
        raise ValueError(
            f"The '{name}' parameter must hold probabilities in [0, 1] that add up to "
            f"1 in each row. {int(wrong.sum())} rows do not, such as row {at}: "
            f"{values[at].tolist()}; pass margins through a softmax first."
        )
    labels = check_labels(y, len(values), f"The '{name}' parameter")
    return values, encode_labels(labels, classes, f"y_{side}")
