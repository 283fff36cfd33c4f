"""Mechanisms of differential privacy, their bounds and their accounting."""

from skmia.defenses._private._accountant import PrivacyAccountant
from skmia.defenses._private._budget import Budget
from skmia.defenses._private._composition import PrivacyLoss, compose_privacy
from skmia.defenses._private._mechanism import Settings
from skmia.defenses._private._mechanisms import (
    adapt_tags,
    choose_mechanism,
)
from skmia.defenses._private._parameters import check_parameters_of
from skmia.defenses._private._promised import PrivacyPromise
from skmia.defenses._private._repeated import note_clone
from skmia.defenses._private._row_by_row import fit_row_by_row
from skmia.defenses._private._whole_fit import private_fit, whole_budget

__all__ = [
    "Budget",
    "PrivacyAccountant",
    "PrivacyLoss",
    "PrivacyPromise",
    "Settings",
    "adapt_tags",
    "check_parameters_of",
    "choose_mechanism",
    "compose_privacy",
    "fit_row_by_row",
    "note_clone",
    "private_fit",
    "whole_budget",
]
