"""What the candidates of a search are called: their kind, and what they differ in."""

from collections.abc import Mapping, Sequence
from typing import Any

from sklearn.base import BaseEstimator
from sklearn.pipeline import Pipeline

_LONGEST = 36


def describe(
    params: Sequence[Mapping[str, Any]], by: str | None
) -> tuple[list[str] | None, list[str] | None]:
    """Kind and label of each candidate; None where there is nothing to tell apart.

    The kind is the value of the parameter `by`, or of the one whose values are
    estimators of several classes. The label has the parameters that differ within it.
    """
    known = list(dict.fromkeys(key for each in params for key in each))
    if by is not None and by not in known:
        raise ValueError(
            f"The 'by' parameter must be one of the search's parameters, {known}. Got "
            f"{by!r} instead."
        )
    if by is None:
        by = next((key for key in known if _has_several(params, key)), None)
    kinds = None
    if by is not None:
        kinds = [_write(each[by]) if by in each else "other" for each in params]
    labels = [
        _label(each, kind, params, kinds or [""] * len(params), by)
        for each, kind in zip(params, kinds or [""] * len(params), strict=True)
    ]
    return kinds, labels if any(labels) else None


def _has_several(params: Sequence[Mapping[str, Any]], key: str) -> bool:
    """Whether the values are estimators, or none, of several classes."""
    values = [each.get(key) for each in params]
    if not any(isinstance(value, BaseEstimator) for value in values):
        return False
    return len({_write(value) for value in values}) > 1


def _label(
    own: Mapping[str, Any],
    kind: str,
    params: Sequence[Mapping[str, Any]],
    kinds: Sequence[str],
    by: str | None,
) -> str:
    """The parameters that differ among the candidates of a kind, or the kind."""
    alike = [each for each, other in zip(params, kinds, strict=True) if other == kind]
    differing = [
        key
        for key in own
        if key != by and len({_write(each.get(key)) for each in alike}) > 1
    ]
    written = [f"{key.rpartition('__')[2]}={_write(own[key])}" for key in differing]
    text = ", ".join(written) or kind
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _write(value: Any) -> str:
    """A value in few letters: the class of an estimator, the last of a Pipeline."""
    if isinstance(value, Pipeline):
        value = value.steps[-1][1]
    if isinstance(value, BaseEstimator):
        return type(value).__name__
    if isinstance(value, float):
        return f"{value:.4g}"
    return str(value)
