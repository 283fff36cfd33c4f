"""Which records are flagged: the same rule as the TPR that is read."""

import numpy as np
import pytest

from skmia.metrics import flagged_at_fpr, tpr_at_fpr


@pytest.mark.parametrize("n_values", [2, 3, 10, 10**6])
@pytest.mark.parametrize("max_fpr", [0.0, 0.01, 0.1, 1 / 3, 0.5, 1.0])
def test_the_mean_over_members_is_the_tpr(n_values, max_fpr):
    rng = np.random.default_rng(n_values)
    for _ in range(20):
        n = int(rng.integers(3, 60))
        member = rng.permutation(np.arange(2 * n) < n)
        scores = rng.integers(n_values, size=2 * n) + 0.3 * n_values * member
        flagged = flagged_at_fpr(member, scores, max_fpr)
        assert flagged[member].mean() == pytest.approx(
            tpr_at_fpr(member, scores, max_fpr), abs=1e-12
        )
        assert flagged[~member].mean() <= max_fpr + 1e-9
        # Nobody is flagged before another with a higher score.
        assert (np.diff(flagged[np.argsort(scores)]) >= -1e-12).all()


def test_a_block_of_ties_is_flagged_in_part():
    flagged = flagged_at_fpr([1] * 4 + [0] * 4, [9, 9, 9, 9, 9, 9, 0, 0], 0.25)
    assert flagged.tolist() == [0.5] * 6 + [0.0] * 2


def test_a_rate_outside_of_its_range_is_refused():
    with pytest.raises(ValueError, match="'max_fpr' parameter"):
        flagged_at_fpr([1, 0], [1.0, 0.0], 1.5)
