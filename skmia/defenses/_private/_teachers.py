"""Private aggregation of teachers: noisy votes on public rows, and a student."""

import copy
import warnings
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import check_is_fitted

from skmia._tables import as_rows, copy_rows, hash_rows, n_rows
from skmia.defenses._private._mechanism import (
    Fitted,
    Mechanism,
    Settings,
    class_name,
    final_classifier,
)
from skmia.defenses._private._noisy_sums import add_noise, noise_deviation
from skmia.defenses._private._row_by_row import keeps_something
from skmia.defenses._private._shared_state import describe_shared
from skmia.defenses._training import TrainingData, clone_with_seeds
from skmia.exceptions import WeakDefenseWarning
from skmia.utils import warn

# A replaced row changes one teacher, whose vote on a public row then leaves one class
# and joins another: the counts of a row move by 2 in all, and by sqrt(2) in Euclidean
# norm. A row that is added does the same, since its teacher is drawn for it alone. The
# rows of a person that is known have one teacher.
_MOVED = 2
# The rule for their number, found on made-up data: so many that noise does not decide,
# and with so many rows for each that they have something to say.
_TEACHERS_PER_NOISE, _ROWS_PER_CLASS, _LEAST_TEACHERS = 5.0, 5, 10
_SIZE_FRACTION = 0.02  # of the budget, for the number of rows where it is private
_FEW = 10  # public rows of which more than half may be private ones by chance
# Votes are whole; noise is drawn in finer units, for budgets that ask for little.
_UNIT = 2**20


# Learners that refuse other labels than 0, 1, ... without a gap.
_NUMBERS_FROM_ZERO = ("xgboost.XGBClassifier",)


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
        # A frozen step is no part of what a clone has of its own.
        teacher = data.clone(copy.deepcopy(estimator))
        if not len(part):
            continue  # nothing to vote on; one row would be one vote
        labels = data.y[part]
        if (labels == labels[0]).all():
            # Most classifiers refuse to be fitted on one class; it is what they know.
            votes = labels[0]
        else:
            votes = _votes(teacher, data.take(part), X_public)
        counts[every, votes] += 1
    return counts


def _votes(teacher: Any, data: TrainingData, X_public: Any) -> NDArray[np.intp]:
    if class_name(final_classifier(teacher)) not in _NUMBERS_FROM_ZERO:
        data.fit(teacher)
        return np.asarray(teacher.predict(X_public), dtype=np.intp)
    known, positions = np.unique(data.y, return_inverse=True)
    replace(data, y=positions, classes=np.arange(len(known))).fit(teacher)
    return known[np.asarray(teacher.predict(X_public), dtype=np.intp)]


def check_keeps_nothing(estimator: Any, X_public: Any, shared: list[str]) -> None:
    """Raise where a model keeps something outside of itself, from fit to fit.

    A teacher could hand it on to the next one, and to the student, besides its vote.
    Tried out on the public rows first, so that what is kept is of none of the others.

    Parameters
    ----------
    estimator : estimator
        What the teachers are clones of.
    X_public : array or frame
        Public rows, to try it out on; None to look at what has become of it since.
    shared : list of str
        What it referred to at first, by :func:`describe_shared`.
    """
    if X_public is not None:
        every = np.arange(n_rows(X_public))
        for labels in (every % 2, np.zeros(len(every), dtype=np.intp)):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                try:
                    model = clone_with_seeds(
                        copy.deepcopy(estimator), np.random.RandomState(0)
                    )
                    model.fit(copy_rows(X_public, every), labels)
                    model.predict(copy_rows(X_public, every))
                except Exception:  # too few rows, or labels, for such a model
                    continue
            break
    if describe_shared(estimator) != shared:
        raise ValueError(keeps_something("estimator", estimator))


def noisy_winners(counts: NDArray[np.int64], settings: Settings) -> NDArray[np.intp]:
    """The class with the most votes in each row, after noise for all rows together."""
    moved = _MOVED * len(counts)
    l1, l2 = moved * _UNIT, np.sqrt(moved) * _UNIT
    return np.argmax(add_noise(counts * _UNIT, l1, l2, settings), axis=1)


def noise_scale(n_public: int, settings: Settings) -> float:
    """The standard deviation of Gaussian noise on a count, or Laplace noise's scale."""
    moved = _MOVED * n_public
    deviation = noise_deviation(moved * _UNIT, np.sqrt(moved) * _UNIT, settings) / _UNIT
    return deviation if settings.budget.mu else deviation / np.sqrt(2)


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
    student = clone_with_seeds(estimator, random_state)
    name = class_name(final_classifier(student))
    known = np.unique(labels)
    if name in _NUMBERS_FROM_ZERO and not (
        known.dtype.kind in "iu" and np.array_equal(known, np.arange(len(known)))
    ):
        raise ValueError(
            f"The noisy votes give the rows of 'X_public' the classes {known.tolist()}"
            f", and {name.partition('.')[2]} can only learn from the numbers 0, 1, ... "
            "without a gap. Pass labels as such numbers, and where a class has no "
            "votes, raise 'epsilon' or pass more public rows."
        )
    student.fit(X_public, labels)
    check_is_fitted(student)
    return student


