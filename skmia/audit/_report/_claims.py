"""Questions to a report about a promise of differential privacy."""

from skmia.audit._claim import PrivacyClaim
from skmia.audit._report._base import ReportBase


class Claims(ReportBase):
    """Whether what was found can be, under a promise."""

    def check_claim(
        self,
        *,
        epsilon: float | None = None,
        delta: float = 0.0,
        mu: float | None = None,
    ) -> PrivacyClaim:
        """Hold a claimed epsilon or mu of differential privacy against the figures.

        Parameters
        ----------
        epsilon : float, default=None
            The epsilon that is claimed, 0 or more.
        delta : float, default=0.0
            The delta that goes with it.
        mu : float, default=None
            The mu of Gaussian differential privacy that is claimed, in place of
            `epsilon`.

        Returns
        -------
        PrivacyClaim
            The most that the claim allows at each FPR, beside what was found, a lower
            bound on epsilon or mu, and whether any of them contradicts the claim. For
            :meth:`including` in the report.

        Raises
        ------
        ValueError
            If not one of `epsilon` and `mu` is given, a parameter is out of range, or
            the report is from a file.

        See Also
        --------
        skmia.metrics.tpr_ceiling : The most that a claim allows.
        skmia.metrics.epsilon_lower_bound : The bound, and what it takes for granted.

        Notes
        -----
        That nothing contradicts a claim does not prove it. With `groups` the comparison
        is for a claim about all records of a person: a promise of epsilon for each
        record is one of k times epsilon for a person with k of them where delta is 0;
        of one with mu, it is k times mu; else delta grows as well.

        Examples
        --------
        >>> import numpy as np
        >>> from skmia.audit import AuditReport
        >>> member = np.arange(2000) < 1000
        >>> scores = np.random.default_rng(0).normal(size=2000) + 2 * member
        >>> report = AuditReport(member, {"loss": scores})
        >>> report.check_claim(epsilon=0.5).contradicted
        True
        >>> report.check_claim(epsilon=8).contradicted
        False
        """
        void = self._contents["privacy"] is None
        evidence = self._measured("check_claim")
        return PrivacyClaim.of(evidence, epsilon=epsilon, delta=delta, mu=mu, void=void)

    def _promised(self) -> PrivacyClaim:
        """Hold what the model itself promises against the figures."""
        void = self._contents["privacy"] is None
        return PrivacyClaim.of_promise(self._measured("check_claim"), void=void)
