"""Parameters of a recommendation, checked."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.metrics import get_scorer

from skmia.metrics import get_metric
from skmia.model_selection._recommend._candidates import FAMILIES
from skmia.utils import check_integer, check_real

# With fewer there are few shadows, and one rung.
_FEWEST_MODELS = 8


class Settings:
    """Parameters, checked."""

    def __init__(
        self,
        max_leakage: Any,
        budget: Any,
        scoring: Any,
        metric: Any,
        defenses: Any,
        n_models: Any,
        check_size: Any,
    ) -> None:
        self.max_leakage = check_real(max_leakage, "max_leakage", 0, 1)
        self.budget = budget
        if budget is not None:
            self.budget = check_real(budget, "budget", 0, np.inf, closed="neither")
        self.scorer = None if scoring == "neg_log_loss" else get_scorer(scoring)
        self.utility = scoring if isinstance(scoring, str) else "utility"
        self.metric = get_metric(metric)
        self.families = _check_families(defenses)
        self.n_models = check_integer(n_models, "n_models", _FEWEST_MODELS)
        if self.n_models % 2:
            raise ValueError(
                "The 'n_models' parameter must be even: models are drawn in pairs, "
                f"each of one half of the rows. Got {n_models!r} instead."
            )
        self.check_size = check_real(check_size, "check_size", 0, 1, closed="neither")


def _check_families(defenses: Any) -> tuple[str, ...]:
    if isinstance(defenses, str) and defenses == "all":
        return FAMILIES
    wrong = isinstance(defenses, str) or not isinstance(defenses, Sequence)
    if wrong or not defenses or any(name not in FAMILIES for name in defenses):
        raise ValueError(
            f"The 'defenses' parameter must be 'all' or a sequence of {list(FAMILIES)}."
            f" Got {defenses!r} instead."
        )
    return tuple(name for name in FAMILIES if name in defenses)
