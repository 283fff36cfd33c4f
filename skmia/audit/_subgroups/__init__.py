"""Groups of records: how exposed each is, and where exposure is highest."""

from skmia.audit._subgroups._columns import Column, pick_column, read_columns
from skmia.audit._subgroups._leaks import find_slices
from skmia.audit._subgroups._measure import measure_groups
from skmia.audit._subgroups._partition import partition
from skmia.audit._subgroups._section import Figures, Group, Subgroups
from skmia.audit._subgroups._slices import Slice, Slices
from skmia.audit._subgroups._threshold import Exposure

__all__ = [
    "Column",
    "Exposure",
    "Figures",
    "Group",
    "Slice",
    "Slices",
    "Subgroups",
    "find_slices",
    "measure_groups",
    "partition",
    "pick_column",
    "read_columns",
]
