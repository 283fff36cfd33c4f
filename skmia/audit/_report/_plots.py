"""Pictures of a report."""

from skmia.audit._report._base import ReportBase


class Plots(ReportBase):
    """What matplotlib draws of the contents."""
