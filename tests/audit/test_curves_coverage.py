"""The band of a report's curves holds the true ROC, at each rate by itself."""

import numpy as np
import pytest
from scipy.stats import norm

from skmia.audit._curves import curves
from skmia.audit._evidence import Evidence

N_DRAWS = 80


def drawn(rng, kind, n=200, shift=1.0):
    """Normal scores, members `shift` higher, and the true ROC.

    In blocks of 8 values; of persons with 4 rows that have half of the variance in
    common; or of two models, where a record has half of the variance in common.
    """
    k = 2 if kind == "models" else 1
    person = np.arange(2 * n) // 4 if kind == "persons" else np.arange(2 * n)
    # Persons are members whole, and records of other sides in other models.
    side = np.stack([rng.permutation(2 * n // 4) < n // 4 for _ in range(k)])
    member = np.repeat(side, 4, axis=1)
    scores = rng.normal(size=(k, 2 * n))
    if kind == "persons":
        scores += rng.normal(size=(k, n))[:, person]
    if kind == "models":
        scores += rng.normal(size=2 * n)
    scale = np.sqrt(2) if kind in ("persons", "models") else 1.0
    scores = scores / scale + shift * member
    steps = norm.ppf(np.arange(1, 8) / 8)
    if kind == "ties":
        scores = np.digitize(scores, steps).astype(float)
    evidence = Evidence(
        membership=member.ravel(),
        scores={"attack": scores.ravel()},
        max_fprs=(0.1, 0.01),
        confidence_level=0.95,
        target=np.repeat(np.arange(k), 2 * n) if k > 1 else None,
        record=np.tile(np.arange(2 * n), k) if k > 1 else None,
        persons=person if kind == "persons" else None,
        person_names=range(n) if kind == "persons" else None,
    )

    def truth(fpr):
        if kind != "ties":
            return norm.sf(norm.isf(fpr) - shift)
        rates = [np.r_[0, norm.sf(steps[::-1] - d), 1] for d in (0.0, shift)]
        return np.interp(fpr, *rates)

    return evidence, truth


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["no ties", "ties", "persons", "models"])
def test_the_band_holds_the_true_curve_at_each_rate(kind):
    """80 draws, seed 0; from one non-member of 200 on.

    Nominally 95 % at each of about 25 rates. One binomial error is 2.4 points: at no
    rate less than four errors below, and on average over the rates, which are not
    independent, less than two and a half.
    """
    rng, held = np.random.RandomState(0), 0.0
    for _ in range(N_DRAWS):
        evidence, truth = drawn(rng, kind)
        (curve,) = curves(evidence).values()
        fpr, low, high = (np.array(curve[key]) for key in ("fpr", "low", "high"))
        within = (low <= truth(fpr) + 1e-6) & (truth(fpr) <= high + 1e-6)
        held = held + within / N_DRAWS
    shown = (fpr >= 1 / 200 - 1e-9) & (fpr < 1)
    error = np.sqrt(0.95 * 0.05 / N_DRAWS)
    assert held[shown].min() >= 0.95 - 4 * error
    assert held[shown].mean() >= 0.95 - 2.5 * error
    # Nor does it hold for being as wide as the picture.
    assert np.interp(0.1, fpr, high - low) < 0.45
