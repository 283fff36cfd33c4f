"""What the fits of a search have spent together, as it is told."""

import textwrap
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from skmia.defenses import PrivacyLoss, compose_privacy


@dataclass(frozen=True)
class CandidateBudget:
    """Hold what the fits of one candidate have spent on any one row.

    Parameters
    ----------
    params : dict
        The parameters of the candidate.
    n_fits : int
        Fits that one row was in, at most; without the refit.
    epsilon, delta, mu : float or None
        What they have spent together.

    See Also
    --------
    PrivacyBudget : Has one for each candidate.

    Examples
    --------
    >>> from skmia.model_selection import CandidateBudget
    >>> CandidateBudget({"estimator__C": 1.0}, 4, 2.0, 0.0, None).epsilon
    2.0
    """

    params: Mapping[str, Any]
    n_fits: int
    epsilon: float
    delta: float
    mu: float | None


@dataclass(frozen=True)
class PrivacyBudget:
    """Hold what all fits of a search have spent on any one row.

    :func:`privacy_budget` makes one.

    Parameters
    ----------
    epsilon, delta : float
        The total privacy loss. Infinite where a fit was not private.
    mu : float or None
        The same as Gaussian differential privacy, where it is.
    neighbors : str
        Whether it compares data sets of which one has a row more, or another row in
        place of one.
    group_size : int
        Rows of one person that it holds for together.
    n_fits : int
        Fits that one row was in, at most.
    n_fits_made : int
        All fits.
    candidates : tuple of CandidateBudget
        The same for each candidate.
    sentences : tuple of str
        What was counted, and what is not covered, for a reader.

    See Also
    --------
    skmia.defenses.PrivacyAccountant : Adds up while fits are made, and has a ceiling.

    Examples
    --------
    >>> from skmia.defenses import DifferentialPrivacyClassifier
    >>> from skmia.model_selection import privacy_budget
    >>> privacy_budget(DifferentialPrivacyClassifier(epsilon=2.0)).n_fits
    1
    """

    epsilon: float
    delta: float
    mu: float | None
    neighbors: str
    group_size: int
    n_fits: int
    n_fits_made: int
    candidates: tuple[CandidateBudget, ...]
    sentences: tuple[str, ...]
    _losses: tuple[PrivacyLoss, ...] = field(default=(), repr=False)
    _planned: bool = field(default=False, repr=False)

    def epsilon_at(self, delta: float) -> float:
        """Compute the total epsilon at another delta.

        Parameters
        ----------
        delta : float
            In [0, 1).

        Returns
        -------
        float
            Infinite where no epsilon is known for it.
        """
        return compose_privacy(self._losses, delta=delta, planned=self._planned).epsilon

    def __str__(self) -> str:
        return "\n".join(textwrap.fill(s, 80) for s in self.sentences)
