"""Mechanisms of differential privacy, their bounds and their accounting."""

from skmia.defenses._private._accountant import PrivacyAccountant
from skmia.defenses._private._accounting import NEIGHBORS
from skmia.defenses._private._budget import Budget
from skmia.defenses._private._composition import PrivacyLoss, compose_privacy
from skmia.defenses._private._mechanism import Settings
from skmia.defenses._private._mechanisms import (
    adapt_tags,
    choose_mechanism,
    find_mechanism,
    mechanism_names,
)
from skmia.defenses._private._repeated import note_clone
from skmia.defenses._private._whole_fit import private_fit, whole_budget

__all__ = [
    "NEIGHBORS",
    "Budget",
    "PrivacyAccountant",
    "PrivacyLoss",
    "Settings",
    "adapt_tags",
    "choose_mechanism",
    "compose_privacy",
    "find_mechanism",
    "mechanism_names",
    "note_clone",
    "private_fit",
    "whole_budget",
]
