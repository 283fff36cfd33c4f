"""Pictures of a report."""

from typing import Any

from skmia.audit._displays import (
    MembershipRocDisplay,
    MembershipScoreDisplay,
    RecordRiskDisplay,
)
from skmia.audit._report._base import ReportBase
from skmia.utils import import_optional


class Plots(ReportBase):
    """What matplotlib draws of the contents."""

    def plot(self, **roc_kwargs: Any) -> Any:
        """Draw ROCs, the scores of the strongest attack, and the records' risk.

        Parameters
        ----------
        **roc_kwargs : dict
            For :meth:`MembershipRocDisplay.from_report`, such as
            ``attacks=["stacked"]`` or ``scale="linear"``.

        Returns
        -------
        matplotlib Figure
            A new figure with three axes.

        Raises
        ------
        ImportError
            If matplotlib is not installed.

        See Also
        --------
        MembershipRocDisplay : The first of them, on axes of one's own.
        MembershipScoreDisplay : The second.
        RecordRiskDisplay : The third.

        Examples
        --------
        >>> from skmia.audit import AuditReport
        >>> report = AuditReport([True] * 40 + [False] * 40, {"loss": [*range(80)]})
        >>> len(report.plot().axes)
        3
        """
        plt = import_optional("matplotlib.pyplot", "AuditReport.plot")
        figure, (roc, scores, risk) = plt.subplots(
            1, 3, figsize=(16, 5), layout="constrained"
        )
        MembershipRocDisplay.from_report(self, ax=roc, **roc_kwargs)
        MembershipScoreDisplay.from_report(self, ax=scores)
        RecordRiskDisplay.from_report(self, ax=risk)
        return figure
