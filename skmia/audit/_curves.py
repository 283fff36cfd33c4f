"""The pictures of a report as numbers: ROCs with a band, and histograms of scores.

Both are functions of the Evidence alone, and hold aggregates: so many rates, so many
counts, and no score of a record.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from skmia.audit._evidence import Evidence, FloatArray
from skmia.metrics import RocBand, roc_band

# Rates of a curve: so many to a decade up to the first, and then evenly to 1. Fewer
# where there are many curves to be read: an interval takes a few milliseconds.
_LINEAR_FROM = 0.1
_PER_DECADE, _N_LINEAR = 10, 18
_MOST_READ = 1000
# Bins of a histogram; different scores that have a bin each, where the gaps between
# them are about the same.
_FEWEST_BINS, _MOST_BINS, _MOST_VALUES, _MOST_UNEVEN = 8, 50, 30, 2.5
# Where all scores reach this many times as far as all but those at either end, the bins
# reach so far.
_AT_EITHER_END, _MUCH_WIDER = 0.005, 2.5


def curves(evidence: Evidence) -> dict[str, dict[str, list[float]]]:
    """The ROC of every attack: FPR, TPR, and the ends of the interval at each FPR.

    The interval is that of the figures, :func:`skmia.metrics.tpr_at_fpr_interval`, and
    the rates at which figures are read are among those of the curve. Of several models
    it is the mean of the curves and of the ends, as the figures are.
    """
    n_curves = len(evidence.scores) * len(evidence.targets)
    rates = _rates(evidence.n_nonmembers, evidence.max_fprs, n_curves)
    found = {}
    for name, scores in evidence.scores.items():
        each = [
            roc_band(
                *(member, own, rates),
                confidence_level=evidence.confidence_level,
                groups=persons,
            )
            for member, own, persons in zip(
                evidence.of_targets(evidence.membership),
                evidence.of_targets(scores),
                evidence.persons_of_targets,
                strict=True,
            )
        ]
        mean = RocBand(*np.mean(each, axis=0))
        found[name] = {
            # Not rounded: just below a count of non-members the curve is another.
            "fpr": rates.tolist(),
            "tpr": _short(mean.tpr),
            "low": _short(mean.low),
            "high": _short(mean.high),
        }
    return found


def histograms(evidence: Evidence) -> dict[str, dict[str, Any]]:
    """How many members and non-members have a score in each bin, for every attack.

    `open` says for either end whether its bin holds all records beyond it as well. What
    a score means is not the same for two models: of several, scores are counted in
    spreads of the model's own non-members from their median, and `scale` says so.
    """
    found = {}
    for name, scores in evidence.scores.items():
        values, scale = scores, "score"
        discrete = _has_few_even(scores)
        if len(evidence.targets) > 1 and not discrete:
            values, scale = _within_models(evidence, scores), "spread"
        edges, is_open = _edges(values, discrete, evidence.membership)
        inside = np.clip(values, edges[0], edges[-1])
        sides = {
            "members": evidence.membership,
            "nonmembers": ~evidence.membership,
        }
        found[name] = {
            "edges": _short(edges),
            **{
                side: np.histogram(inside[of], edges)[0].tolist()
                for side, of in sides.items()
            },
            "open": is_open,
            "scale": scale,
        }
    return found


def _rates(n: int, max_fprs: Sequence[float], n_curves: int) -> FloatArray:
    """FPRs from one of `n` non-members to all of them, with 0 and those of figures."""
    enough = _PER_DECADE * math.log10(max(n * _LINEAR_FROM, 1)) + _N_LINEAR
    thinner = max(0.5, min(1.0, _MOST_READ / (enough * n_curves)))
    per_decade, n_linear = round(_PER_DECADE * thinner), round(_N_LINEAR * thinner)
    lowest = min(1 / n, _LINEAR_FROM)
    n_log = max(2, round(per_decade * math.log10(_LINEAR_FROM / lowest)) + 1)
    spaced = np.geomspace(lowest, _LINEAR_FROM, n_log)
    # Where the curve has its vertices: a rate between two is that of the lower one.
    counts = np.unique(np.rint(spaced * n)) / n
    linear = np.linspace(_LINEAR_FROM, 1, n_linear + 1)
    wanted = [rate for rate in max_fprs if rate * n > 1 - 1e-9]
    rates = np.unique(np.concatenate([[0.0], counts, linear, wanted]))
    # 0.1 beside 0.10000001, of which the one that a figure is read at is kept.
    near = np.isclose(rates[:, None], wanted, rtol=1e-6, atol=0).any(axis=1)
    twin = near & ~np.isin(rates, wanted)
    return rates[~twin]


def _has_few_even(scores: FloatArray) -> bool:
    """Whether few different scores are about as far from one another."""
    known = np.unique(scores)
    if len(known) > _MOST_VALUES:
        return False
    gaps = np.diff(known)
    return len(gaps) < 2 or bool(gaps.max() <= _MOST_UNEVEN * gaps.min())


def _within_models(evidence: Evidence, scores: FloatArray) -> FloatArray:
    """Scores from the median of the model's non-members, in units of their spread."""
    values = np.empty_like(scores)
    for of in evidence.targets:
        own = scores[of]
        low, middle, high = np.quantile(
            own[~evidence.membership[of]], [0.159, 0.5, 0.841]
        )
        values[of] = (own - middle) / ((high - low) / 2 or own.std() or 1.0)
    return values


def _edges(
    values: FloatArray, discrete: bool, membership: Any
) -> tuple[FloatArray, list[bool]]:
    """Edges of the bins, and whether records lie beyond the first and the last."""
    if discrete:
        known = np.unique(values)
        gaps = np.diff(known)
        outer = gaps.min() if len(gaps) else 1.0
        middle = known[:-1] + gaps / 2
        edges = np.concatenate(
            [[known[0] - outer / 2], middle, [known[-1] + outer / 2]]
        )
        return edges, [False, False]
    lowest, highest = float(values.min()), float(values.max())
    fewest = min(int(membership.sum()), int((~membership).sum()))
    n_bins = int(np.clip(2 * math.sqrt(fewest), _FEWEST_BINS, _MOST_BINS))
    ends = np.quantile(values, [_AT_EITHER_END, 1 - _AT_EITHER_END])
    reach = _MUCH_WIDER * float(ends[1] - ends[0]) or np.inf
    more = max(0.0, (reach - (ends[1] - ends[0])) / 2)
    low, high = max(lowest, float(ends[0]) - more), min(highest, float(ends[1]) + more)
    step = _round_step((high - low) / n_bins)
    first, last = math.floor(low / step), math.floor(high / step) + 1
    edges = step * np.arange(first, last + 1)
    return edges, [lowest < float(edges[0]), highest > float(edges[-1])]


def _round_step(width: float) -> float:
    """The nearest of 1, 2, 2.5 and 5 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(width))
    return power * min((1, 2, 2.5, 5, 10), key=lambda part: abs(part - width / power))


def _short(values: FloatArray) -> list[float]:
    """Six digits: a curve is looked at, and many are in one file."""
    return [float(f"{value:.6g}") for value in values]
