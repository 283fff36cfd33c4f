"""All models inside of a model, and what is found in each."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from sklearn.base import is_classifier

from skmia._models import FunctionClassifier
from skmia._tables import n_rows
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
    of_unknown,
    of_unread,
)
from skmia.audit._structure._leaves import Trees, find_trees
from skmia.audit._structure._libraries import is_of_library
from skmia.audit._structure._parameters import count_parameters
from skmia.audit._structure._parts import (
    NO_ROWS,
    Part,
    inside_of,
    is_fitted,
    outermost,
)
from skmia.audit._structure._reader import Size
from skmia.audit._structure._section import Structure, StructureFinding
from skmia.audit._structure._state import Stored, read_state
from skmia.audit._structure._trees import Known, measure_trees

# Models inside of a model; more of them are not looked at one by one.
_MAX_PARTS = 5_000
_LEAST_ROWS = 30
# Values that a model of an unknown class may hold and be no model of its own.
_MOST_OF_NO_MODEL = 10
# Values, and bytes or characters, that may hold rows: as a share of the values of the
# training rows, and at least and at most so many.
_SHARE_OF_VALUES, _LEAST_VALUES = 4, 100
_SHARE_OF_TEXT, _LEAST_TEXT = 8, 1_000
_MOST_OTHERS = 10_000

_TOO_LARGE = StructureFinding(
    "values_of_one_row",
    "not_measured",
    "",
    "",
    "Whether the model stores values that one training row only has was not measured "
    f"in tables of more than {MOST_VALUES:,} values.",
)


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
        return Structure(k, n, known.n_persons, tuple(findings))
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
    return Structure(k, n, known.n_persons, tuple(findings))


@dataclass
class _Place:
    """The models at one place, which are alike: one, or the members of an ensemble."""

    parts: list[Part] = field(default_factory=list)
    trees: list[tuple[Part, Trees]] = field(default_factory=list)
    stored: list[list[Stored]] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)
    opaque: int = 0
    others: list[list[Size]] = field(default_factory=list)
    inside: list[str] = field(default_factory=list)
    beyond: bool = False
    failed: bool = False


def _gather(root: Part) -> list[_Place]:
    """Look at all that is inside, by place and class."""
    places: dict[tuple[str, type], _Place] = {}
    waiting, met = [root], {id(root.model)}
    while waiting:
        part = waiting.pop(0)
        place = places.setdefault((part.place, type(part.model)), _Place())
        place.parts.append(part)
        trees = None
        try:
            trees = find_trees(part.model)
        except Exception:  # of a model that is not fitted, or of another version
            place.failed = is_fitted(part.model)
        inner: tuple[Any, ...] = ()
        if trees is not None:
            place.trees.append((part, trees))
            inner = trees.inner
        state = read_state(part.model, inner)
        place.stored.append(state.tables)
        place.unread += state.unread
        place.opaque += state.opaque
        place.others.append(state.others)
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
    yield from _of_large(place, looked, where)
    if values := values_of_one(stored, looked, where):
        yield of_one_row(part, values)
    if n >= _LEAST_ROWS and (names := per_row_values(stored, n, where)):
        yield of_each_row(part, names, n)


def _of_large(
    place: _Place, tables: Sequence[Table], but: Sequence[str]
) -> Iterator[StructureFinding]:
    """What is large enough to hold rows, and could not be compared with them."""
    n_values = max((table.n_values for table in tables), default=0)
    values = min(max(n_values // _SHARE_OF_VALUES, _LEAST_VALUES), _MOST_OTHERS)
    text = min(max(n_values // _SHARE_OF_TEXT, _LEAST_TEXT), _MOST_OTHERS)
    for others in place.others:
        left = [size for size in others if size.attribute not in but]
        total = sum(size.values for size in left), sum(size.text for size in left)
        if total[0] >= values or total[1] >= text:
            left.sort(key=lambda size: -(size.values + size.text))
            names = [size.attribute for size in left if size.values or size.text]
            yield of_unread(place.parts[0], names, *total)
            return


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
        yield of_unknown(place.parts[0])
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
    """Whether a model of an unknown kind answers here by itself."""
    if place.failed:
        return True
    model = place.parts[0].model
    if not _is_fitted_classifier(model):
        return False
    if _is_model_of_its_own(place):
        return True
    return (
        not place.trees
        and not place.inside
        and not is_of_library(model)
        and count_parameters(model) is None
    )


def _is_model_of_its_own(place: _Place) -> bool:
    """Whether it may answer by what no known library has put there.

    Models inside of it may then be there for nothing.
    """
    return any(
        sum(size.values + size.text // 8 + size.models for size in others)
        > _MOST_OF_NO_MODEL
        for others in place.others
    )


def _of_parameters(
    place: _Place, n: int | None, findings: Sequence[StructureFinding]
) -> Iterator[StructureFinding]:
    part = place.parts[0]
    # One of its own, that answers: what hands questions on is counted inside.
    if not _is_fitted_classifier(part.model):
        return
    carries = any(
        f.check == "carried_rows" and f.outcome == "risk" and f.place == part.place
        for f in findings
    )
    if _is_model_of_its_own(place):
        yield of_parameters(part, None, n)
        return
    if place.trees:
        return
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
