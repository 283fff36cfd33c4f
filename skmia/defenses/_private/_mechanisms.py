"""The one table of mechanisms.

To add one:

1. Write a subclass of :class:`Mechanism` in a file of its own, see `_mechanism.py`: its
   `name`, the `learners` that it serves, what it needs and takes, `check` and `fit`.
2. Add it to ``MECHANISMS`` below. The first one that serves a classifier is what
   ``mechanism="auto"`` takes.
3. Add it to ``MECHANISMS`` in ``tests/_helpers/mechanisms.py``, for the tests that all
   of them have to pass, and to the canaries of ``benchmarks/_dp_canaries.py``.

Nothing else has to know it: the parameter, the tags, the messages and the budget of the
meta-estimator are read from the table.
"""

from typing import Any

from sklearn.pipeline import Pipeline
from sklearn.utils import Tags

from skmia.defenses._private._boosting import Boosting
from skmia.defenses._private._gradient import NoisyGradient, NoisyNetwork
from skmia.defenses._private._mechanism import (
    Mechanism,
    class_name,
    final_classifier,
)
from skmia.defenses._private._naive_bayes import NaiveBayes
from skmia.defenses._private._objective import ObjectivePerturbation
from skmia.defenses._private._teachers import Teachers
from skmia.defenses._private._trees import RandomTrees

MECHANISMS: tuple[Mechanism, ...] = (
    NoisyGradient(),
    NoisyNetwork(),
    ObjectivePerturbation(),
    NaiveBayes(),
    RandomTrees(),
    Boosting(),
    Teachers(),
)


# What to take in place of a classifier that none serves.
_INSTEAD = {
    "LogisticRegression": (
        *("LogisticRegressionCV", "RidgeClassifier", "RidgeClassifierCV"),
        *("SGDClassifier", "LinearSVC", "Perceptron", "LinearDiscriminantAnalysis"),
    ),
    "RandomForestClassifier": ("ExtraTreesClassifier", "ExtraTreeClassifier"),
    "HistGradientBoostingClassifier": ("CatBoostClassifier", "AdaBoostClassifier"),
    "GaussianNB": ("QuadraticDiscriminantAnalysis", "BernoulliNB", "CategoricalNB"),
}


def mechanism_names() -> tuple[str, ...]:
    """The names of all mechanisms."""
    return tuple(dict.fromkeys(mechanism.name for mechanism in MECHANISMS))


def served_classes() -> str:
    """The names of the classes that a mechanism serves, for messages."""
    names = dict.fromkeys(name for m in MECHANISMS for name in m.learners)
    return ", ".join(name.partition(".")[2] for name in names)


def find_mechanism(estimator: Any, name: str, X_public: Any) -> Mechanism | None:
    """The mechanism for an estimator, or None.

    Parameters
    ----------
    estimator : estimator
        A classifier, or a Pipeline that ends in one.
    name : str
        "auto", or the name of a mechanism.
    X_public : array-like or None
        Public rows, which are for teachers.
    """
    if name == "auto" and X_public is not None:
        name = "teachers"
    for mechanism in MECHANISMS:
        asked = name == mechanism.name
        asked |= name == "auto" and mechanism.name != "teachers"
        if asked and mechanism.serves(estimator):
            return mechanism
    return None


def choose_mechanism(estimator: Any, name: str, X_public: Any) -> Mechanism:
    """The mechanism for an estimator; see :func:`find_mechanism`.

    Raises
    ------
    ValueError
        Where there is none, or public rows and the name do not go together.
    """
    mechanism = find_mechanism(estimator, name, X_public)
    learner = type(final_classifier(estimator)).__name__
    if mechanism is None and name == "auto":
        raise ValueError(
            f"{learner} has no private counterpart: those that have one are "
            f"{served_classes()}. {_hint(learner)}Pass public, unlabelled rows in "
            "'X_public' to have the votes of such classifiers noised instead."
        )
    if mechanism is None:
        own = ", ".join(
            m.name
            for m in MECHANISMS
            if class_name(final_classifier(estimator)) in m.learners
        )
        raise ValueError(
            f"The 'mechanism' parameter must be one that serves {learner}. Got "
            f"{name!r} instead; pass 'auto', or one of: {own or 'none'}, or 'teachers' "
            "with public rows in 'X_public'."
        )
    if mechanism.name == "teachers" and X_public is None:
        raise ValueError(
            "The 'mechanism' parameter is 'teachers', which vote on public rows. Got "
            "X_public=None instead of unlabelled rows like those of X."
        )
    if mechanism.name != "teachers" and X_public is not None:
        raise ValueError(
            f"The 'X_public' parameter means nothing to mechanism={name!r}. Leave it "
            "out, or pass mechanism='teachers'."
        )
    return mechanism


def _hint(learner: str) -> str:
    for name, others in _INSTEAD.items():
        if learner in others:
            return f"Take {name}, which is the closest to {learner}. "
    return ""


def adapt_tags(tags: Tags, estimator: Any, name: str, X_public: Any) -> None:
    """Leave of the tags of an estimator what its mechanism takes as well."""
    mechanism = find_mechanism(estimator, name, X_public)
    takes = tags.input_tags
    if mechanism is None:  # an error in fit, if not before
        takes.sparse = takes.allow_nan = False
    elif not mechanism.owns_steps:
        # The private scaler, and the searches before it, ask for dense numbers.
        alone = type(estimator) is not Pipeline
        takes.sparse &= alone and mechanism.takes_sparse
        # What takes missing values does so whatever it stands for.
        takes.allow_nan = alone and mechanism.takes_nan
        takes.string = takes.categorical = alone and mechanism.takes_text
