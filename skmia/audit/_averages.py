"""Figures of several models: read within each, and averaged over them.

The spread of a mean is at most the mean of the spreads, however the models depend on
one another. So the mean of the intervals' ends is an interval of the mean; it is wider
than need be. For the AUC a closer one follows from what every record does to the mean,
as a member of some models and a non-member of others.
"""

from collections.abc import Sequence

import numpy as np
from scipy.special import expit, logit
from scipy.stats import norm

from skmia.audit._evidence import BoolArray, Evidence, FloatArray, IndexArray
from skmia.metrics import Interval, Metric


def read(
    evidence: Evidence, metric: Metric, scores: FloatArray
) -> tuple[float, Interval]:
    """A figure and its interval: of the one model, or the mean over all."""
    parts = [(evidence.membership[of], scores[of]) for of in evidence.targets]
    level = evidence.confidence_level
    value = float(np.mean([metric.value(*part) for part in parts]))
    ends = [metric.interval(*part, confidence_level=level) for part in parts]
    mean = Interval(*(float(end) for end in np.mean(ends, axis=0)))
    if metric.name == "auc" and len(parts) > 1 and evidence.record is not None:
        records = [evidence.record[of] for of in evidence.targets]
        return value, _auc_interval(parts, records, value, 1 - level)
    return value, mean


def _auc_interval(
    parts: Sequence[tuple[BoolArray, FloatArray]],
    records: Sequence[IndexArray],
    auc: float,
    alpha: float,
) -> Interval:
    """Interval of a mean of AUCs by the records that they have in common.

    DeLong's components of a record, in all models that it is in, are added before they
    are squared: what makes it stand out as a member of one model does so as a
    non-member of another, and cancels.
    """
    n = 1 + max(int(of.max()) for of in records)
    influence = np.zeros(n)
    inside, outside = np.zeros((2, n), dtype=bool)
    # The variance of second order, of models that guess: what is left where the records
    # cancel.
    second = 0.0
    for (member, scores), of in zip(parts, records, strict=True):
        sides = of[member], of[~member]
        wins, losses = _outscored(scores[member], scores[~member])
        influence[sides[0]] += (wins - wins.mean()) / len(wins)
        influence[sides[1]] += (losses - losses.mean()) / len(losses)
        inside[sides[0]] = outside[sides[1]] = True
        second += 1 / (12 * len(wins) * len(losses))
    # Pairs of a member and a non-member that share no record.
    n_records = int((inside | outside).sum())
    n_pairs = max(1, min(int(inside.sum()), int(outside.sum()), n_records // 2))
    perfect = (alpha / 2) ** (1 / n_pairs)
    if auc in (0.0, 1.0):
        return Interval(perfect, 1.0) if auc else Interval(0.0, 1 - perfect)
    k = len(parts)
    variance = (influence**2).sum() / k**2 * n_records / (n_records - 1) + second / k
    reach = norm.isf(alpha / 2) * np.sqrt(variance) / (auc * (1 - auc))
    low, high = expit(logit(auc) - reach), expit(logit(auc) + reach)
    # As for one model: never surer than of a perfect separation.
    return Interval(float(min(low, perfect)), float(max(high, 1 - perfect)))


def _outscored(
    members: FloatArray, nonmembers: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Shares of the other side: below each member, and above each non-member."""
    shares = []
    for own, other in ((members, nonmembers), (nonmembers, members)):
        other = np.sort(other)
        twice = np.searchsorted(other, own) + np.searchsorted(other, own, "right")
        shares.append(twice / (2 * len(other)))
    return shares[0], 1 - shares[1]
