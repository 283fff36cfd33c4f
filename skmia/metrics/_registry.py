"""The names of metrics, in one table: reports, scorers and limits read it.

A new metric is one entry of `_METRICS`. One whose name ends in "@" is read at a false
positive rate, which belongs to its name: "tpr@0.01".
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from skmia.metrics._advantage_interval import membership_advantage_interval
from skmia.metrics._auc_interval import roc_auc_interval
from skmia.metrics._influence import (
    advantage_influence,
    auc_influence,
    tpr_influence,
)
from skmia.metrics._intervals import Interval
from skmia.metrics._ranking import membership_advantage, roc_auc, tpr_at_fpr
from skmia.metrics._resolution import needed_nonmembers
from skmia.metrics._tpr_interval import tpr_at_fpr_interval
from skmia.utils import percent


@dataclass(frozen=True)
class Metric:
    """Describe a figure of leakage, by its name in reports, scorers and limits.

    :func:`get_metric` makes one of its name.

    Parameters
    ----------
    name : str
        The name, such as ``"auc"`` or ``"tpr@0.01"``.
    title : str
        What a reader is shown, such as ``"TPR at 1 % FPR"``.
    value : callable
        ``value(membership, scores)`` is the figure.
    interval : callable
        ``interval(membership, scores, confidence_level=0.95, groups=None)`` is its
        interval; `groups` has the person of each record.
    influence : callable
        ``influence(membership, scores)`` is what each record adds to the figure's
        error, to first order.
    chance : float
        The figure of an attack that guesses.
    max_fpr : float, default=None
        The false positive rate at which it is read, where there is one.
    needed_nonmembers : int, default=1
        How many non-members it takes for the figure to mean anything.
    in_percent : bool, default=False
        Whether readers are shown it as a percentage.

    See Also
    --------
    get_metric : Finds a metric by its name.

    Examples
    --------
    >>> from skmia.metrics import get_metric
    >>> metric = get_metric("auc")
    >>> metric.value([1, 1, 0, 0], [0.9, 0.4, 0.4, 0.1])
    0.875
    >>> metric.title, metric.chance
    ('AUC', 0.5)
    """

    name: str
    title: str
    value: Callable[..., float]
    interval: Callable[..., Interval]
    influence: Callable[..., NDArray[np.float64]]
    chance: float
    max_fpr: float | None = None
    needed_nonmembers: int = 1
    in_percent: bool = False

    def check_resolvable(self, n_nonmembers: int, rows: str = "non-members") -> None:
        """Raise where the figure means nothing with so many non-members.

        Parameters
        ----------
        n_nonmembers : int
            Number of non-members.
        rows : str, default="non-members"
            What the message calls them.

        Raises
        ------
        ValueError
            If there are fewer than `needed_nonmembers`.
        """
        if n_nonmembers < self.needed_nonmembers:
            raise ValueError(
                f"'{self.name}' is not resolvable: it needs {self.needed_nonmembers:,} "
                f"{rows}, and there are {n_nonmembers:,}. Pass more {rows} or a larger "
                "FPR."
            )


_METRICS = {
    metric.name: metric
    for metric in (
        Metric("auc", "AUC", roc_auc, roc_auc_interval, auc_influence, chance=0.5),
        Metric(
            "advantage",
            "advantage",
            membership_advantage,
            membership_advantage_interval,
            advantage_influence,
            chance=0.0,
        ),
        Metric(
            "tpr@",
            "TPR at {} FPR",
            tpr_at_fpr,
            tpr_at_fpr_interval,
            tpr_influence,
            chance=math.nan,  # the FPR
            in_percent=True,
        ),
    )
}


def _at(metric: Metric, max_fpr: float) -> Metric:
    """Complete an entry whose name ends in "@"."""
    return replace(
        metric,
        name=f"{metric.name}{max_fpr}",
        title=metric.title.format(percent(max_fpr)),
        value=partial(metric.value, max_fpr=max_fpr),
        interval=partial(metric.interval, max_fpr=max_fpr),
        influence=partial(metric.influence, max_fpr=max_fpr),
        chance=max_fpr,
        max_fpr=max_fpr,
        needed_nonmembers=needed_nonmembers(max_fpr),
    )


def get_metric(name: str) -> Metric:
    """Find a metric by its name.

    Parameters
    ----------
    name : str
        ``"auc"``, ``"advantage"``, or ``"tpr@"`` and a false positive rate as a
        fraction, such as ``"tpr@0.01"``.

    Returns
    -------
    Metric
        Its `name` is spelled as in every report: ``"tpr@1e-2"`` is ``"tpr@0.01"``.

    Raises
    ------
    ValueError
        If there is no such metric, or its FPR is not in (0, 1).

    See Also
    --------
    metrics_at : All metrics, as a report has them.

    Examples
    --------
    >>> from skmia.metrics import get_metric
    >>> get_metric("tpr@0.01").title
    'TPR at 1 % FPR'
    """
    stem, at, rate = name.partition("@") if isinstance(name, str) else ("", "", "")
    metric = _METRICS.get(stem + at)
    if metric is not None and not at:
        return metric
    try:
        max_fpr = float(rate)
    except ValueError:
        max_fpr = math.nan
    if metric is None or not 0 < max_fpr < 1:
        known = [f"{key}<FPR>" if key.endswith("@") else key for key in _METRICS]
        raise ValueError(
            f"The 'metric' parameter must be one of {known}, with the FPR as a "
            f"fraction in (0, 1), such as 'tpr@0.01'. Got {name!r} instead."
        )
    return _at(metric, max_fpr)


def metrics_at(max_fprs: Sequence[float]) -> list[Metric]:
    """List all metrics, each that is read at a false positive rate at all of these.

    Parameters
    ----------
    max_fprs : sequence of float
        False positive rates, in (0, 1).

    Returns
    -------
    list of Metric
        In the order of a report.

    See Also
    --------
    get_metric : One of them by its name.

    Examples
    --------
    >>> from skmia.metrics import metrics_at
    >>> [metric.name for metric in metrics_at([0.1, 0.01])]
    ['auc', 'advantage', 'tpr@0.1', 'tpr@0.01']
    """
    return [
        get_metric(f"{name}{rate!s}")  # a float32 is spelled by its own digits
        for name in _METRICS
        for rate in (max_fprs if name.endswith("@") else [""])
    ]
