"""The parameters of a private classifier, checked before a row is looked at."""

from typing import Any

import numpy as np

from skmia.defenses._private._accountant import PrivacyAccountant
from skmia.defenses._private._accounting import NEIGHBORS
from skmia.defenses._private._mechanisms import mechanism_names
from skmia.utils import check_integer, check_option, check_real

# Beyond these, squares are no numbers of floating point.
_SCALES = 1e-100, 1e100


def check_parameters_of(clf: Any) -> None:
    """Raise for a parameter of a DifferentialPrivacyClassifier out of range."""
    check_real(clf.epsilon, "epsilon", 0, np.inf, closed="neither")
    check_real(clf.delta, "delta", 0, 1, closed="left")
    check_option(clf.mechanism, "mechanism", ("auto", *mechanism_names()))
    check_option(clf.neighbors, "neighbors", NEIGHBORS)
    check_integer(clf.group_size, "group_size", 1)
    if isinstance(clf.bounds_fraction, str):
        check_option(clf.bounds_fraction, "bounds_fraction", ("auto",))
    else:
        check_real(clf.bounds_fraction, "bounds_fraction", 0, 1, closed="neither")
    check_real(clf.scaler_fraction, "scaler_fraction", 0, 1, closed="neither")
    weight = clf.max_sample_weight
    check_real(weight, "max_sample_weight", *_SCALES)
    if isinstance(clf.n_teachers, str):
        check_option(clf.n_teachers, "n_teachers", ("auto",))
    else:
        check_integer(clf.n_teachers, "n_teachers", 2)
    if not isinstance(clf.accountant, PrivacyAccountant | None):
        raise TypeError(
            "The 'accountant' parameter must be a skmia.defenses."
            "PrivacyAccountant, which copies of a classifier share. Got "
            f"{type(clf.accountant).__name__} instead; one that is copied adds up "
            "the fits of each copy by itself."
        )
    if isinstance(clf.bounds, str):
        check_option(clf.bounds, "bounds", ("private",))
    if isinstance(clf.data_norm, str):
        check_option(clf.data_norm, "data_norm", ("private",))
    else:
        check_real(clf.data_norm, "data_norm", *_SCALES)
