"""One side of a record is observed and the other predicted, which tells who was in."""

import numpy as np

from _helpers.both_sides import two_sided_world
from skmia.attacks import StackedAttack
from skmia.metrics import roc_auc

SEEDS = range(4)


def test_noise_of_the_predicted_side_of_a_complement_tells_membership():
    """Nothing leaks. Naively a shadow's members are found by its complement alone."""
    naive, ours = [], []
    for seed in SEEDS:
        shadows, proba, y, member = two_sided_world(seed, 2, 0.0, noise=1.0)
        held, left_out = shadows.inside["logit"][1], shadows.outside["logit"][1]
        x = shadows.signals["logit"][0]
        product = (x - (held + left_out) / 2) * (held - left_out)
        naive.append(roc_auc(shadows.member[0], -product))
        attack = StackedAttack("precomputed", shadows=shadows, random_state=0)
        attack.fit(proba, y)
        ours.append(roc_auc(member, attack.score_samples(proba, y)))
        # Learnt from is each side of a record, compared with the same two sides.
        rows, nobody = np.arange(1000), np.full(1000, -1)
        plays = [
            attack._features.of_shadow(0, nobody, rows, apart=False, held=side)
            for side in (True, False)
        ]
        names = list(attack._features.directions)
        for name in ("in_location", "out_location", "in_scale", "in_minus_out"):
            at = names.index(name)
            assert (plays[0][:, at] == plays[1][:, at]).all()
    assert min(naive) > 0.55
    error = np.sqrt(1001 / (12 * 500 * 500 * len(ours)))
    assert abs(np.mean(ours) - 0.5) < 3 * error
