"""Questions to a report about what is to be done."""

from skmia.audit._policy import Decision, Policy
from skmia.audit._report._base import ReportBase
from skmia.audit._section import write_section


class Decisions(ReportBase):
    """Whether a policy allows a release."""

    def decide(self, policy: Policy) -> Decision:
        """Hold the report against a policy: release, revise or refuse.

        Parameters
        ----------
        policy : Policy
            The limits, and the guards that must be silent.

        Returns
        -------
        Decision
            The outcome, with what came of every rule. The report does not change:
            ``report.including(decision)`` shows it too.

        Raises
        ------
        TypeError
            If `policy` is none.

        See Also
        --------
        Policy : What can be asked for, and the gates of the field.
        Decision : How the rules make an outcome.

        Notes
        -----
        A limit on what was not measured is not kept: on a false positive rate that the
        audit did not read, or one below what its non-members resolve. Works on a report
        from a file as well.

        Examples
        --------
        >>> import numpy as np
        >>> from skmia.audit import AuditReport, Policy
        >>> scores = np.random.default_rng(0).normal(size=2000)
        >>> report = AuditReport(np.arange(2000) < 1000, {"loss": scores})
        >>> decision = report.decide(Policy(max_auc=0.6, max_tpr={0.01: 0.05}))
        >>> decision.outcome, decision.reasons
        ('release', [])
        """
        sections = [write_section(section) for section in self._sections]
        return Decision.of({**self._contents, "sections": sections}, policy)
