"""The fitted models inside of a model, each with the rows as they reach it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import (
    BaggingClassifier,
    StackingClassifier,
    VotingClassifier,
)
from sklearn.multiclass import OneVsOneClassifier, OneVsRestClassifier
from sklearn.pipeline import FeatureUnion, Pipeline
from sklearn.utils.validation import check_is_fitted

from skmia._models import FunctionClassifier, unwrap_frozen
from skmia._tables import split_columns

#: Where rows are not known, the reason.
NO_ROWS = "The training rows were not passed."


@dataclass(frozen=True)
class Part:
    """A fitted model, its place, and the training rows as they reach it.

    Attributes
    ----------
    place : str
        As nested parameters are named; "" for the outermost.
    model : estimator
        The part.
    X : rows or None
        The training rows as they reach it; None where that is not known.
    why : str
        Why it is not.
    seen : tuple of rows
        The tables that X was made of, the one that was passed first.
    whole : bool
        Whether it was fitted on all of these rows, each once, as far as is known.
    repeats : bool
        Whether it may have been given a row several times.
    """

    place: str
    model: Any
    X: Any = None
    why: str = ""
    seen: tuple[Any, ...] = ()
    whole: bool = True
    repeats: bool = False

    def inside(self, name: str, model: Any) -> "Part":
        """A part of this one that is asked about the same rows."""
        name = name.rstrip("_")
        place = f"{self.place}__{name}" if self.place else name
        return replace(self, place=place, model=unwrap_frozen(model))

    def of(self, X: Any) -> "Part":
        """The same with other rows, that were made of its own."""
        if self.X is None:
            return self
        return replace(self, X=X, seen=(*self.seen, X))

    def without_rows(self, why: str) -> "Part":
        """The same where its rows are not known."""
        return self if self.X is None else replace(self, X=None, why=why)

    @property
    def called(self) -> str:
        """How it is called in a sentence."""
        name = type(self.model).__name__
        return f"{name} in {self.place!r}" if self.place else name


def is_fitted(model: Any) -> bool:
    """Whether it was fitted, as far as it tells."""
    try:
        check_is_fitted(model)
    except Exception:  # of a check of any kind
        return False
    return True


def known_inside(part: Part) -> list[Part]:
    """Parts of a model of scikit-learn's, whose way with its rows is known."""
    for kinds, find in _ROUTES:
        if isinstance(part.model, kinds):
            found = find(part)
            return [p for p in found if hasattr(p.model, "get_params")]
    return []


def inside_of(part: Part, found: list[tuple[str, Any]]) -> list[Part]:
    """Parts of any model: those whose rows are known, and what else it stores.

    Of an estimator of an unknown class, a model inside is asked about the same rows
    where it takes as many columns: so do most meta-estimators.
    """
    known = known_inside(part)
    met = {id(p.model) for p in known}
    width = getattr(part.model, "n_features_in_", None)
    others = []
    for name, model in found:
        inner = part.inside(name, model)
        if id(inner.model) in met or id(model) in met:
            continue
        met.add(id(inner.model))
        if not is_fitted(inner.model):
            inner = inner.without_rows("It is not fitted.")
        elif width is None or getattr(inner.model, "n_features_in_", width) != width:
            inner = inner.without_rows(
                f"How the rows reach it inside of the {type(part.model).__name__} is "
                "not known."
            )
        whole = part.whole and name == "best_estimator_"
        others.append(replace(inner, whole=whole))
    return known + others


def _of_pipeline(part: Part) -> Iterator[Part]:
    at = part
    for name, step in part.model.steps:
        yield at.inside(name, step)
        if step is None or isinstance(step, str) or step is part.model.steps[-1][1]:
            continue
        if hasattr(step, "fit_resample"):
            at = replace(at, whole=False)
        else:
            at = _transformed(at, step)


def _transformed(part: Part, step: Any) -> Part:
    if part.X is None:
        return part
    try:
        return part.of(step.transform(part.X))
    except Exception as error:
        return part.without_rows(
            f"The {type(step).__name__} before it does not transform the training "
            f"rows: {_one_line(error)}"
        )


def _one_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0] if lines else 'no message'}"


