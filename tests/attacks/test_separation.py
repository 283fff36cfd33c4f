"""How far apart shadows with and without a record are, for each record."""

import numpy as np
import pytest
from scipy.stats import norm

from skmia.attacks import RecordSeparation

D = np.repeat([0.0, 1.5, 4.0], 3000)


def shadows(n_shadows, spread=0.0, seed=0):
    """Logits of a target without the records and of shadows, and who was in which."""
    rng = np.random.default_rng(seed)
    order = rng.permuted(np.tile(np.arange(n_shadows), (len(D), 1)), axis=1).T
    member = order < n_shadows // 2
    centre = 2 * rng.normal(size=len(D))
    scale = np.exp(spread * rng.normal(size=len(D)))
    values = centre + scale * (rng.normal(size=member.shape) + D * member)
    return centre + scale * rng.normal(size=len(D)), values, member


@pytest.mark.parametrize("spread", [0, 0.5])
@pytest.mark.parametrize("n_shadows", [16, 64])
def test_means_over_records_are_those_of_the_truth(n_shadows, spread):
    found = RecordSeparation.of(*shadows(n_shadows, spread))
    for d in np.unique(D):
        off = found.separation[d == D] - d
        assert abs(off.mean()) < 0.05 + 0.07 * d * bool(spread)
        assert found.error[d == D].mean() == pytest.approx(off.std(), rel=0.2)
        for rate in (0.1, 0.01):
            power = found.power(rate)[d == D].mean()
            assert power == pytest.approx(norm.cdf(d - norm.isf(rate)), rel=0.15)


@pytest.mark.parametrize("spread", [0, 0.5])
@pytest.mark.parametrize("n_shadows", [8, 16])
def test_p_values_of_models_without_the_records_are_uniform(n_shadows, spread):
    p = RecordSeparation.of(*shadows(n_shadows, spread)).p_value
    for rate in (0.01, 0.1, 0.5, 0.9):
        error = np.sqrt(rate * (1 - rate) / len(p))
        assert abs((p <= rate).mean() - rate) < 5 * error


def test_without_the_correction_few_shadows_find_what_is_not_there():
    found = RecordSeparation.of(*shadows(16))
    plain = norm.cdf(found.separation - norm.isf(0.01))
    assert plain[D == 0].mean() > 0.016
    assert found.power(0.01)[D == 0].mean() == pytest.approx(0.01, rel=0.15)


def test_a_record_that_is_nearly_always_in_is_unknown():
    target, values, member = shadows(16)
    member[:, 0], member[:, 1] = True, np.arange(16) < 15
    found = RecordSeparation.of(target, values, member)
    for numbers in (found.separation, found.error, found.p_value, found.power(0.1)):
        assert np.isnan(numbers[:2]).all()
        assert np.isfinite(numbers[2:]).all()
    assert (found.n_inside[:2] == [16, 15]).all()


def test_persons_are_means_of_their_rows():
    target, values, member = shadows(16)
    persons = np.random.default_rng(1).permutation(np.arange(len(D)) // 3)
    first = np.unique(persons, return_index=True)[1]
    member = member[:, first][:, persons]
    found = RecordSeparation.of(target, values, member, persons)
    sums = [np.bincount(persons, row) / 3 for row in (target, *values)]
    whole = RecordSeparation.of(sums[0], np.array(sums[1:]), member[:, first])
    np.testing.assert_allclose(found.separation, whole.separation)
    np.testing.assert_allclose(found.p_value, whole.p_value)


def test_records_without_any_spread_have_finite_numbers():
    # A tree is always sure of what it has seen.
    rng = np.random.default_rng(0)
    member = np.arange(16)[:, None] % 2 == np.zeros(50)
    values = np.where(member, 80.0, rng.choice([-1.0, 1.0], size=(16, 50)))
    found = RecordSeparation.of(values[0], values, member)
    assert np.isfinite(found.separation).all()
    assert (found.separation > 3).all()
    same = RecordSeparation.of(np.ones(50), np.ones((16, 50)), member)
    assert (same.separation == 0).all()
