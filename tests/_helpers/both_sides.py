"""Shadows that tell both sides of every record, drawn at random."""

import numpy as np
from scipy.special import expit

from skmia.shadows import Counterfactual, ShadowSignals, draw_design
from skmia.signals import SIGNALS


def two_sided_world(
    seed, n_shadows, leak, *, n=1000, train_size=0.5, noise=0.0, alike=0.0
):
    """Shadows with both sides, the target's answers, labels and membership.

    `leak` is what a training adds to a logit, `noise` the error of the closed form,
    and `alike` the part of the spread in which a shadow and its complement differ from
    the mean by opposite amounts, as those of a smooth learner do.
    """
    rng = np.random.RandomState(seed)
    y = rng.randint(2, size=n)
    place, spread = 2 * rng.randn(n), np.exp(0.5 * rng.randn(n))
    gap = leak * rng.exponential(size=n)
    member = draw_design(y, n_shadows, train_size, rng)
    mine = draw_design(y, 1, train_size, rng)[0]
    common = rng.randn(n_shadows, n)
    pairs = n_shadows // 2 * 2
    if train_size == 0.5:
        common[1:pairs:2] = -common[0:pairs:2]

    def located(parts, own):
        return place + spread * (np.sqrt(alike) * parts + np.sqrt(1 - alike) * own)

    base = located(common, rng.randn(n_shadows, n))
    error = noise * rng.randn(n_shadows, n)
    told = base + gap * member
    other = base + gap * ~member + error
    target = located(rng.randn(n), rng.randn(n)) + gap * mine

    def answers(logit):
        second = expit(np.where(y == 1, logit, -logit))
        return np.stack([1 - second, second], axis=-1)

    def signals(logits):
        return {
            name: np.stack([SIGNALS[name](answers(one), y) for one in logits])
            for name in ("logit", "hinge", "entropy", "modified_entropy")
        }

    # Recorded as exact: the null tests have noise as the other side on purpose.
    about = Counterfactual(used=True, exact=True)
    shadows = ShadowSignals(
        signals(told), member, other=signals(other), counterfactual=about
    )
    return shadows, answers(target), y, mine
