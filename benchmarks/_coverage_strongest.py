"""Cells of the strongest of four attacks: with independent errors, and alike.

Four attacks on one model mostly agree. Alike, they share three fifths of the variance
of their scores, which only normal scores are mixed from.
"""

import numpy as np
from _coverage_cells import ONE, add_cells
from _coverage_populations import normal

from skmia.metrics import get_metric, strongest

METRICS = {"AUC": "auc", "advantage": "advantage", "TPR at 1 %": "tpr@0.01"}
SHIFTS = {"null": 0.0, "shift 1": 1.0}
SHARED = 0.6
SIZES = (500, 500), (6494, 2784)


def _interval(metric, mix):
    def interval(membership, scores, groups):
        named = {str(i): column for i, column in enumerate(mix(scores).T)}
        return strongest(membership, named, metric, groups=groups)[2:]

    return interval


def _alike(scores):
    """Four of five columns, each mixed with the fifth."""
    own, common = scores[:, :4], scores[:, 4:]
    return np.sqrt(SHARED) * common + np.sqrt(1 - SHARED) * own


def _figure(population, metric):
    if metric.max_fpr is not None:
        return float(population.roc(metric.max_fpr))
    return getattr(population, metric.name)


def _truth(name, shift=None):
    metric = get_metric(name)
    if shift is None:
        return lambda population: _figure(population, metric)
    mixed = normal(shift * (np.sqrt(SHARED) + np.sqrt(1 - SHARED)))
    return lambda population: _figure(mixed, metric)


for title, name in METRICS.items():
    add_cells(
        f"strongest of four, {title}",
        _interval(name, lambda scores: scores),
        _truth(name),
        [(p, sizes, ONE) for p in (*SHIFTS, "told 5 %") for sizes in SIZES],
        n_attacks=4,
    )
    for population, shift in SHIFTS.items():
        add_cells(
            f"strongest of four alike, {title}",
            _interval(name, _alike),
            _truth(name, shift),
            [(population, sizes, ONE) for sizes in SIZES],
            n_attacks=5,
        )
