"""Membership inference attacks, as estimators of membership."""

from collections.abc import Mapping
from types import MappingProxyType

from skmia._models import FunctionClassifier
from skmia.attacks._base import MembershipAttack
from skmia.attacks._calibrated import CalibratedLossAttack
from skmia.attacks._label_only import LabelOnlyAttack
from skmia.attacks._lira import LiRAAttack
from skmia.attacks._quantile import QuantileAttack
from skmia.attacks._rmia import RMIAAttack
from skmia.attacks._separation import RecordSeparation
from skmia.attacks._shadow_base import ShadowAttack
from skmia.attacks._shadow_classifier import ShadowClassifierAttack
from skmia.attacks._stacked import StackedAttack
from skmia.attacks._threshold import LossThresholdAttack

__all__ = [
    "ATTACKS",
    "CalibratedLossAttack",
    "FunctionClassifier",
    "LabelOnlyAttack",
    "LiRAAttack",
    "LossThresholdAttack",
    "MembershipAttack",
    "QuantileAttack",
    "RMIAAttack",
    "RecordSeparation",
    "ShadowAttack",
    "ShadowClassifierAttack",
    "StackedAttack",
]

#: Every attack by its short name, as audits, benchmarks and tests find it.
ATTACKS: Mapping[str, type[MembershipAttack]] = MappingProxyType(
    {
        "loss": LossThresholdAttack,
        "lira": LiRAAttack,
        "rmia": RMIAAttack,
        "calibrated": CalibratedLossAttack,
        "stacked": StackedAttack,
        "shadow_classifier": ShadowClassifierAttack,
        "quantile": QuantileAttack,
        "label_only": LabelOnlyAttack,
    }
)
