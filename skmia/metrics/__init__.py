"""Figures of leakage from membership and scores, each with its interval.

Every function takes ``membership``, true for the records that the target was trained
on, and ``scores``, membership evidence that is higher for members. None of them knows
of models, and none depends on the order of the rows.
"""

from skmia.metrics._advantage_interval import membership_advantage_interval
from skmia.metrics._auc_interval import roc_auc_interval
from skmia.metrics._ceiling import tpr_ceiling
from skmia.metrics._conformal import (
    exposed_members,
    fewest_exposed,
    least_false_discovery_rates,
    membership_p_values,
    most_by_chance,
)
from skmia.metrics._epsilon import (
    epsilon_at_threshold,
    epsilon_lower_bound,
    mu_lower_bound,
)
from skmia.metrics._flagged import flagged_at_fpr
from skmia.metrics._intervals import Interval, clopper_pearson
from skmia.metrics._mean_auc import mean_roc_auc_interval
from skmia.metrics._precision import ppv_at_prior, precision_at_prior
from skmia.metrics._ranking import (
    membership_advantage,
    roc_auc,
    roc_vertices,
    tpr_at_fpr,
)
from skmia.metrics._registry import Metric, get_metric, metrics_at
from skmia.metrics._resolution import allowed_false_positives, is_resolvable
from skmia.metrics._roc_band import RocBand, roc_band
from skmia.metrics._strongest import (
    Strongest,
    joint_level,
    joint_level_of_means,
    strongest,
)
from skmia.metrics._tpr_interval import tpr_at_fpr_interval

__all__ = [
    "Interval",
    "Metric",
    "RocBand",
    "Strongest",
    "allowed_false_positives",
    "clopper_pearson",
    "epsilon_at_threshold",
    "epsilon_lower_bound",
    "exposed_members",
    "fewest_exposed",
    "flagged_at_fpr",
    "get_metric",
    "is_resolvable",
    "joint_level",
    "joint_level_of_means",
    "least_false_discovery_rates",
    "mean_roc_auc_interval",
    "membership_advantage",
    "membership_advantage_interval",
    "membership_p_values",
    "metrics_at",
    "most_by_chance",
    "mu_lower_bound",
    "ppv_at_prior",
    "precision_at_prior",
    "roc_auc",
    "roc_auc_interval",
    "roc_band",
    "roc_vertices",
    "strongest",
    "tpr_at_fpr",
    "tpr_at_fpr_interval",
    "tpr_ceiling",
]
