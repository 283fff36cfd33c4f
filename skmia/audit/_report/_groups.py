"""Questions to a report about groups of its records."""

from skmia.audit._report._base import ReportBase


class Groups(ReportBase):
    """Who is exposed more than others, by columns of the user's own."""
