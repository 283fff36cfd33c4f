"""Membership inference attacks, as estimators of membership."""

from skmia.attacks._base import MembershipAttack
from skmia.attacks._lira import LiRAAttack
from skmia.attacks._threshold import LossThresholdAttack

__all__ = ["LiRAAttack", "LossThresholdAttack", "MembershipAttack"]
