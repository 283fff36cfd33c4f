"""What a shadow would have said of a record on the other side, in closed form."""

from skmia.shadows._counterfactual._asking import (
    TWO_SIDED,
    ShadowOtherSide,
    other_side,
)
from skmia.shadows._counterfactual._calibration import bounds_of
from skmia.shadows._counterfactual._family import NotCoveredError, TrainingRows
from skmia.shadows._counterfactual._fill import fill_unknown
from skmia.shadows._counterfactual._finish import finish
from skmia.shadows._counterfactual._given import check_given
from skmia.shadows._counterfactual._one_by_one import OneByOne
from skmia.shadows._counterfactual._own_rows import LeftOut, leave_rows_out
from skmia.shadows._counterfactual._plan import Plan, find_plan, last_step
from skmia.shadows._counterfactual._record import Counterfactual
from skmia.shadows._counterfactual._register import register_counterfactual
from skmia.shadows._counterfactual._scaling import scale_gaps

__all__ = [
    "TWO_SIDED",
    "Counterfactual",
    "LeftOut",
    "NotCoveredError",
    "OneByOne",
    "Plan",
    "ShadowOtherSide",
    "TrainingRows",
    "bounds_of",
    "check_given",
    "fill_unknown",
    "find_plan",
    "finish",
    "last_step",
    "leave_rows_out",
    "other_side",
    "register_counterfactual",
    "scale_gaps",
]
