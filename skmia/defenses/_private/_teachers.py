"""Private aggregation of teachers: noisy votes on public rows, and a student."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import check_is_fitted

from skmia._tables import n_rows, slice_metadata, take_rows
from skmia.defenses._base import clone_with_seeds


def _dp_accounting() -> Any:
    try:
        import dp_accounting
    except ImportError as error:
        raise ImportError(
            "Private aggregation with delta > 0 accounts for its budget with the "
            "dp-accounting package, which is not installed. Run 'pip install "
            "dp-accounting', or set delta=0 for Laplace noise."
        ) from error
    return dp_accounting


def gaussian_noise(epsilon: float, delta: float, n_queries: int) -> tuple[float, float]:
    """Least standard deviation of the noise on every count of votes.

    A replaced row changes one teacher, whose vote on a public row then leaves one
    class and joins another: the counts of a row move by sqrt(2) at most. `n_queries`
    Gaussian mechanisms of noise multiplier z are, exactly, one of z / sqrt(n_queries),
    which dp-accounting finds by a search over its exact loss.

    Parameters
    ----------
    epsilon, delta : float
        The budget for all rows together.
    n_queries : int
        Public rows that are voted on.

    Returns
    -------
    sigma : float
        The standard deviation.
    spent : float
        The epsilon of it at `delta`; at most `epsilon`.

    References
    ----------
    Balle and Wang, "Improving the Gaussian Mechanism for Differential Privacy:
    Analytical Calibration and Optimal Denoising", ICML 2018.
    """
    accounting = _dp_accounting()
    # A root is found from either side; a billionth more puts it on the safe one.
    multiplier = accounting.get_sigma_gaussian(epsilon, delta) * (1 + 1e-9)
    spent = accounting.get_epsilon_gaussian(multiplier, delta)
    return float(multiplier * np.sqrt(2 * n_queries)), min(float(spent), epsilon)


def laplace_noise(epsilon: float, n_queries: int) -> float:
    """Scale of the noise on every count, with delta = 0.

    The counts of a row move by 2 in total, and the rows' losses add up.
    """
    return 2 * n_queries / epsilon


def teacher_parts(
    n_samples: int, n_teachers: int, random_state: np.random.RandomState
) -> list[NDArray[np.intp]]:
    """Disjoint positions, one array for each teacher.

    Drawn without a look at the labels: in a stratified split, one changed label would
    move other rows between teachers.
    """
    return np.array_split(random_state.permutation(n_samples), n_teachers)


def count_votes(
    estimator: Any,
    X: Any,
    y: NDArray[np.intp],
    public_X: Any,
    *,
    n_classes: int,
    parts: list[NDArray[np.intp]],
    params: dict[str, Any],
    random_state: np.random.RandomState,
) -> NDArray[np.int64]:
    """How many teachers vote for each class, for each public row.

    Parameters
    ----------
    estimator : estimator
        Unfitted classifier; a clone is fitted on each part.
    X, y : array-like of shape (n_samples, ...) and ndarray of int of shape (n_samples,)
        Private rows, and their classes 0, 1, ...
    public_X : array-like of shape (n_public, n_features)
        Public rows.
    n_classes : int
        Number of classes.
    parts : list of ndarray of int
        Positions of the rows of each teacher.
    params : dict
        Metadata for fit, with one entry per private row where it belongs to rows.
    random_state : RandomState instance
        Seeds of the teachers.

    Returns
    -------
    ndarray of int of shape (n_public, n_classes)
        The counts; they are private, and the teachers are gone.
    """
    counts = np.zeros((n_rows(public_X), n_classes), dtype=np.int64)
    every = np.arange(len(counts))
    for part in parts:
        teacher = clone_with_seeds(estimator, random_state)
        labels = y[part]
        if (labels == labels[0]).all():
            # Most classifiers refuse to be fitted on one class; it is what they know.
            votes = labels[0]
        else:
            metadata = slice_metadata(params, part, len(y))
            teacher.fit(take_rows(X, part), labels, **metadata)
            votes = np.asarray(teacher.predict(public_X), dtype=np.intp)
        counts[every, votes] += 1
    return counts


def noisy_winners(
    counts: NDArray[np.int64], draw: Callable[..., Any]
) -> NDArray[np.intp]:
    """The class with the most votes in each row, after noise from ``draw(size)``."""
    return np.argmax(counts + draw(size=counts.shape), axis=1)


def fit_student(
    estimator: Any, public_X: Any, labels: NDArray, random_state: np.random.RandomState
) -> Any:
    """A clone of the estimator, fitted on public rows with the teachers' labels.

    Raises
    ------
    ValueError
        Where all labels are one class.
    """
    if len(np.unique(labels)) < 2:
        raise ValueError(
            f"The noisy votes give all {len(labels)} rows of 'public_X' the class "
            f"{labels[0]!r}, and no student can learn from that. Raise 'epsilon' or "
            "'n_teachers', or pass fewer or other public rows."
        )
    student = clone_with_seeds(estimator, random_state).fit(public_X, labels)
    check_is_fitted(student)
    return student
