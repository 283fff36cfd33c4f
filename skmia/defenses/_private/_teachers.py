"""Private aggregation of teachers: noisy votes on public rows, and a student."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import check_is_fitted

from skmia._tables import as_rows, n_rows
from skmia.defenses._private._budget import Spent
from skmia.defenses._private._mechanism import Fitted, Mechanism, Settings
from skmia.defenses._training import TrainingData, clone_with_seeds
from skmia.exceptions import WeakDefenseWarning
from skmia.utils import import_optional, warn


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
    accounting = import_optional(
        "dp_accounting",
        "Private aggregation with delta > 0",
        "set delta=0 for Laplace noise",
    )
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
    n_samples: int,
    n_teachers: int,
    random_state: np.random.RandomState,
    *,
    groups: NDArray[np.intp] | None = None,
) -> list[NDArray[np.intp]]:
    """Disjoint positions, one array for each teacher.

    The teacher is drawn for each row, or each person in `groups`, by itself and without
    a look at the labels: in a split into parts of equal size, or a stratified one, a
    row that is added or changes its label would move other rows between teachers.
    """
    units = np.arange(n_samples) if groups is None else groups
    n_units = int(units.max(initial=-1)) + 1
    owner = random_state.randint(n_teachers, size=n_units)[units]
    return [np.flatnonzero(owner == teacher) for teacher in range(n_teachers)]


def count_votes(
    estimator: Any, data: TrainingData, X_public: Any, parts: list[NDArray[np.intp]]
) -> NDArray[np.int64]:
    """How many teachers vote for each class, for each public row.

    Parameters
    ----------
    estimator : estimator
        Unfitted classifier; a clone is fitted on each part.
    data : TrainingData
        Private rows, and their labels.
    X_public : array-like of shape (n_public, n_features)
        Public rows.
    parts : list of ndarray of int
        Positions of the rows of each teacher.

    Returns
    -------
    ndarray of int of shape (n_public, n_classes)
        The counts; they are private, and the teachers are gone.
    """
    # Teachers know classes by their positions.
    data = replace(data, classes=np.arange(len(data.classes)))
    counts = np.zeros((n_rows(X_public), len(data.classes)), dtype=np.int64)
    every = np.arange(len(counts))
    for part in parts:
        teacher = data.clone(estimator)
        if not len(part):
            continue  # nothing to vote on; one row would be one vote
        labels = data.y[part]
        if (labels == labels[0]).all():
            # Most classifiers refuse to be fitted on one class; it is what they know.
            votes = labels[0]
        else:
            data.take(part).fit(teacher)
            votes = np.asarray(teacher.predict(X_public), dtype=np.intp)
        counts[every, votes] += 1
    return counts


def noisy_winners(
    counts: NDArray[np.int64], draw: Callable[..., Any]
) -> NDArray[np.intp]:
    """The class with the most votes in each row, after noise from ``draw(size)``."""
    return np.argmax(counts + draw(size=counts.shape), axis=1)


def fit_student(
    estimator: Any, X_public: Any, labels: NDArray, random_state: np.random.RandomState
) -> Any:
    """A clone of the estimator, fitted on public rows with the teachers' labels.

    Raises
    ------
    ValueError
        Where all labels are one class.
    """
    if len(np.unique(labels)) < 2:
        raise ValueError(
            f"The noisy votes give all {len(labels)} rows of 'X_public' the class "
            f"{labels[0]!r}, and no student can learn from that. Raise 'epsilon' or "
            "'n_teachers', or pass fewer or other public rows."
        )
    student = clone_with_seeds(estimator, random_state).fit(X_public, labels)
    check_is_fitted(student)
    return student


class Teachers(Mechanism):
    """Noisy votes on public rows of teachers that share no row, and their student.

    A row is for one teacher, and moves its vote on every public row from one class to
    another, whether it is added or replaced.
    """

    name = "teachers"
    gaussian = owns_steps = clips_persons = keeps_persons_whole = True
    takes_sparse = takes_nan = takes_text = takes_weight = True

    def check(self, estimator: Any) -> None:
        """Take any classifier."""

    def serves(self, estimator: Any) -> bool:
        """Serve any classifier."""
        return True

    def fit(self, estimator: Any, data: TrainingData, settings: Settings) -> Fitted:
        """Fit the student."""
        X_public = as_rows(settings.X_public)
        n_public, budget = n_rows(X_public), settings.budget
        if n_public < 1:
            raise ValueError(
                "The 'X_public' parameter must hold at least one row. Got none instead."
            )
        n_teachers = 100 if settings.n_teachers == "auto" else settings.n_teachers
        if n_teachers > len(data):
            raise ValueError(
                "The 'n_teachers' parameter must not exceed the number of rows: each "
                f"teacher has rows of its own. Got {n_teachers} teachers for "
                f"{len(data)} rows instead."
            )
        if budget.delta * len(data) >= 1:
            warn(
                f"delta={budget.delta:g} is no less than one over the {len(data)} "
                "rows: a mechanism that publishes a whole row now and then would meet "
                "it. Set it far lower.",
                WeakDefenseWarning,
            )
        # The rows of a person that is known are for one teacher.
        n_moved = settings.group_size if data.groups is None else 1
        if budget.delta == 0:
            scale = laplace_noise(budget.epsilon / n_moved, n_public)
            spent, draw = budget.spent(), data.random_state.laplace
        else:
            scale, epsilon = gaussian_noise(budget.epsilon, budget.delta, n_public)
            scale *= n_moved
            spent = Spent(
                epsilon, budget.delta, float(n_moved * np.sqrt(2 * n_public) / scale)
            )
            draw = data.random_state.normal
        parts = teacher_parts(
            len(data), n_teachers, data.random_state, groups=data.groups
        )
        counts = count_votes(estimator, data, X_public, parts)
        winners = noisy_winners(counts, partial(draw, 0.0, scale))
        student = fit_student(
            estimator, X_public, data.classes[winners], data.random_state
        )
        return Fitted(student, spent, {"noise_scale_": scale})
