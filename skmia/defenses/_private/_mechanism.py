"""What every mechanism of differential privacy is: what it serves, needs and spends."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from sklearn.pipeline import Pipeline

from skmia.defenses._private._budget import Budget
from skmia.defenses._training import TrainingData

Box = tuple[
    NDArray[np.float64], ...
]  # the least and the greatest value of each feature


@dataclass(frozen=True)
class Settings:
    """What the user decided for one fit, as far as a mechanism has to know it.

    Parameters
    ----------
    budget : Budget
        What the mechanism may spend: the budget of the whole fit, less what the steps
        of a Pipeline and the searches before it have spent.
    neighbors : {"add_remove", "replace"}
        Two data sets are neighbours where one has a row more, or another row in place
        of one.
    group_size : int
        Rows of one person at most; neighbours differ in all of them.
    groups : ndarray of int of shape (n_samples,) or None
        The person of each row, where the user said so; nobody has more than
        `group_size` rows. A mechanism with ``clips_persons`` bounds the part of a
        person as a whole, at no further cost. All others, and all of them where it is
        None, pay for `group_size` rows.
    scale : float, tuple of two ndarray or None
        What the mechanism `needs`: the norm, or the ranges, that rows are to be clipped
        to; given by the user, or found by a private search that is paid for. None where
        the mechanism searches it on its own.
    source : RandomState instance or None
        Where noise is drawn from; None for the operating system's generator, as where
        the user gave no `random_state`. What is no noise (splits, orders, seeds) comes
        from ``data.random_state``.
    max_sample_weight : float
        Weights of the rows are at most that; they have been cut to it.
    feature_types : list of str or None
        As the user gave it, for mechanisms with ``takes_text``.
    search_fraction : float
        Share of the budget for the searches of a mechanism that `searches_itself`.
    bounds, data_norm : "private" or as the user gave them
        For a mechanism that `searches_itself`.
    X_public : array-like or None
        Public rows.
    n_teachers : "auto" or int
        For the votes of teachers.
    """

    budget: Budget
    neighbors: str = "add_remove"
    group_size: int = 1
    groups: NDArray[np.intp] | None = None
    scale: Any = None
    source: np.random.RandomState | None = None
    max_sample_weight: float = 1.0
    feature_types: Any = None
    search_fraction: float = 0.2
    bounds: Any = "private"
    data_norm: Any = "private"
    X_public: Any = None
    n_teachers: Any = "auto"


@dataclass(frozen=True)
class Fitted:
    """What a mechanism has learnt.

    Parameters
    ----------
    model : classifier
        Fitted; with ``classes_`` as in ``data.classes``, ``n_features_in_``, and all
        that is known of the rows is private. No source of noise stays in it.
    found : dict of str to Any
        Fitted attributes for the user, such as ``{"data_norm_": 4.0}``.
    """

    model: Any
    found: dict[str, Any] = field(default_factory=dict)


class Mechanism(ABC):
    """One way to fit some classifiers with differential privacy.

    A subclass sets the class attributes, and writes `check` and `fit`. What it says of
    its input becomes the tags of the meta-estimator.
    """

    name: ClassVar[str]
    # "package.Class" of what it serves, by the very class: a subclass
    # (LogisticRegressionCV is one) learns something else.
    learners: ClassVar[tuple[str, ...]] = ()
    # The scale of its noise: "data_norm", "bounds" or None. What the user does not give
    # is searched before, unless it `searches_itself`.
    needs: ClassVar[str | None] = None
    searches_itself: ClassVar[bool] = False
    # The budgets that it takes: one with delta = 0, which its parts add up as epsilon;
    # and a Gaussian one, which they add up as mu. Where it takes both, delta decides.
    pure: ClassVar[bool] = False
    gaussian: ClassVar[bool] = False
    # What `default_search_fraction` says of any budget.
    search_fraction: ClassVar[float] = 0.2
    # What rows it takes, and what comes with them.
    takes_sparse: ClassVar[bool] = False
    takes_nan: ClassVar[bool] = False
    takes_text: ClassVar[bool] = False
    takes_weight: ClassVar[bool] = False
    # Whether it fits the steps of a Pipeline itself, instead of private ones before it.
    owns_steps: ClassVar[bool] = False
    # Whether a person may have any number of rows, where `groups` are given.
    keeps_persons_whole: ClassVar[bool] = False
    # Whether it bounds what a person's rows do together, where `groups` are given.
    clips_persons: ClassVar[bool] = False

    @abstractmethod
    def check(self, estimator: Any) -> None:
        """Raise where a parameter of the classifier would be dropped.

        Called before any row is looked at, with the classifier that a Pipeline ends in.
        """

    @abstractmethod
    def fit(self, estimator: Any, data: TrainingData, settings: Settings) -> Fitted:
        """Fit the private classifier; `estimator` is left alone.

        ``data.X`` is what the steps of a Pipeline made of the rows, in the container
        that the user gave where there are none; :func:`dense_rows` checks and converts.
        ``data.params`` holds ``sample_weight`` or nothing.
        """

    def default_search_fraction(self, budget: Budget) -> float:
        """Share of the budget for searches where the user does not say."""
        return self.search_fraction

    def serves(self, estimator: Any) -> bool:
        """Whether the classifier, or the one that a Pipeline ends in, is served."""
        return class_name(final_classifier(estimator)) in self.learners


def class_name(estimator: Any) -> str:
    """The package and the name of a class, wherever in the package it is."""
    cls = type(estimator)
    return f"{cls.__module__.partition('.')[0]}.{cls.__name__}"


def final_classifier(estimator: Any) -> Any:
    """The classifier itself, or the one that a Pipeline ends in."""
    return estimator.steps[-1][1] if type(estimator) is Pipeline else estimator
