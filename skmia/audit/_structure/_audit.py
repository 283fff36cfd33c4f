"""One call: what the state of a fitted model says of its training rows."""

import warnings
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import is_classifier
from sklearn.utils import column_or_1d

from skmia._models import FunctionClassifier
from skmia._tables import as_rows, check_alignment, n_rows, take_rows
from skmia.audit._structure._carried import (
    MOST_VALUES,
    Carried,
    Table,
    find_carried,
    per_row_values,
    tables_of,
    values_of_one,
)
from skmia.audit._structure._findings import (
    of_carried,
    of_each_row,
    of_one_row,
    of_parameters,
    of_trees,
)
from skmia.audit._structure._leaves import Trees, find_trees
from skmia.audit._structure._parameters import count_parameters
from skmia.audit._structure._parts import (
    NO_ROWS,
    Part,
    inside_of,
    is_fitted,
    outermost,
)
from skmia.audit._structure._section import Structure, StructureFinding
from skmia.audit._structure._state import Stored, read_state
from skmia.audit._structure._trees import Known, measure_trees
from skmia.utils import check_groups, check_integer

# Rows times trees that are looked at within an audit, whose shadows cost far more.
_MOST_CELLS = 20_000_000
# Models inside of a model; more of them are not looked at one by one.
_MAX_PARTS = 5_000
_LEAST_ROWS = 30
# Libraries all of whose trees are found.
_WITHOUT_OTHER_TREES = ("sklearn", "skmia", "xgboost", "lightgbm", "catboost")

_TOO_LARGE = StructureFinding(
    "values_of_one_row",
    "not_measured",
    "",
    "",
    "Whether the model stores values that one training row only has was not measured "
    f"in tables of more than {MOST_VALUES:,} values.",
)


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
        return look(estimator, X, known, k=k, max_trees=max_trees)


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
        return Structure(k, n, _count(Known(persons=persons)), missed)


def look(
    estimator: Any, X: Any, known: Known, *, k: int, max_trees: int | None = None
) -> Structure:
    """The same of rows that were checked."""
    places = _gather(outermost(estimator, X))
    tables: dict[int, Table] = {}
    n = None if X is None else n_rows(X)
    findings: list[StructureFinding] = []
    if isinstance(estimator, FunctionClassifier) and len(places) == 1:
        message = "The model is a function: it has no state that could be looked into."
        findings = [
            StructureFinding(check, "not_applicable", "", "FunctionClassifier", message)
            for check in ("carried_rows", "small_leaves")
        ]
        return Structure(k, n, _count(known), tuple(findings))
    searched = opaque = 0
    for place in places:
        findings += _of_rows(place, tables, n)
        searched += sum(len(stored) for stored in place.stored)
        opaque += place.opaque
        findings += _of_trees(place, known, k, max_trees)
    if any(table.is_large for table in tables.values()):
        findings.append(_TOO_LARGE)
    findings += _overall(findings, places, searched, opaque, n)
    order = ["risk", "not_measured", "nothing_found", "not_applicable"]
    findings.sort(key=lambda finding: order.index(finding.outcome))
    return Structure(k, n, _count(known), tuple(findings))


def _count(known: Known) -> int | None:
    return None if known.persons is None else len(np.unique(known.persons))


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


@dataclass
class _Place:
    """The models at one place, which are alike: one, or the members of an ensemble."""

    parts: list[Part] = field(default_factory=list)
    trees: list[tuple[Part, Trees]] = field(default_factory=list)
    stored: list[list[Stored]] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)
    opaque: int = 0
    inside: list[str] = field(default_factory=list)
    beyond: bool = False


def _gather(root: Part) -> list[_Place]:
    """Look at all that is inside, by place and class."""
    places: dict[tuple[str, type], _Place] = {}
    waiting, met = [root], {id(root.model)}
    while waiting:
        part = waiting.pop(0)
        place = places.setdefault((part.place, type(part.model)), _Place())
        place.parts.append(part)
        trees = None
        with suppress(Exception):  # of a model that is not fitted, or of another kind
            trees = find_trees(part.model)
        inner: tuple[Any, ...] = ()
        if trees is not None:
            place.trees.append((part, trees))
            inner = trees.inner
        state = read_state(part.model, inner)
        place.stored.append(state.tables)
        place.unread += state.unread
        place.opaque += state.opaque
        own = set(map(id, inner))
        for deeper in inside_of(part, state.estimators):
            if id(deeper.model) in own or id(deeper.model) in met:
                continue
            if len(met) >= _MAX_PARTS:
                place.beyond = True
                break
            met.add(id(deeper.model))
            place.inside.append(deeper.place)
            waiting.append(deeper)
    return list(places.values())


