"""Pictures of a report."""

from typing import Any

from skmia.audit._displays import MembershipRocDisplay, MembershipScoreDisplay
from skmia.audit._report._base import ReportBase
from skmia.utils import import_optional


class Plots(ReportBase):
    """What matplotlib draws of the contents."""

    def plot(self, **roc_kwargs: Any) -> Any:
        """Draw the ROC of every attack, and the scores of the strongest.

        Parameters
        ----------
        **roc_kwargs : dict
            For :meth:`MembershipRocDisplay.from_report`, such as
            ``attacks=["stacked"]`` or ``scale="linear"``.

        Returns
        -------
        matplotlib Figure
            A new figure with two axes.

        Raises
        ------
        ImportError
            If matplotlib is not installed.

        See Also
        --------
        MembershipRocDisplay : The first of them, on axes of one's own.
        MembershipScoreDisplay : The second.

        Examples
        --------
        >>> from skmia.audit import AuditReport
        >>> report = AuditReport([True] * 40 + [False] * 40, {"loss": [*range(80)]})
        >>> len(report.plot().axes)
        2
        """
        plt = import_optional("matplotlib.pyplot", "AuditReport.plot")
        figure, (left, right) = plt.subplots(
            1, 2, figsize=(11, 5), layout="constrained"
        )
        MembershipRocDisplay.from_report(self, ax=left, **roc_kwargs)
        MembershipScoreDisplay.from_report(self, ax=right)
        return figure
