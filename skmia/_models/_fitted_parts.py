"""The fitted models inside of a model, and on how much of its rows each was fitted."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any, Literal, NamedTuple

import numpy as np
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import (
    AdaBoostClassifier,
    BaggingClassifier,
    StackingClassifier,
    VotingClassifier,
)
from sklearn.feature_selection import RFE, RFECV, SelectFromModel
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import (
    FixedThresholdClassifier,
    GridSearchCV,
    RandomizedSearchCV,
    TunedThresholdClassifierCV,
)
from sklearn.multiclass import (
    OneVsOneClassifier,
    OneVsRestClassifier,
    OutputCodeClassifier,
)
from sklearn.pipeline import FeatureUnion, Pipeline

from skmia._models._meta import MetaClassifier

# "unknown": resampled, repeated or fitted in a way of its own.
Rows = Literal["all", "some", "unknown"]

# Parameters that decide no answer, or that a meta-estimator sets in each copy.
_UNCOMPARED = (
    "random_state",
    "random_seed",
    "seed",
    "n_jobs",
    "thread_count",
    "nthread",
    "num_threads",
    "verbose",
    "verbosity",
    "silent",
    "memory",
    "warm_start",
    "copy",
    "copy_X",
)


class Part(NamedTuple):
    """A fitted model inside of another, or that itself.

    Attributes
    ----------
    name : str
        Its place, as nested parameters are named; "" for the outermost.
    model : estimator
        The part.
    rows : {"all", "some", "unknown"}
        What of the rows of the outermost it was fitted on.
    reweighted : bool
        Whether that model gave it weights that are not the user's.
    template : estimator or None
        What it is a fitted clone of.
    """

    name: str
    model: Any
    rows: Rows = "all"
    reweighted: bool = False
    template: Any = None


def fitted_parts(model: Any) -> Iterator[Part]:
    """Yield `model` and what is fitted inside of it, where a class says what that is.

    A meta-estimator of the user's own may fit its inside in any way: it is a part, and
    nothing is said of what it holds.
    """
    waiting = [Part("", model)]
    while waiting:
        part = waiting.pop()
        if isinstance(part.model, FrozenEstimator):
            continue  # shadows have it as it is
        yield part
        waiting += _inside(part)


def changed_parameters(part: Part) -> list[tuple[str, Any, Any]]:
    """Parameters in which a part differs from its template: name, now, and then."""
    if part.template is None:
        return []
    with suppress(Exception):  # of a get_params of any kind
        return list(_differences("", part.template, part.model))
    return []


def _differences(
    name: str, template: Any, fitted: Any
) -> Iterator[tuple[str, Any, Any]]:
    if type(template) is not type(fitted):
        return
    now, then = template.get_params(deep=False), fitted.get_params(deep=False)
    named = {
        key: value
        for key, value in template.get_params(deep=True).items()
        if "__" not in key
    }
    inner = fitted.get_params(deep=True)
    for key, value in (named | now).items():
        other = then[key] if key in then else inner.get(key)
        if key in _UNCOMPARED:
            continue
        if hasattr(value, "get_params") and hasattr(other, "get_params"):
            yield from _differences(f"{name}{key}__", value, other)
        elif _is_plain(value) and _is_plain(other) and not _same(value, other):
            yield f"{name}{key}", value, other


def _is_plain(value: Any) -> bool:
    if isinstance(value, (tuple, list)):
        return all(map(_is_plain, value))
    return value is None or isinstance(value, (bool, int, float, str, np.number))


def _same(one: Any, other: Any) -> bool:
    return bool(one == other) or (one != one and other != other)


def _inside(part: Part) -> Iterator[Part]:
    """Look one level deeper."""
    for kinds, find in _FINDERS:
        if isinstance(part.model, kinds):
            with suppress(AttributeError):  # not fitted, or not by fit
                yield from (_nested(part, inner) for inner in find(part.model))
            return


def _nested(outer: Part, inner: Part) -> Part:
    """Combine what two levels say."""
    rows: Rows = "all" if outer.rows == inner.rows == "all" else "some"
    if "unknown" in (outer.rows, inner.rows):
        rows = "unknown"
    name = f"{outer.name}__{inner.name}" if outer.name else inner.name
    reweighted = outer.reweighted or inner.reweighted
    return inner._replace(name=name, rows=rows, reweighted=reweighted)


def _of_pipeline(model: Any) -> Iterator[Part]:
    rows: Rows = "all"
    for name, step in model.steps:
        yield Part(name, step, rows)
        if hasattr(step, "fit_resample"):
            rows = "unknown"


def _of_columns(model: Any) -> Iterator[Part]:
    templates = {name: step for name, step, _ in model.transformers}
    for name, step, _ in model.transformers_:
        yield Part(name, step, template=templates.get(name))


def _of_union(model: Any) -> Iterator[Part]:
    yield from (Part(name, step) for name, step in model.transformer_list)


def _of_vote(model: Any) -> Iterator[Part]:
    named = [(n, e) for n, e in model.estimators if not isinstance(e, str)]
    for (name, template), fitted in zip(named, model.estimators_, strict=True):
        yield Part(name, fitted, template=template)


def _of_stack(model: Any) -> Iterator[Part]:
    if model.cv != "prefit":
        yield from _of_vote(model)
    final = model.final_estimator
    yield Part("final_estimator", model.final_estimator_, template=final)


def _of_calibration(model: Any) -> Iterator[Part]:
    if isinstance(model.estimator, FrozenEstimator) or model.cv == "prefit":
        return
    rows: Rows = "some" if model.ensemble else "all"
    for inner in model.calibrated_classifiers_:
        yield Part("estimator", inner.estimator, rows, template=model.estimator)


def _of_search(model: Any) -> Iterator[Part]:
    template = None
    with suppress(Exception):  # of an estimator that cannot be cloned
        chosen = clone(model.best_params_, safe=False)
        template = clone(model.estimator).set_params(**chosen)
    yield Part("estimator", model.best_estimator_, template=template)


def _of_selection(model: Any) -> Iterator[Part]:
    if not getattr(model, "prefit", False):
        yield Part("estimator", model.estimator_, template=model.estimator)


def _of_one(rows: Rows = "all") -> Callable[[Any], Iterator[Part]]:
    def find(model: Any) -> Iterator[Part]:
        yield Part("estimator", model.estimator_, rows, template=model.estimator)

    return find


def _of_many(
    rows: Rows = "all", reweighted: bool = False
) -> Callable[[Any], Iterator[Part]]:
    def find(model: Any) -> Iterator[Part]:
        for fitted in model.estimators_:
            yield Part("estimator", fitted, rows, reweighted, model.estimator)

    return find


def _of_ours(model: Any) -> Iterator[Part]:
    # Defenses fit other rows or labels, with parameters that they choose.
    if model._fits_all_rows:
        yield Part("estimator", model.estimator_, template=model.estimator)


_FINDERS: tuple[tuple[Any, Callable[[Any], Iterator[Part]]], ...] = (
    (Pipeline, _of_pipeline),
    (ColumnTransformer, _of_columns),
    (FeatureUnion, _of_union),
    (VotingClassifier, _of_vote),
    (StackingClassifier, _of_stack),
    (CalibratedClassifierCV, _of_calibration),
    ((GridSearchCV, RandomizedSearchCV), _of_search),
    (FixedThresholdClassifier, _of_one()),
    (TunedThresholdClassifierCV, _of_one("some")),
    ((SelectFromModel, RFE, RFECV), _of_selection),
    ((OneVsRestClassifier, OutputCodeClassifier), _of_many()),
    (OneVsOneClassifier, _of_many("some")),
    (BaggingClassifier, _of_many("some", reweighted=True)),
    # Weights that become 0 leave rows out.
    (AdaBoostClassifier, _of_many("some", reweighted=True)),
    (MetaClassifier, _of_ours),
)