def _of_rows(
    place: _Place, tables: dict[int, Table], n: int | None
) -> Iterator[StructureFinding]:
    """Training rows and values of theirs in what is stored at a place."""
    part = place.parts[0]
    if place.unread or place.beyond:
        what = (
            f"{_listed(place.unread)} could not be read"
            if place.unread
            else f"it holds more than {_MAX_PARTS:,} models"
        )
        yield StructureFinding(
            "carried_rows",
            "not_measured",
            part.place,
            type(part.model).__name__,
            f"{part.called}: {what}, and rows in there would not be found.",
        )
    if n is None:
        if (told := _told(part.model)) is not None:
            yield of_carried(part, None, told)
        return
    carried: Carried | None = None
    rows = np.zeros(n, dtype=bool)
    for each, stored in zip(place.parts, place.stored, strict=True):
        looked = tables_of(each.seen, tables)
        found = find_carried(stored, looked)
        if found is not None:
            rows |= found.rows
            if carried is None or found.as_passed:
                carried = found
    where = () if carried is None else carried.attributes
    if carried is not None:
        yield of_carried(part, carried._replace(rows=rows), n)
    stored, looked = place.stored[0], tables_of(part.seen, tables)
    if values := values_of_one(stored, looked, where):
        yield of_one_row(part, values)
    if n >= _LEAST_ROWS and (names := per_row_values(stored, n, where)):
        yield of_each_row(part, names, n)


def _told(model: Any) -> int | None:
    """Rows that a model says in public that it stores, where none were passed."""
    if (vectors := vars(model).get("support_vectors_")) is not None:
        return int(vectors.shape[0])
    if "n_samples_fit_" in vars(model):
        return int(model.n_samples_fit_)
    inner = vars(model).get("X_train_")
    return None if inner is None else int(inner.shape[0])


def _of_trees(
    place: _Place, known: Known, k: int, max_trees: int | None
) -> Iterator[StructureFinding]:
    if not place.trees:
        return
    part = place.trees[0][0]
    n_trees = sum(trees.n_trees for _, trees in place.trees)
    try:
        measured = measure_trees(place.trees, known, k, max_trees or n_trees)
    except Exception as error:  # of rows that the trees do not take
        first = str(error).strip().splitlines()
        message = (
            f"The trees of the {part.called} could not be asked where the training "
            f"rows fall: {type(error).__name__}: {first[0] if first else ''}"
        )
        for check in ("small_leaves", "small_paths", "class_disclosure"):
            name = type(part.model).__name__
            yield StructureFinding(check, "not_measured", part.place, name, message)
        return
    yield from of_trees(part, measured, known, k)


def _overall(
    findings: Sequence[StructureFinding],
    places: Sequence[_Place],
    searched: int,
    opaque: int,
    n: int | None,
) -> Iterator[StructureFinding]:
    """What is said of the model as a whole, where no part of it said more."""
    name = type(places[0].parts[0].model).__name__
    checks = {finding.check for finding in findings}
    if "carried_rows" not in checks:
        if n is None:
            yield StructureFinding(
                "carried_rows",
                "not_measured",
                "",
                name,
                f"Whether the model stores training rows was not looked for. {NO_ROWS}",
            )
        else:
            yield StructureFinding(
                "carried_rows",
                "nothing_found",
                "",
                name,
                f"None of the {n:,} training rows was found in the {searched:,} tables "
                "and lists that the model stores, as passed or as its steps transform "
                "them. Rows that are stored in another form are not found"
                + (f", nor is what {opaque:,} bytes of it hold." if opaque else "."),
                0,
                n,
            )
    unread = [place for place in places if _may_have_trees(place)]
    for place in unread:
        part = place.parts[0]
        yield StructureFinding(
            "small_leaves",
            "not_measured",
            part.place,
            type(part.model).__name__,
            f"The {part.called} is of no library whose trees can be read. Whether it "
            "has any, and how many rows share a leaf, was not measured.",
        )
    if "small_leaves" not in checks and not unread:
        yield StructureFinding(
            "small_leaves",
            "not_applicable",
            "",
            name,
            "No trees that can be read were found in the model.",
        )
    for place in places:
        yield from _of_parameters(place, n, findings)


def _may_have_trees(place: _Place) -> bool:
    """Whether a model of a library that is not known answers here by itself."""
    model = place.parts[0].model
    library = type(model).__module__.partition(".")[0]
    return (
        not place.trees
        and not place.inside
        and library not in _WITHOUT_OTHER_TREES
        and count_parameters(model) is None
        and _is_fitted_classifier(model)
    )


def _of_parameters(
    place: _Place, n: int | None, findings: Sequence[StructureFinding]
) -> Iterator[StructureFinding]:
    part = place.parts[0]
    # One of its own, that answers: what hands questions on is counted inside.
    if place.trees or not _is_fitted_classifier(part.model):
        return
    carries = any(
        f.check == "carried_rows" and f.outcome == "risk" and f.place == part.place
        for f in findings
    )
    counts = [count_parameters(each.model) for each in place.parts]
    learnt: int | None = None
    if None not in counts:
        learnt = sum(count for count in counts if count is not None)
    if learnt is None and place.inside:
        return
    yield of_parameters(part, learnt, n, carries)


def _is_fitted_classifier(model: Any) -> bool:
    with suppress(Exception):  # of tags of any kind
        return is_classifier(model) and is_fitted(model)
    return False


def _listed(names: Sequence[str]) -> str:
    return ", ".join(repr(name) for name in dict.fromkeys(names))
