"""Two sets of rows made one pool, with everything checked before a model is fitted."""

import numbers
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.exceptions import NotFittedError
from sklearn.utils import column_or_1d
from sklearn.utils.validation import check_is_fitted

from skmia._models import (
    ask_probabilities,
    check_has_response,
    check_is_classifier,
    unwrap_frozen,
)
from skmia._tables import (
    as_rows,
    column_types,
    concat_rows,
    hash_rows,
    n_rows,
    take_rows,
)
from skmia.utils import check_real, encode_labels, listed

# Rows of either side whose predictions are compared, where joining changes types.
_MAX_COMPARED = 200


@dataclass(frozen=True)
class Pool:
    """Members first, then non-members, without the rows that are in both sets."""

    X: Any
    y: NDArray
    membership: NDArray[np.bool_]
    index: Any
    hashes: NDArray[np.uint64]
    fit_params: dict[str, Any]
    n_shared: tuple[int, int]


def check_reading(
    max_fprs: object, confidence_level: Any
) -> tuple[tuple[float, ...], float]:
    """Return the false positive rates, once each and largest first, and the level."""
    message = (
        "The 'max_fprs' parameter must be a sequence of floats in (0, 1), such as "
        f"(0.1, 0.01). Got {max_fprs!r} instead."
    )
    if isinstance(max_fprs, (str, bytes)) or not isinstance(
        max_fprs, (Sequence, np.ndarray)
    ):
        raise TypeError(message)
    rates = {check_real(rate, "max_fprs", 0, 1, closed="neither") for rate in max_fprs}
    level = check_real(confidence_level, "confidence_level", 0, 1, closed="neither")
    return tuple(sorted(rates, reverse=True)), level


def resolve_seed(random_state: object) -> int:
    """One integer for the whole audit, which the report can state.

    `None` draws it from the system and not from NumPy's global generator.
    """
    if random_state is None:
        return int(np.random.default_rng().integers(2**31 - 1))
    if isinstance(random_state, np.random.RandomState):
        return int(random_state.randint(2**31 - 1))
    if isinstance(random_state, numbers.Integral) and 0 <= int(random_state) < 2**32:
        return int(random_state)
    raise ValueError(
        "The 'random_state' parameter must be None, an int in [0, 2**32) or a "
        f"numpy.random.RandomState. Got {random_state!r} instead."
    )


def check_fitted(estimator: Any) -> Any:
    """Return the fitted classifier itself, taken out of a FrozenEstimator.

    Whatever is not a fitted classifier with confidences and classes is refused.
    """
    estimator = unwrap_frozen(estimator)
    check_is_classifier(estimator, "estimator")
    try:
        check_is_fitted(estimator)
    except NotFittedError as error:
        raise NotFittedError(
            "The 'estimator' parameter must be fitted: an audit attacks the very model "
            f"that it is given. Got {type(estimator).__name__} instead, which is not "
            "fitted; fit it on X_members first."
        ) from error
    check_has_response(estimator, "estimator")
    if getattr(estimator, "classes_", None) is None:
        raise ValueError(
            "The 'estimator' parameter must have classes_, as scikit-learn's "
            "classifiers do once they are fitted. Got "
            f"{type(estimator).__name__} without it."
        )
    if len(np.asarray(estimator.classes_)) < 2:
        raise ValueError(
            "The 'estimator' parameter must know at least two classes. Got one that "
            f"was fitted on the single class {estimator.classes_[0]!r} instead."
        )
    return estimator


def describe_estimator(estimator: Any) -> str:
    """Name the class, and those of a Pipeline's steps."""
    name = type(estimator).__name__
    if not hasattr(estimator, "steps"):
        return name
    steps = [
        step if isinstance(step, str) else type(step).__name__
        for _, step in estimator.steps
    ]
    return f"{name}({', '.join(steps)})"


def make_pool(
    X_members: Any,
    y_members: Any,
    X_nonmembers: Any,
    y_nonmembers: Any,
    estimator: Any,
    fit_params: Mapping[str, Any] | None = None,
) -> Pool:
    """Check the two sets, put them together and leave out what is in both.

    A row is in both sets where its features and its label are; such a row says
    nothing about membership, so it goes from both sides.
    """
    classes = np.asarray(estimator.classes_)
    X_members, y_members = _check_side(X_members, y_members, "members", classes)
    X_nonmembers, y_nonmembers = _check_side(
        X_nonmembers, y_nonmembers, "nonmembers", classes
    )
    # Hashed after they are put together: the same value must not differ by the type
    # that its side gave the column.
    X = concat_rows(X_members, X_nonmembers, ("X_members", "X_nonmembers"))
    _check_same_predictions(estimator, X_members, X_nonmembers, X)
    sizes = len(y_members), len(y_nonmembers)
    params = _check_fit_params(fit_params, sizes)
    y = np.concatenate([y_members, y_nonmembers])
    if len(set(y.tolist())) < 2:
        raise ValueError(
            f"All rows have the same label, {y[0]!r}; an audit needs at least two "
            "classes among the rows."
        )
    membership = np.repeat([True, False], sizes)
    hashes = hash_rows(X, y)
    in_both = np.isin(hashes, np.intersect1d(hashes[membership], hashes[~membership]))
    n_shared = int(in_both[membership].sum()), int(in_both[~membership].sum())
    for count, size, name in zip(
        n_shared, sizes, ("members", "nonmembers"), strict=True
    ):
        if count == size:
            raise ValueError(
                f"Every row of X_{name} ({size}) is in the other set as well, features "
                "and label alike; nothing is left to audit. Pass rows that only one "
                "of the two sets has."
            )
    index = _make_index(X_members, X_nonmembers, sizes)
    if not in_both.any():
        return Pool(X, y, membership, index, hashes, params, n_shared)
    keep = np.flatnonzero(~in_both)
    return Pool(
        X=take_rows(X, keep),
        y=y[keep],
        membership=membership[keep],
        index=index[keep],
        hashes=hashes[keep],
        fit_params={name: take_rows(value, keep) for name, value in params.items()},
        n_shared=n_shared,
    )