def _of_columns(part: Part) -> Iterator[Part]:
    for name, step, columns in part.model.transformers_:
        if isinstance(step, str):
            continue
        inner = part.inside(name, step)
        if part.X is None:
            yield inner
            continue
        try:
            yield inner.of(_take_columns(part.X, columns))
        except Exception as error:
            yield inner.without_rows(
                f"Its columns could not be taken: {_one_line(error)}"
            )


def _take_columns(X: Any, columns: Any) -> Any:
    """The columns that a ColumnTransformer gives to one of its steps."""
    one = isinstance(columns, (str, int, np.integer))
    wanted = [columns] if one else columns
    if hasattr(X, "columns"):
        names = list(X.columns)
        if isinstance(wanted, slice) and isinstance(wanted.start, str):
            last = names.index(wanted.stop) + 1 if wanted.stop is not None else None
            wanted = slice(names.index(wanted.start), last)
        at = np.arange(len(names))
        if isinstance(wanted, slice):
            at = at[wanted]
        else:
            wanted = list(wanted)
            if wanted and all(isinstance(name, str) for name in wanted):
                at = np.array([names.index(name) for name in wanted], dtype=int)
            else:
                at = at[np.asarray(wanted)]
        if hasattr(X, "iloc"):
            return X.iloc[:, at[0]] if one else X.iloc[:, at]
        taken = [split_columns(X)[j] for j in at]
        return taken[0] if one else type(X)(taken)
    X = X.tocsr() if sparse.issparse(X) else np.asarray(X)
    return X[:, columns] if one else X[:, wanted]


def _of_union(part: Part) -> Iterator[Part]:
    yield from (part.inside(name, step) for name, step in part.model.transformer_list)


def _of_vote(part: Part) -> Iterator[Part]:
    yield from (part.inside(n, m) for n, m in part.model.named_estimators_.items())


def _of_stack(part: Part) -> Iterator[Part]:
    prefit = part.model.cv == "prefit"
    for name, model in part.model.named_estimators_.items():
        inner = part.inside(name, model)
        yield replace(inner, whole=False) if prefit else inner
    yield part.inside("final_estimator_", part.model.final_estimator_).without_rows(
        "It was fitted on answers of models that were fitted for that and thrown away."
    )


def _of_calibration(part: Part) -> Iterator[Part]:
    for inner in part.model.calibrated_classifiers_:
        found = part.inside("estimator", inner.estimator)
        yield replace(found, whole=found.whole and not part.model.ensemble)


def _of_bagging(part: Part) -> Iterator[Part]:
    model = part.model
    for fitted, columns in zip(
        model.estimators_, model.estimators_features_, strict=True
    ):
        inner = part.inside("estimator", fitted)
        inner = replace(inner, whole=False, repeats=model.bootstrap)
        if inner.X is not None:
            X = inner.X.tocsr() if sparse.issparse(inner.X) else np.asarray(inner.X)
            same = np.array_equal(columns, np.arange(X.shape[1]))
            inner = inner.of(X if same else X[:, columns])
        yield inner


def _of_many(whole: bool) -> Callable[[Part], Iterator[Part]]:
    def find(part: Part) -> Iterator[Part]:
        for fitted in part.model.estimators_:
            inner = part.inside("estimator", fitted)
            yield replace(inner, whole=inner.whole and whole)

    return find


def _of_function(part: Part) -> Iterator[Part]:
    owner = getattr(part.model.func, "__self__", None)
    if owner is not None and hasattr(owner, "get_params"):
        yield part.inside("func", owner)


_ROUTES: tuple[tuple[Any, Callable[[Part], Iterator[Part]]], ...] = (
    (Pipeline, _of_pipeline),
    (ColumnTransformer, _of_columns),
    (FeatureUnion, _of_union),
    (VotingClassifier, _of_vote),
    (StackingClassifier, _of_stack),
    (CalibratedClassifierCV, _of_calibration),
    (BaggingClassifier, _of_bagging),
    (OneVsRestClassifier, _of_many(True)),
    (OneVsOneClassifier, _of_many(False)),
    (FunctionClassifier, _of_function),
)


def outermost(estimator: Any, X: Any, why: str = NO_ROWS) -> Part:
    """The model itself as its own first part."""
    model = unwrap_frozen(estimator)
    if X is None:
        return Part("", model, None, why)
    return Part("", model, X, seen=(X,))