class Teachers(Mechanism):
    """Noisy votes on public rows of teachers that share no row, and their student.

    A row is for one teacher, and moves its vote on every public row from one class to
    another, whether it is added or replaced.
    """

    name = "teachers"
    pure = gaussian = owns_steps = clips_persons = keeps_persons_whole = True
    takes_sparse = takes_nan = takes_text = takes_weight = True

    def check(self, estimator: Any) -> None:
        """Take any classifier."""

    def serves(self, estimator: Any) -> bool:
        """Serve any classifier."""
        return True

    def fit(self, estimator: Any, data: TrainingData, settings: Settings) -> Fitted:
        """Fit the student."""
        X_public = as_rows(settings.X_public)
        n_public = n_rows(X_public)
        if n_public < 1:
            raise ValueError(
                "The 'X_public' parameter must hold at least one row. Got none instead."
            )
        _check_is_public(X_public, data.X)
        delta = settings.budget.delta
        if delta * len(data) >= 1:
            warn(
                f"delta={delta:g} is no less than one over the {len(data)} rows: a "
                "mechanism that publishes a whole row now and then would meet it. Set "
                "it far lower.",
                WeakDefenseWarning,
            )
        if data.groups is not None:
            settings = replace(settings, group_size=1)
        n_teachers = settings.n_teachers
        if n_teachers == "auto":
            n_teachers, settings = _teachers_for(data, n_public, settings)
        elif settings.neighbors == "replace" and n_teachers > len(data):
            raise ValueError(
                "The 'n_teachers' parameter must not exceed the number of rows: each "
                f"teacher has rows of its own. Got {n_teachers} teachers for "
                f"{len(data)} rows instead."
            )
        parts = teacher_parts(
            len(data), n_teachers, data.random_state, groups=data.groups
        )
        kept = copy.deepcopy(estimator)
        shared = describe_shared(kept)
        check_keeps_nothing(kept, X_public, shared)
        counts = count_votes(kept, data, X_public, parts)
        check_keeps_nothing(kept, None, shared)
        labels = data.classes[noisy_winners(counts, settings)]
        student = fit_student(copy.deepcopy(kept), X_public, labels, data.random_state)
        found = {
            "noise_scale_": noise_scale(n_public, settings),
            "n_teachers_": n_teachers,
        }
        return Fitted(student, found)


def _check_is_public(X_public: Any, X: Any) -> None:
    """Raise where the public rows are the private ones, or mostly.

    A content that several private rows have may be a public row's by chance, as where
    all columns are nominal; that of one row counts.
    """
    public, private = hash_rows(_rounded(X_public)), hash_rows(_rounded(X))
    contents, counts = np.unique(private, return_counts=True)
    n_found = int(np.isin(public, contents[counts == 1]).sum())
    n = len(public)
    the_same = np.array_equal(np.sort(public), np.sort(private))
    if the_same or n_found == n or (n >= _FEW and n_found > n / 2):
        raise ValueError(
            f"The 'X_public' parameter must hold rows that are no secret. Got {n} "
            f"rows, of which {n if the_same else n_found} are among the rows of X: the "
            "student would be fitted on them without noise. Pass others."
        )


def _rounded(X: Any) -> Any:
    """Numbers to 16 bits: a copy in another precision holds the same rows."""
    if not isinstance(X, np.ndarray) or X.dtype.kind != "f":
        return X
    mantissa, exponent = np.frexp(X.astype(np.float64))
    return np.ldexp(np.rint(mantissa * 2.0**16), exponent)


def _teachers_for(
    data: TrainingData, n_public: int, settings: Settings
) -> tuple[int, Settings]:
    """The number of teachers, by a rule, and the settings with what is left."""
    n_units = len(data) if data.groups is None else int(data.groups.max()) + 1
    if settings.neighbors == "add_remove":
        budget = settings.budget
        paid = replace(settings, budget=budget.part(_SIZE_FRACTION))
        settings = replace(settings, budget=budget.part(1 - _SIZE_FRACTION))
        n_units = int(add_noise(np.array([n_units]), 1.0, 1.0, paid)[0])
    greatest = n_units // (_ROWS_PER_CLASS * len(data.classes))
    wanted = round(_TEACHERS_PER_NOISE * noise_scale(n_public, settings))
    return int(
        np.clip(wanted, _LEAST_TEACHERS, max(greatest, _LEAST_TEACHERS))
    ), settings
