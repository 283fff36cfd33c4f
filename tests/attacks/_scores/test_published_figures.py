"""Figures for LiRA that other toolkits publish in their tests.

TF-privacy's scores are low for members, ours high: they are negated here. Of its
figures those for means are taken: we do not offer the median.
"""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import stats

from skmia.attacks._scores._gaussian import VARIANCES, Moments, Predictive, Spread

# C1: TF-privacy's compute_score_lira


def stacked(samples):
    """Lists of one record each as (values, mask) of shadows."""
    n_shadows = max(map(len, samples))
    values = np.zeros((n_shadows, len(samples)))
    mask = np.zeros(values.shape, dtype=bool)
    for i, sample in enumerate(samples):
        values[: len(sample), i] = sample
        mask[: len(sample), i] = True
    return values, mask


def log_densities(target, inside, variance):
    """Log density of the targets under IN, and under OUT, which is its mirror image."""
    values, mask = stacked(inside)
    own = Moments.of(values, mask)
    other = Moments.of(-values, mask)
    target = np.asarray(target, dtype=float)
    return (
        Spread.of(variance, own, other).predictive(own).log_density(target),
        Spread.of(variance, other, own).predictive(other).log_density(target),
    )


INSIDE = [[-1, 1], [0, 2], [0, 20], []]  # the last record was never in: column means
TARGET = [1, 0, 0, 0]


@pytest.mark.parametrize(
    ("variance", "expected"),
    [
        ("per_record", [1.41893853, 1.41893853, 3.72152363, 2.72537178]),
        ("pooled", [2.69682468, 2.69682468, 4.15270703, 2.87983121]),
    ],
)
def test_c1_lira_scores_of_tf_privacy(variance, expected):
    inside, outside = log_densities(TARGET, INSIDE, variance)
    assert_allclose(-inside, expected, atol=1e-7)
    assert_allclose(outside, np.negative(expected), atol=1e-7)
    assert_allclose(inside - outside, np.zeros(4), atol=1e-12)


def test_c1_lira_scores_of_tf_privacy_with_two_augmentations():
    """Each augmentation is a normal of its own; the score is the mean over them."""
    scores = [
        log_densities([1], [[-1, 1]], "per_record"),
        log_densities([0], [[0, 20]], "per_record"),
    ]
    inside, outside = np.mean(scores, axis=0)
    assert_allclose(-inside, [2.57023108], atol=1e-7)
    assert_allclose(outside, [-2.57023108], atol=1e-7)
    assert_allclose(inside - outside, [0.0], atol=1e-12)


# C3: TF-privacy's offset


@pytest.mark.parametrize("variance", VARIANCES)
def test_c3_offsets_of_tf_privacy(variance):
    """The target's distance from its IN and OUT centres, a mean over augmentations.

    Their figures for the median are left out: our centre is the mean.
    """
    target = np.array([[-0.1, 0.1, 0], [0, 0, 27], [0, 0, 0]])
    inside = [[[1, 2, -3]], [[-2, 4, 6], [0, 0, 0], [5, -7, -9]], []]

    def centres(sign, shift):
        by_augmentation = []
        for j in range(3):
            values, mask = stacked(
                [[shift + sign * row[j] for row in record] for record in inside]
            )
            own = Moments.of(values, mask)
            predictive = Spread.of(variance, own, own).predictive(own)
            by_augmentation.append(predictive.location)
        return np.column_stack(by_augmentation)

    in_centre, out_centre = centres(1, 0), centres(-1, 10)
    assert_allclose((target - in_centre).mean(axis=1), [0, 28 / 3, 1 / 6], atol=1e-12)
    assert_allclose(
        (target - out_centre).mean(axis=1), [-10, -4 / 3, -61 / 6], atol=1e-12
    )
    both = target - (in_centre + out_centre) / 2
    assert_allclose(both.mean(axis=1), [-5, 4, -5], atol=1e-12)


# C6: one-sided and never saturated


def surprise(z, freedom=np.inf):
    z = np.asarray(z, dtype=float)
    ones = np.ones_like(z)
    return Predictive(0 * ones, ones, freedom * ones).surprise(z)


def test_c6_offline_score_is_the_log_survival_function():
    z = np.linspace(-40, 1000, 4161)
    scores = surprise(z)
    assert_allclose(scores, -stats.norm.logsf(z), rtol=1e-12)
    assert_allclose(surprise([1000.0]), [500007.83], atol=5e-3)
    # From -38 down the score is below the smallest double, which is all that is lost.
    assert (np.diff(scores[z > -38]) > 0).all()
    assert (np.diff(scores) >= 0).all()


def test_c6_offline_score_ranks_as_a_distribution_function_does():
    """SACRO-ML's and LeakPro's, as far as theirs tell values apart."""
    z = np.random.RandomState(0).normal(size=500) * 3
    z = z[np.abs(z) < 7]
    order = np.argsort(surprise(z))
    assert_array_equal(order, np.argsort(stats.norm.cdf(z)))
    assert stats.norm.cdf(8.3) == stats.norm.cdf(30)
    assert surprise([8.3])[0] < surprise([30.0])[0]


@pytest.mark.parametrize("freedom", [0.5, 2, 5, 12, 60, 1000])
def test_c6_student_score_follows_scipy_and_goes_on(freedom):
    """Wallace's normal equivalent: the tail to some percent, the order exactly."""
    near = np.linspace(0, 5, 200)
    rtol = 0.06 if freedom < 2 else 0.025
    assert_allclose(surprise(near, freedom), -stats.t.logsf(near, freedom), rtol=rtol)
    far = np.linspace(5, 40, 200)
    rtol = {0.5: 0.15, 2: 0.07, 5: 0.035}.get(freedom, 0.02)
    assert_allclose(surprise(far, freedom), -stats.t.logsf(far, freedom), rtol=rtol)
    below = np.linspace(-40, 0, 200)
    assert_allclose(surprise(below, freedom), -stats.t.logsf(below, freedom), atol=0.03)
    everything = np.concatenate([np.linspace(-30, 1000, 5000), np.logspace(3.1, 8)])
    assert (np.diff(surprise(everything, freedom)) > 0).all()


def test_c6_two_sided_scores_fail_where_ours_do_not():
    """A record far below its OUT mean: -log density calls it a member."""
    z = np.array([-40.0, 0.0, 3.0])
    assert surprise(z).argmin() == 0
    assert (-stats.norm.logpdf(z)).argmax() == 0
