"""What is known of single training rows, beside the records of a report."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from skmia.audit._evidence import Evidence
from skmia.audit._leave_one_out._section import LeaveOneOutRisk
from skmia.audit._section import Section


def leave_one_out_columns(
    sections: Iterable[Section], evidence: Evidence
) -> dict[str, NDArray[np.float64]]:
    """Gaps of the members, where a section of the report knows them; none elsewhere."""
    found = [s for s in sections if isinstance(s, LeaveOneOutRisk) and s._records]
    if not found or evidence.positions is None or len(evidence.lengths) != 2:
        return {}
    assert found[-1]._records is not None
    gap = found[-1]._records.gap
    if len(gap) != evidence.lengths[0]:
        return {}
    column = np.full(evidence.membership.size, np.nan)
    # Members come first among the rows as they were passed.
    column[evidence.membership] = gap[evidence.positions[evidence.membership]]
    return {"leave_one_out_gap": column}
