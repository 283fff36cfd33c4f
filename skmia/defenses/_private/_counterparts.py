"""What private counterparts of scikit-learn's classifiers have in common."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.utils import check_array

from skmia.defenses._private._library import guarded


def check_parameters(
    estimator: Any,
    meant: tuple[str, ...],
    same: Mapping[str, tuple[Any, ...]] | None = None,
) -> None:
    """Raise where a parameter has a value that the private counterpart would drop.

    Parameters
    ----------
    estimator : classifier
        With the parameters.
    meant : tuple of str
        Parameters that mean the same in the counterpart, and those about how a model is
        found, not about which one it is.
    same : dict of str to tuple, default=None
        Further values of other parameters that say what the counterpart does.

    Raises
    ------
    ValueError
        Naming the parameter.
    """
    name = type(estimator).__name__
    # Not the signature: XGBoost's says nothing of most of its parameters.
    defaults = type(estimator)().get_params(deep=False)
    for parameter, value in estimator.get_params(deep=False).items():
        if parameter in meant:
            continue
        # One that came in by **kwargs is no parameter of the class.
        default = defaults.get(parameter)
        if value is default or value in (default, *(same or {}).get(parameter, ())):
            continue
        raise ValueError(
            f"The {parameter!r} parameter of {name} has no meaning in its private "
            f"counterpart. Got {value!r} instead of {default!r}; leave it at its "
            "default, or pass 'X_public' to have the votes of such classifiers noised."
        )


def dense_rows(X: Any) -> NDArray[np.float64]:
    """X as float64, dense and finite."""
    if sparse.issparse(X):
        raise TypeError(
            "Sparse data was passed, but dense data is required by "
            "DifferentialPrivacyClassifier. Pass X.toarray(), or 'X_public' and a "
            "classifier that takes sparse data."
        )
    return check_array(
        X, dtype=np.float64, estimator="DifferentialPrivacyClassifier", input_name="X"
    )


def fit_library(
    name: str,
    X: NDArray,
    y: NDArray | None,
    *,
    source: np.random.RandomState | None,
    **settings: Any,
) -> Any:
    """The model of diffprivlib with that name, fitted."""
    with guarded() as library:
        model = getattr(library.models, name)(
            **settings, random_state=source, accountant=library.BudgetAccountant()
        )
        return model.fit(X, y)
