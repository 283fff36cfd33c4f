"""Data and doubles for all tests: ``from _helpers import LabelsOnly, noisy_rows``.

``pythonpath`` in pyproject.toml puts tests/ first on the path. Parallel workers take
the path over, so that the doubles are pickled by name and imported there.
"""

from _helpers.classifiers import (
    LabelsOnly,
    MaskedProba,
    NeverFitted,
    NotedBayes,
    NotedTree,
    ReversedClasses,
    SoftLabelEcho,
    SpyClassifier,
)
from _helpers.data import (
    ArrayInterface,
    balanced_design,
    coarse_chance,
    coarse_rows,
    corners,
    fruit,
    halves,
    mixed_frame,
    noisy_rows,
    small_integers,
)
from _helpers.scores import auc_between, confidence, global_state

__all__ = [
    "ArrayInterface",
    "LabelsOnly",
    "MaskedProba",
    "NeverFitted",
    "NotedBayes",
    "NotedTree",
    "ReversedClasses",
    "SoftLabelEcho",
    "SpyClassifier",
    "auc_between",
    "balanced_design",
    "coarse_chance",
    "coarse_rows",
    "confidence",
    "corners",
    "fruit",
    "global_state",
    "halves",
    "mixed_frame",
    "noisy_rows",
    "small_integers",
]
