"""Whether attacks find as much on shadows with a closed form as without it.

Gaps that correlate with those that shadows show may still leave out most of a record's
exposure, as where a step before the classifier learns the record as well. An attack
that takes such a form for the other side then finds less than one that goes by what was
observed alone, however the form is scaled.
"""

import numpy as np
from numpy.typing import NDArray

from skmia.metrics import roc_auc
from skmia.signals import BoolArray, FloatArray, IndexArray

# With fewer shadows what was observed alone is too little to compare with.
_FEWEST_SHADOWS, _FEWEST_TARGETS = 6, 4
# Of larger pools, as many shadows take the target's place, and records are asked about.
_MOST_TARGETS, _MOST_RECORDS = 16, 2_000
# Records of a side that there must be for its area under the curve.
_FEWEST_RECORDS = 10
# The area that must be lost, and its standard errors over shadows.
_LOST, _SURE = 0.01, 4.0
# Shadows whose variance a record's own is shrunk by, as if it had them beside its own.
_PRIOR = 4
# Of answers that are the same in all shadows.
_LEAST_VARIANCE = 1e-9


def finds_less(
    other: NDArray[np.floating],
    observed: NDArray[np.floating],
    inside: BoolArray,
    distinct: IndexArray,
) -> bool:
    """Whether shadows are surely told apart worse with the other side than without.

    Each shadow takes the target's place once, and is asked about all records; of those
    that are left, one attack has the sides that they were fitted on, and another has
    both sides.

    Parameters
    ----------
    other, observed : ndarray of shape (n_shadows, n_records)
        A signal on the side that the shadow was not fitted on, and on the side that it
        was; what is saturated is pulled in.
    inside : ndarray of bool of shape (n_shadows, n_records)
        Which records each shadow was fitted on.
    distinct : ndarray of int
        Records to ask about: one of each content.
    """
    n_shadows = len(observed)
    if n_shadows < _FEWEST_SHADOWS:
        return False
    step = -(-len(distinct) // _MOST_RECORDS)
    records = distinct[::step] if step else distinct
    seen = inside[:, records]
    own, there = (values[:, records].astype(np.float64) for values in (observed, other))
    every = np.ones_like(seen)
    one_sided = _Sides((own, own), (seen, ~seen))
    both = np.where(seen, own, there), np.where(seen, there, own)
    two_sided = _Sides(both, (every, every))
    lost = []
    for k in range(min(n_shadows, _MOST_TARGETS)):
        # Its partner has the other records, and so tells who is a member.
        gone = [j for j in (k, k ^ 1) if j < n_shadows]
        asked = _all_known(np.delete(seen, gone, axis=0))
        n_members, n = int(seen[k, asked].sum()), int(asked.sum())
        if min(n_members, n - n_members) < _FEWEST_RECORDS:
            continue
        areas = [
            roc_auc(seen[k, asked], sides.ratio(own[k], gone)[asked])
            for sides in (one_sided, two_sided)
        ]
        lost.append(areas[0] - areas[1])
    if len(lost) < _FEWEST_TARGETS:
        return False
    mean, error = np.mean(lost), np.std(lost, ddof=1) / np.sqrt(len(lost))
    return bool(mean > _LOST and mean > _SURE * error)


class _Sides:
    """Values of shadows inside and outside, and sums from which a few are taken out."""

    def __init__(
        self, values: tuple[FloatArray, FloatArray], told: tuple[BoolArray, BoolArray]
    ) -> None:
        self.values, self.told = values, told
        self.sums = [
            (t.sum(axis=0), (v * t).sum(axis=0), (v**2 * t).sum(axis=0))
            for v, t in zip(values, told, strict=True)
        ]

    def ratio(self, x: FloatArray, gone: list[int]) -> FloatArray:
        """Log-likelihood ratio of LiRA (Carlini et al. 2022), without a few shadows."""
        density = []
        for v, t, (n, total, square) in zip(
            self.values, self.told, self.sums, strict=True
        ):
            part, there = v[gone], t[gone]
            left = n - there.sum(axis=0)
            mean = (total - (part * there).sum(axis=0)) / np.maximum(left, 1)
            rest = square - (part**2 * there).sum(axis=0) - left * mean**2
            rest = np.maximum(rest, 0)
            free = np.maximum(left - 1, 0)
            typical = float(rest.sum() / max(free.sum(), 1))
            variance = (rest + _PRIOR * typical) / (free + _PRIOR)
            variance = np.maximum(variance, _LEAST_VARIANCE)
            density.append(-np.log(variance) / 2 - (x - mean) ** 2 / (2 * variance))
        return density[0] - density[1]


def _all_known(seen: BoolArray) -> BoolArray:
    """Records with two shadows of each side."""
    n_inside = seen.sum(axis=0)
    return np.minimum(n_inside, len(seen) - n_inside) >= 2
