"""Questions to a report about what is to be done."""

from skmia.audit._report._base import ReportBase


class Decisions(ReportBase):
    """Whether a policy allows a release."""