def _check_same_predictions(
    estimator: Any, X_members: Any, X_nonmembers: Any, X: Any
) -> None:
    """Raise where the types of the joined table change what the model predicts.

    Integers that meet missing values become floats, and a step that takes values for
    text then sees "1.0" in place of "1", on the rows that it was trained on too.
    """
    joined, start = column_types(X), 0
    for name, side in (("X_members", X_members), ("X_nonmembers", X_nonmembers)):
        types, first = column_types(side), np.arange(min(n_rows(side), _MAX_COMPARED))
        if types != joined:
            alone, together = (
                ask_probabilities(estimator, take_rows(rows, at), estimator.classes_)
                for rows, at in ((side, first), (X, start + first))
            )
            if not np.allclose(alone, together, rtol=0, atol=1e-6, equal_nan=True):
                differ = [t for t, j in zip(types, joined, strict=True) if t != j]
                raise ValueError(
                    "X_members and X_nonmembers must have the same types of columns. "
                    f"Got columns of {listed(sorted(set(differ)))} in {name} that "
                    "become other types when both are one table, and the estimator "
                    "then predicts otherwise. Pass both with the types of the training "
                    "rows."
                )
        start += n_rows(side)


def _check_side(X: Any, y: Any, name: str, classes: NDArray) -> tuple[Any, NDArray]:
    if X is None or y is None:
        missing = "X" if X is None else "y"
        raise ValueError(
            f"The '{missing}_{name}' parameter must be given: an audit needs the rows "
            "and the true labels of members and non-members. Got None instead."
        )
    X = as_rows(X)
    n = n_rows(X)
    if n == 0:
        raise ValueError(
            f"X_{name} has no rows. An audit compares members with non-members and "
            "needs rows of both; a model's held-out test set serves as non-members."
        )
    y = column_or_1d(y, warn=False)
    if len(y) != n:
        raise ValueError(
            f"X_{name} and y_{name} must have the same length. "
            f"Got {n} rows and {len(y)} labels instead."
        )
    encode_labels(y, classes, f"y_{name}")  # names the labels that it does not know
    return X, y


def _check_fit_params(
    fit_params: Mapping[str, Any] | None, sizes: tuple[int, int]
) -> dict[str, Any]:
    if fit_params is None:
        return {}
    if not isinstance(fit_params, Mapping):
        raise TypeError(
            "The 'fit_params' parameter must be a dict of name to a pair (values of "
            f"the members, values of the non-members). Got {fit_params!r} instead."
        )
    params = {}
    for name, pair in fit_params.items():
        if not isinstance(pair, (tuple, list)) or len(pair) != 2:
            raise ValueError(
                f"fit_params[{name!r}] must be a pair (values of the members, values "
                f"of the non-members). Got {type(pair).__name__} instead."
            )
        values = [as_rows(value) for value in pair]
        lengths = tuple(n_rows(value) for value in values)
        if lengths != sizes:
            raise ValueError(
                f"fit_params[{name!r}] must have one value per row, {sizes[0]} for the "
                f"members and {sizes[1]} for the non-members. "
                f"Got {lengths[0]} and {lengths[1]} instead."
            )
        params[name] = concat_rows(*values)
    return params


def _make_index(X_members: Any, X_nonmembers: Any, sizes: tuple[int, int]) -> Any:
    """Return the user's own index, or positions in each set where there is none."""
    if hasattr(X_members, "iloc") and hasattr(X_nonmembers, "iloc"):
        return X_members.index.append(X_nonmembers.index)
    return np.concatenate([np.arange(size) for size in sizes])


def check_scores(name: object, values: ArrayLike, n: int) -> NDArray[np.float64]:
    """Return the scores of one attack: one finite number per record."""
    scores = np.array(values, dtype=np.float64)
    if scores.shape != (n,):
        raise ValueError(
            f"Attack {name!r} must give one score per record, {n}. "
            f"Got an array of shape {scores.shape} instead."
        )
    n_bad = int((~np.isfinite(scores)).sum())
    if n_bad:
        raise ValueError(
            f"Attack {name!r} gave {n_bad} of {n} records a score that is not finite. "
            "No figure can be read from it; check the model's outputs for NaN."
        )
    return scores


def check_length(name: str, values: Any, n: int) -> Any:
    if values is None:
        return None
    if len(values) != n:
        raise ValueError(
            f"The '{name}' parameter must have one entry per record, {n}. "
            f"Got {len(values)} instead."
        )
    return values
