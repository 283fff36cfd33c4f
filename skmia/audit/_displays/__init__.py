"""Pictures of an audit, in scikit-learn's form; matplotlib is imported to draw."""

from skmia.audit._displays._contents import allowed_by_promises
from skmia.audit._displays._record_risk import RecordRiskDisplay
from skmia.audit._displays._roc import MembershipRocDisplay
from skmia.audit._displays._scores import MembershipScoreDisplay
from skmia.audit._displays._subgroups import SubgroupDisplay
from skmia.utils import N_COLORS, color_of

__all__ = [
    "N_COLORS",
    "MembershipRocDisplay",
    "MembershipScoreDisplay",
    "RecordRiskDisplay",
    "SubgroupDisplay",
    "allowed_by_promises",
    "color_of",
]
