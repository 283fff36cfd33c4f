"""How many numbers a model learnt, where it says so in public attributes."""

from typing import Any

import numpy as np

# Fitted attributes that are what a model of scikit-learn's answers by.
_LEARNT = (
    "coef_",
    "intercept_",
    "coefs_",
    "intercepts_",
    "theta_",
    "var_",
    "class_prior_",
    "feature_log_prob_",
    "class_log_prior_",
    "centroids_",
    "means_",
    "priors_",
    "scalings_",
    "covariance_",
    "dual_coef_",
)


def count_parameters(model: Any) -> int | None:
    """Numbers in the learnt attributes of a model; None where it has none of them."""
    total, found = 0, False
    for name in _LEARNT:
        try:
            values = getattr(model, name, None)
        except Exception:  # of a property that does not apply
            continue
        if values is None:
            continue
        arrays = values if isinstance(values, (list, tuple)) else [values]
        sizes = [
            int(np.size(a) if not hasattr(a, "nnz") else np.prod(a.shape))
            for a in arrays
        ]
        total += sum(sizes)
        found = True
    return total if found else None
