"""Private fits that are repeated on the same rows, where nobody adds up their budgets.

Each of scikit-learn's searches, cross-validations and ensembles clones the classifier
once for every fit that is to be, in the process that it was called in. Clones are
counted there, and no row has to be looked at.
"""

import sys
import threading
import weakref
from typing import Any

from skmia._models import is_unpublished
from skmia.exceptions import RepeatedPrivateFitWarning
from skmia.utils import warn

# A search makes one clone to make the others of, and two fits may be on disjoint rows.
_TELLING = 3
# Modules of scikit-learn that clone without meaning to fit several on the same rows.
_OTHERS = {"base", "compose", "frozen", "pipeline", "utils"}

_COUNTS: "weakref.WeakKeyDictionary[Any, int]" = weakref.WeakKeyDictionary()
_COUNTING = threading.Lock()


def note_clone(estimator: Any) -> None:
    """Count a clone of a private classifier without accountant; warn of the third."""
    if is_unpublished() or not _is_for_repeated_fits():
        return
    with _COUNTING:
        count = _COUNTS[estimator] = _COUNTS.get(estimator, 0) + 1
    if count == _TELLING:
        name = type(estimator).__name__
        warn(
            f"{name} is fitted again and again on the same rows, and each fit spends "
            "its epsilon: their budgets add up over candidates, folds and the refit. "
            "skmia.model_selection.privacy_budget(search) says what the total of a "
            "fitted search is; accountant=PrivacyAccountant(epsilon=...) is charged by "
            "every fit, and stops at a ceiling.",
            RepeatedPrivateFitWarning,
            past=("sklearn", "joblib"),
        )


def _is_for_repeated_fits() -> bool:
    """Whether the code that asked for a clone is one of scikit-learn that repeats fits.

    Between it and here there are ``clone`` itself and what it calls.
    """
    frame: Any = sys._getframe(1)
    while frame is not None:
        package, *inner = frame.f_globals.get("__name__", "").split(".")
        if package == "sklearn" and inner[:1] != ["base"]:
            return bool(inner) and inner[0] not in _OTHERS
        ours = package == "skmia" and inner[:1] == ["defenses"]
        if package != "sklearn" and not ours:
            return False
        frame = frame.f_back
    return False
