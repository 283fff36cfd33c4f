"""The arithmetic of the attacks: pure functions and small classes on arrays."""

from skmia.attacks._scores._comparison import FEWEST_TO_LEAVE_OUT, Comparison
from skmia.attacks._scores._features import EXTRA_SIGNALS, StackedFeatures
from skmia.attacks._scores._gaussian import (
    LEAST_OWN,
    VARIANCES,
    Moments,
    blocks,
    moderated_variance,
)
from skmia.attacks._scores._pseudo_targets import folds, other_shadows, pseudo_targets
from skmia.attacks._scores._ranker import Ranker
from skmia.attacks._scores._reference import (
    above_midpoint,
    average_model,
    fraction_below,
    log_ratio,
    masked_mean,
    offline_average,
    two_means,
)
from skmia.attacks._scores._sample import (
    enough_nonmembers,
    enough_scores,
    every_nth,
    judging_sample,
    learning_sample,
)
from skmia.attacks._scores._threshold import upper_quantile
from skmia.attacks._scores._two_sides import TwoSides

__all__ = [
    "EXTRA_SIGNALS",
    "FEWEST_TO_LEAVE_OUT",
    "LEAST_OWN",
    "VARIANCES",
    "Comparison",
    "Moments",
    "Ranker",
    "StackedFeatures",
    "TwoSides",
    "above_midpoint",
    "average_model",
    "blocks",
    "enough_nonmembers",
    "enough_scores",
    "every_nth",
    "folds",
    "fraction_below",
    "judging_sample",
    "learning_sample",
    "log_ratio",
    "masked_mean",
    "moderated_variance",
    "offline_average",
    "other_shadows",
    "pseudo_targets",
    "two_means",
    "upper_quantile",
]
