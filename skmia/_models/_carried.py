"""Fits that a clone carries over, so that all copies have seen the same rows.

``clone`` forgets the fit of an estimator that it reaches through parameters, lists and
dicts. It keeps a FrozenEstimator and whatever else has a ``__sklearn_clone__`` that
returns itself, and copies objects, bound methods and functions with all that they hold.
So a clone is made, and what is fitted in there was carried over.
"""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any, NamedTuple

from sklearn.feature_selection import SelectorMixin
from sklearn.frozen import FrozenEstimator
from sklearn.utils import get_tags

from skmia._models._cloning import is_kept, unfitted_copy, unwrap_frozen
from skmia._models._walk import SCIKIT_LEARNS, attributes, walk
from skmia.exceptions import FreezingWarning
from skmia.utils import warn


class Carried(NamedTuple):
    """A fitted part of a clone: its place, itself, and whether clones share it."""

    name: str
    part: Any
    frozen: bool

    @property
    def answers_classes(self) -> bool:
        """Whether it is a classifier, or acts as one."""
        return _answers_classes(self.part)

    @property
    def knows_labels(self) -> bool:
        """Whether it was fitted with labels."""
        if isinstance(self.part, SelectorMixin):
            return True
        tags = _tags(self.part)
        return _answers(self.part) if tags is None else tags[1]

    def __str__(self) -> str:
        state = "frozen" if self.frozen else "fitted"
        return f"{state} {type(self.part).__name__}"


def carried_fits(estimator: Any) -> Iterator[Carried]:
    """Fitted models that a clone of `estimator` holds, at any depth."""
    yield from _fitted_parts(unfitted_copy(estimator))


def check_no_frozen_classifier(estimator: Any, rule: str, consequence: str) -> None:
    """Raise a ValueError for a classifier in `estimator` that a clone does not unfit.

    Parameters
    ----------
    estimator : estimator
        What is walked.
    rule : str
        Sentence on why there must be none.
    consequence : str
        What would become of it, and what to pass instead; follows ", which".
    """
    _refuse_classifiers(carried_fits(estimator), rule, consequence)


def check_can_be_refitted(
    estimator: Any,
    params: Mapping[str, Any] | None = None,
    *,
    rule: str = "Shadow models are fitted anew with all of their parts.",
    consequence: str = (
        "would stay as it is: all shadows would have seen the same rows, and attacks "
        "with shadows would underestimate leakage. Pass a classifier that is fitted "
        "with the rest, without FrozenEstimator and not by its methods, or take an "
        "attack without shadows."
    ),
) -> None:
    """Raise or warn where a clone would keep what was learnt from the members.

    Parameters
    ----------
    estimator : estimator
        What is cloned, taken out of a FrozenEstimator where that is meant.
    params : dict, default=None
        Metadata for its ``fit``, which is not cloned.
    rule, consequence : str
        As in :func:`check_no_frozen_classifier`.

    Raises
    ------
    ValueError
        For a fitted classifier inside: all clones would have seen the same rows, and
        a comparison of them would underestimate leakage.
    """
    found = list(carried_fits(estimator))
    for name, value in (params or {}).items():
        found += [
            carried._replace(name=f"{name}{carried.name}")
            for carried in _fitted_parts(value)
        ]
    _refuse_classifiers(found, rule, consequence)
    for carried in found:
        if carried.knows_labels:
            warn(
                f"The parameter {carried.name!r} is a {carried}, which is fitted with "
                "labels. Every fit of a copy takes it over as it is: what it knows of "
                "the members' labels is there whatever rows a copy is fitted on, and "
                "leakage is underestimated. Leave it unfrozen.",
                FreezingWarning,
            )


def _refuse_classifiers(found: Any, rule: str, consequence: str) -> None:
    for carried in found:
        if carried.answers_classes:
            name = carried.name or "estimator"
            raise ValueError(
                f"{rule} Got the {carried} in {name!r} instead, which {consequence}"
            )


def _fitted_parts(root: Any) -> Iterator[Carried]:
    closed: dict[int, tuple[str, ...]] = {}
    for name, part in walk(root, lambda part: closed.get(id(part), ())):
        carried = None if id(part) in closed else _carried(name, part)
        if carried is None:
            continue
        yield carried
        inside = carried.part
        if carried.answers_classes or carried.knows_labels:
            # It has been named; what it is made of says nothing new.
            closed[id(inside)] = tuple(attributes(inside))
            closed[id(part)] = tuple(attributes(part))
        else:
            # What a transformer has learnt may be a classifier, of a class of the
            # user's own. Its trees and boosters are not models of their own.
            learnt = _learnt(inside)
            closed[id(inside)] = tuple(learnt)
            for place, model in walk(learnt):
                if isinstance(model, type) or not _is_estimator(model):
                    continue
                if _answers_classes(model):
                    yield Carried(f"{name}{place}", model, False)


def _carried(name: str, part: Any) -> Carried | None:
    """What `part` is, if it is a fitted model in a clone."""
    if isinstance(part, type):
        return None
    if isinstance(part, FrozenEstimator):
        return Carried(name, unwrap_frozen(part), True)
    if _is_estimator(part):
        if is_kept(part):
            return Carried(name, part, True)
        fitted = bool(_learnt(part))
    elif _answers(part):
        # Of another library: without a fit it is what it is.
        fitted = not hasattr(part, "fit") or bool(_learnt(part))
    else:
        return None
    return Carried(name, part, False) if fitted else None


def _is_estimator(part: Any) -> bool:
    return hasattr(part, "get_params") and hasattr(part, "fit")


def _answers(part: Any) -> bool:
    names = ("predict", "predict_proba")
    return any(callable(getattr(part, name, None)) for name in names)


def _answers_classes(part: Any) -> bool:
    tags = _tags(part)
    if tags is not None:
        return tags[0]
    # One with a fit of its own may be fitted anew with the rest.
    return hasattr(part, "predict_proba") and not hasattr(part, "fit")


def _tags(part: Any) -> tuple[bool, bool] | None:
    """Whether it is a classifier and whether it needs labels; None where it has no say.

    A model of another library may have no tags.
    """
    if not hasattr(part, "__sklearn_tags__"):
        return None
    tags = get_tags(part)
    return tags.estimator_type == "classifier", tags.target_tags.required


def _learnt(part: Any) -> dict[str, Any]:
    """Attributes of an estimator beyond what its constructor gives it.

    Of other objects, and where there is no telling: those that end in an underscore.
    """
    own = {k: v for k, v in attributes(part).items() if not k.startswith(SCIKIT_LEARNS)}
    if _is_estimator(part):
        with suppress(Exception):  # of a constructor of any kind
            blank = attributes(type(part)(**part.get_params(deep=False)))
            return {
                k: v for k, v in own.items() if v is not None and blank.get(k) is None
            }
    return {k: v for k, v in own.items() if k.endswith("_") and not k.endswith("__")}
