"""Boosting with differential privacy: an additive model of binned columns."""

from skmia.defenses._private._boosting._boosting import Boosting

__all__ = ["Boosting"]
