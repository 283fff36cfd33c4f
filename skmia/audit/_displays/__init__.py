"""Pictures of an audit, in scikit-learn's form; matplotlib is imported to draw."""

from skmia.audit._displays._contents import allowed_by_promises
from skmia.audit._displays._many_curves import band_opacity, lowest_rate
from skmia.audit._displays._record_risk import RecordRiskDisplay
from skmia.audit._displays._roc import MembershipRocDisplay
from skmia.audit._displays._scores import (
    MembershipScoreDisplay,
    texts_of_open_ends,
)
from skmia.audit._displays._separation_axis import (
    chances_between,
    expected_shares,
    limits_of_risk,
)
from skmia.audit._displays._subgroups import SubgroupDisplay

__all__ = [
    "MembershipRocDisplay",
    "MembershipScoreDisplay",
    "RecordRiskDisplay",
    "SubgroupDisplay",
    "allowed_by_promises",
    "band_opacity",
    "chances_between",
    "expected_shares",
    "limits_of_risk",
    "lowest_rate",
    "texts_of_open_ends",
]
