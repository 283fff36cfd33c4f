"""What a classifier does with its rows: count, split, draw and balance them.

Some parameters count rows, some fits set rows aside, and weights do not reach every
classifier inside of another. A defense that overlooks this weakens the model's own
regularisation, which is a defense too. Questions come first, and then what adapts a
classifier to copies of its rows.
"""

from collections.abc import Iterator
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn import get_config
from sklearn.base import is_classifier
from sklearn.utils.metadata_routing import MetadataRouter, get_routing_for_object
from sklearn.utils.validation import has_fit_parameter

from skmia.defenses._base import Defense
from skmia.defenses._training import TrainingData

# Parameters that count rows, and the largest value at which copies do not matter.
_ROW_COUNTS = {
    "min_samples_leaf": 1,
    "min_samples_split": 2,
    "min_child_samples": 1,
    "n_neighbors": 0,
}


def takes_weights(model: Any) -> bool:
    """Whether `fit` takes sample_weight, and hands it to all classifiers inside."""
    if not has_fit_parameter(model, "sample_weight"):
        return False
    inside = [value for value in _params(model).values() if hasattr(value, "fit")]
    if any(
        is_classifier(value) and not has_fit_parameter(value, "sample_weight")
        for value in inside
    ):
        return False
    if get_config()["enable_metadata_routing"]:
        routing = get_routing_for_object(model)
        if isinstance(routing, MetadataRouter):
            # It refuses weights that nothing inside has requested.
            return bool(routing.consumes("fit", ["sample_weight"]))
    return True


def splits_rows(model: Any) -> bool:
    """Whether fit holds some of its rows out from the others.

    What is left to "auto" does not: see `keep_all_rows`.
    """
    if isinstance(model, Defense):
        return True
    params = _params(model)
    for name, value in params.items():
        prefix, _, last = name.rpartition("__")
        if isinstance(value, Defense):
            return True
        if last == "cv" and not (isinstance(value, str) and value == "prefit"):
            return True
        if last == "early_stopping" and value and value != "auto":
            return True
        # Of SVC, which cross-validates for its sigmoid.
        if last == "probability" and value is True:
            return True
        # Of GradientBoosting, where it switches early stopping on.
        stops = f"{prefix}__early_stopping" if prefix else "early_stopping"
        if last == "n_iter_no_change" and value is not None and stops not in params:
            return True
    return False


def balances_inside(model: Any) -> bool:
    """Whether a classifier inside of this one balances classes by their counts."""
    return any(
        name.endswith("__class_weight") and isinstance(value, str)
        for name, value in _params(model).items()
    )


def counts_rows(model: Any) -> bool:
    """Whether a parameter counts rows, so that all need the same number of copies."""
    return any(_counts(value, low) for _, value, low in _row_counts(model))


def _row_counts(model: Any) -> Iterator[tuple[str, Any, int]]:
    """Name, value and harmless value of parameters that count rows."""
    for name, value in _params(model).items():
        last = name.rpartition("__")[2]
        if last in _ROW_COUNTS:
            yield name, value, _ROW_COUNTS[last]


def _counts(value: Any, low: Any) -> bool:
    return isinstance(value, Integral) and value > low


def draws_rows(model: Any) -> bool:
    """Whether fit draws some of its rows for each of several models."""
    return bool(_samplers(model))


def _samplers(model: Any) -> dict[str, Any]:
    """Each `max_samples` that sets how many rows are drawn, with or without return."""
    params = _params(model)
    found = {}
    for name, value in params.items():
        prefix, _, last = name.rpartition("__")
        if last == "max_samples":
            flag = f"{prefix}__bootstrap" if prefix else "bootstrap"
            whole = value is None or (value == 1.0 and not isinstance(value, Integral))
            if params.get(flag) or not whole:
                found[name] = value
    return found


def keep_all_rows(model: Any) -> None:
    """Turn early stopping off where it is left to "auto".

    HistGradientBoosting decides by the number of rows, which would be that of copies.
    One drawn label for each row would cost far more than a round too many.
    """
    auto = {
        name: False
        for name, value in _params(model).items()
        if name.rpartition("__")[2] == "early_stopping" and value == "auto"
    }
    model.set_params(**auto)


def scale_to_copies(model: Any, n_copies: float, n: int) -> None:
    """Have copies, `n_copies` of each of `n` rows, stand for rows in all parameters."""
    scale = _keep_sample_size if draws_rows(model) else _scale_counts
    scale(model, n_copies, n)


def _scale_counts(model: Any, n_copies: float, n: int) -> None:
    """Have parameters that count rows count copies."""
    if n_copies == 1:
        return
    changes = {
        name: round(value * n_copies)
        for name, value, low in _row_counts(model)
        if _counts(value, low)
    }
    for name, value in _params(model).items():
        if name.rpartition("__")[2] != "batch_size":
            continue
        if isinstance(value, str) and value == "auto":
            value = min(200, n)  # what MLPClassifier makes of it
        if isinstance(value, Integral):
            changes[name] = round(value * n_copies)  # type: ignore[call-overload]
    model.set_params(**changes)


def _keep_sample_size(model: Any, n_copies: float, n: int) -> None:
    """Have each of several models draw as many copies as it would draw rows."""
    changes: dict[str, float] = {}
    for name, value in _samplers(model).items():
        if value is None:
            changes[name] = n
        elif not isinstance(value, Integral):
            changes[name] = float(value / n_copies)
    model.set_params(**changes)


def balance(model: Any, mass: NDArray[np.floating], data: TrainingData) -> None:
    """Weights for the soft labels in place of those for the counts of copies."""
    if isinstance(_params(model).get("class_weight"), str):
        # A class that no row is likely to have counts as one row.
        weights = mass.sum() / (len(mass) * np.maximum(mass, mass.sum() / len(data)))
        model.set_params(
            class_weight=dict(zip(data.classes.tolist(), weights.tolist(), strict=True))
        )


def _params(model: Any) -> dict[str, Any]:
    return model.get_params(deep=True)
