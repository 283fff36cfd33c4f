"""Membership inference attacks, as estimators of membership."""

from skmia.attacks._base import MembershipAttack
from skmia.attacks._calibrated import CalibratedLossAttack
from skmia.attacks._label_only import LabelOnlyAttack
from skmia.attacks._lira import LiRAAttack
from skmia.attacks._quantile import QuantileAttack
from skmia.attacks._registry import ATTACKS
from skmia.attacks._rmia import RMIAAttack
from skmia.attacks._shadow_base import ShadowAttack
from skmia.attacks._shadow_classifier import ShadowClassifierAttack
from skmia.attacks._stacked import StackedAttack
from skmia.attacks._threshold import LossThresholdAttack

__all__ = [
    "ATTACKS",
    "CalibratedLossAttack",
    "LabelOnlyAttack",
    "LiRAAttack",
    "LossThresholdAttack",
    "MembershipAttack",
    "QuantileAttack",
    "RMIAAttack",
    "ShadowAttack",
    "ShadowClassifierAttack",
    "StackedAttack",
]
