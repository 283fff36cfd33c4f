"""One call: what the state of a fitted model says of its training rows."""

import warnings
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils import column_or_1d

from skmia._tables import as_rows, check_alignment, hash_rows, n_rows, take_rows
from skmia.audit._inputs import describe_estimator
from skmia.audit._provenance import describe_rows
from skmia.audit._structure._look import look
from skmia.audit._structure._section import Structure, StructureFinding
from skmia.audit._structure._trees import Known
from skmia.utils import check_groups, check_integer

# Rows times trees that are looked at within an audit, whose shadows cost far more.
_MOST_CELLS = 20_000_000


def audit_structure(
    estimator: Any,
    X: Any = None,
    y: ArrayLike | None = None,
    *,
    k: int = 10,
    groups: ArrayLike | None = None,
    sample_weight: ArrayLike | None = None,
    max_trees: int | None = None,
) -> Structure:
    """Look into a fitted model for what it holds of its training rows.

    No model is fitted and no attack is run. Whoever is given the model's file has all
    of this, whatever the attacks on its answers find: rows that are stored, leaves of
    trees that few rows share, and leaves that give the class of their rows away. All
    models inside are looked at: in a Pipeline, a search, an ensemble, a calibration, a
    defense or any other object, the training rows being transformed by the steps that
    come before. Forests, boosters and stored rows are told by what is in them and not
    by name. See the user guide, :doc:`/guide/structure`.

    Parameters
    ----------
    estimator : fitted estimator or Pipeline
        What is looked into. It is not changed.
    X : array-like, frame or sparse matrix of shape (n_rows, n_features), default=None
        The training rows, all of them. Without, what trees store of their fit is still
        read, and whatever needs the rows is not measured.
    y : array-like of shape (n_rows,), default=None
        Their labels.
    k : int, default=10
        Fewest rows, or persons, that a group is to have.
    groups : array-like of shape (n_rows,), default=None
        Name of the person that each row belongs to. Leaves and paths are then counted
        in persons: ten rows of one person are one.
    sample_weight : array-like of shape (n_rows,), default=None
        Weights of the fit. Rows of weight 0 were not learned from, and are left out.
    max_trees : int, default=None
        Most trees that are looked at in each ensemble; None for all. What some trees do
        not show, others may: it is then not measured.

    Returns
    -------
    Structure
        What was found, with counts; and what could not be measured, with the reason.

    Raises
    ------
    TypeError
        If `estimator` is a class or no estimator.
    ValueError
        If X and y, groups or weights differ in length, y is given without X, or a
        parameter is out of range.

    See Also
    --------
    audit_classifier : Attacks the answers of a classifier, and includes this.
    audit_attributes : Whether the model gives values of its training rows away.

    Notes
    -----
    The rows of a group that few share are at risk where the group's answer is seen:
    equivalence classes and class disclosure are those of [1]_. Ten rows more than
    parameters is the rule of thumb of [2]_ for models that cannot hold each row.

    References
    ----------
    .. [1] E. Jefferson et al., "GRAIMATTER: Guidelines and Resources for AI Model
       Access from TrusTEd Research environments", 2022.
       https://doi.org/10.5281/zenodo.7089491
    .. [2] SACRO-ML, structural attack. https://github.com/AI-SDC/SACRO-ML

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> from skmia.audit import audit_structure
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> model = DecisionTreeClassifier(min_samples_leaf=5, random_state=0).fit(X, y)
    >>> structure = audit_structure(model, X, y, k=10)
    >>> structure.found("small_leaves").value
    5.0
    """
    if isinstance(estimator, type) or not (
        hasattr(estimator, "fit") or hasattr(estimator, "predict")
    ):
        raise TypeError(
            "The 'estimator' parameter must be a fitted estimator. "
            f"Got {estimator!r} instead."
        )
    check_integer(k, "k", 2)
    if max_trees is not None:
        check_integer(max_trees, "max_trees", 1)
    X, known = _check_rows(X, y, groups, sample_weight)
    with warnings.catch_warnings():
        # Of names of columns that a step before has dropped, and the like.
        warnings.simplefilter("ignore")
        found = look(estimator, X, known, k=k, max_trees=max_trees)
    digest = _digest(X, y, sample_weight)
    return replace(found, estimator=describe_estimator(estimator), sha256=digest)


def structure_of_members(
    estimator: Any,
    X: Any,
    y: NDArray,
    member: NDArray[np.bool_],
    persons: NDArray[np.intp] | None,
    k: int = 10,
) -> Structure:
    """The same of the members among an audit's rows. It never stops the audit."""
    rows = np.flatnonzero(member)
    n = len(rows)
    labels = np.unique(y[rows], return_inverse=True)[1]
    persons = None if persons is None else persons[rows]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            known, X = Known(labels, persons), take_rows(X, rows)
            return look(estimator, X, known, k=k, max_trees=max(1, _MOST_CELLS // n))
    except Exception as error:  # of an object of any kind
        message = (
            "What the model's file holds of its training rows was not measured: "
            f"looking into it raised {type(error).__name__}."
        )
        name = type(estimator).__name__
        checks = ("carried_rows", "small_leaves", "small_paths", "class_disclosure")
        missed = tuple(
            StructureFinding(check, "not_measured", "", name, message)
            for check in checks
        )
        return Structure(k, n, Known(persons=persons).n_persons, missed)


def _digest(X: Any, y: Any, sample_weight: Any) -> str | None:
    """The hash that a report has of the same rows; `X` has those with a weight."""
    if X is None or y is None:
        return None
    labels = column_or_1d(y, warn=False)
    if sample_weight is not None:
        labels = labels[np.asarray(sample_weight, dtype=float) != 0]
    return str(describe_rows(X, hash_rows(X, labels))["sha256"])


def _check_rows(X: Any, y: Any, groups: Any, sample_weight: Any) -> tuple[Any, Known]:
    """Check what is said of the rows, and leave out those of weight 0."""
    if X is None:
        for name, value in (("y", y), ("groups", groups)):
            if value is not None:
                raise ValueError(
                    f"The '{name}' parameter must be None without 'X': it is about the "
                    f"training rows. Got {type(value).__name__} instead."
                )
        return None, Known()
    beside = {"y": y, "groups": groups, "sample_weight": sample_weight}
    given = {name: v for name, v in beside.items() if v is not None}
    X = as_rows(X)
    check_alignment(X, given)
    n = n_rows(X)
    for name, values in given.items():
        if len(values) != n:
            raise ValueError(
                f"The '{name}' parameter must have one entry per row of X, {n}. "
                f"Got {len(values)} instead."
            )
    labels = persons = None
    if y is not None:
        labels = np.unique(column_or_1d(y, warn=False), return_inverse=True)[1]
    if groups is not None:
        persons = check_groups(groups, n)
    if sample_weight is not None:
        keep = np.flatnonzero(np.asarray(sample_weight, dtype=float) != 0)
        if len(keep) < n:
            X = take_rows(X, keep)
            labels = None if labels is None else labels[keep]
            persons = None if persons is None else persons[keep]
    return X, Known(labels, persons)
