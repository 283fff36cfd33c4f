"""What an honest analyst reads: closed forms, given how hard the records are.

A record's logit is normal around its level, moved by `gain` for a member. So a member
ranks above a non-member with a chance that the normal distribution tells; an attack
that knows the levels, as one with shadow models nearly does, is left with the noise.
"""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq
from scipy.stats import binom, norm

from hunt._targets import USUAL_LOGIT

_MAX_RECORDS = 500  # whose pairs are compared


@dataclass(frozen=True)
class Truth:
    """The figures of attacks on a :class:`Memory`.

    Parameters
    ----------
    gain, noise : float
        Those of the target.
    levels : ndarray
        Levels of the records that the figures are about.
    n_members, n_nonmembers : int
        How many of them are on either side.
    wobble : float or ndarray
        Variance of a record's level over training sets.
    """

    gain: float
    noise: float
    levels: np.ndarray
    n_members: int
    n_nonmembers: int
    wobble: float | np.ndarray = 0.0

    def _chance(self, distance, wobble=0.0):
        """That a normal of this mean and the noise's spread is above 0."""
        if not self.noise:
            return np.heaviside(np.round(distance, 9), 0.5)
        return norm.cdf(distance / np.sqrt(self.noise**2 + wobble))

    @property
    def by_logit(self):
        """AUC of the logit of the true class."""
        some = self.levels[:_MAX_RECORDS]
        distance = self.gain + some[:, None] - some
        chance = self._chance(distance / np.sqrt(2))
        np.fill_diagonal(chance, 0)
        return chance.sum() / (len(some) * (len(some) - 1))

    @property
    def best(self):
        """AUC of whoever knows all levels."""
        return float(self._chance(self.gain / np.sqrt(2)))

    def calibrated(self, n_outside):
        """AUC of the logit less the mean of so many models that left a record out."""
        if not n_outside:
            return 0.5
        spread = np.sqrt(2 * (1 + 1 / n_outside))
        return float(np.mean(self._chance(self.gain / spread, self.wobble)))

    def by_loss_difference(self, n_outside):
        """AUC of the mean loss of models that left a record out less the loss; drawn.

        The loss hardly moves where the logit is high, so that it ranks easy records
        close to one another.
        """
        rng, n_draws = np.random.default_rng(0), 4000

        def drawn(gain):
            level = rng.choice(self.levels, n_draws)
            size = np.sqrt(self.noise**2 + np.mean(self.wobble))
            spread = size * rng.normal(size=(round(n_outside) + 1, n_draws))
            own, others = level + gain + spread[0], level + spread[1:]
            return np.log1p(np.exp(-others)).mean(axis=0) - np.log1p(np.exp(-own))

        inside, outside = drawn(self.gain), np.sort(drawn(0))
        return np.searchsorted(outside, inside).mean() / n_draws

    def by_label(self, n_classes):
        """AUC of whether the predicted label is right, ties at random."""
        even = -np.log(n_classes - 1)  # where the true class is as likely as another
        right = [
            self._chance(self.levels + gain - even).mean() for gain in (self.gain, 0)
        ]
        return 0.5 + (right[0] - right[1]) / 2

    def tpr(self, fpr):
        """TPR of the logit at `fpr`, and its standard error."""

        def above(gain, at):
            return self._chance(self.levels + gain - at).mean()

        ends = self.levels.min() - 9 * self.noise - 9, self.levels.max() + 9
        at = brentq(lambda t: above(0, t) - fpr, ends[0], ends[1] + 9 * self.noise)
        tpr, step = above(self.gain, at), 1e-3
        slope = (above(self.gain, at - step) - above(self.gain, at + step)) / (
            above(0, at - step) - above(0, at + step)
        )
        return tpr, self._tpr_error(tpr, fpr, slope)

    def _tpr_error(self, tpr, fpr, slope=1.0):
        variance = tpr * (1 - tpr) / self.n_members
        variance += slope**2 * fpr * (1 - fpr) / self.n_nonmembers
        return np.sqrt(variance)

    def chance_tpr(self, fpr):
        """The same of a target that nothing leaks from."""
        return fpr, self._tpr_error(fpr, fpr)

    @property
    def error(self):
        """Standard error of an AUC of one half; any other has a smaller one."""
        return np.sqrt((1 / self.n_members + 1 / self.n_nonmembers) / 12)


def robust_label_auc(gain, noise, n_queries=60):
    """AUC of the label-only attack on a two-class target with a `reach`.

    Copies of a member keep its label as the member does; those of another record are
    records of their own, of either class (at levels all alike).
    """
    inside, outside = norm.cdf((USUAL_LOGIT + np.array([gain, 0])) / noise)
    same = 2 / 3 * 2 / 3 + 1 / 3 * 1 / 3  # that two records are of one class
    copy = same * outside + (1 - same) * (1 - outside)
    k = np.arange(n_queries + 1)
    below = binom.cdf(k - 1, n_queries, copy) + 0.5 * binom.pmf(k, n_queries, copy)
    more = (binom.pmf(k, n_queries, inside) * below).sum()
    either = inside * outside + (1 - inside) * (1 - outside)
    return inside * (1 - outside) + either * more
