"""The one threshold: a quantile of non-members' scores."""

import numpy as np
from numpy.typing import NDArray


def upper_quantile(scores: NDArray | list[NDArray], max_fpr: float) -> float:
    """The 1 - `max_fpr` quantile of `scores`: at most `max_fpr` of them lie above.

    One of the scores, by NumPy's method "higher": rounded up, so that the promise is
    kept on few rows and where scores tie. A list is one array for each shadow that was
    used as a target, and is pooled.
    """
    pooled = np.concatenate(scores) if isinstance(scores, list) else scores
    return float(np.quantile(pooled, 1 - max_fpr, method="higher"))
