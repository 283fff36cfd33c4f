"""Mechanisms of differential privacy, their bounds and their accounting."""

from skmia.defenses._private._accounting import NEIGHBORS
from skmia.defenses._private._library import load_accountant, new_accountant
from skmia.defenses._private._mechanism import Settings
from skmia.defenses._private._mechanisms import (
    adapt_tags,
    choose_mechanism,
    find_mechanism,
    mechanism_names,
)
from skmia.defenses._private._whole_fit import private_fit, whole_budget

__all__ = [
    "NEIGHBORS",
    "Settings",
    "adapt_tags",
    "choose_mechanism",
    "find_mechanism",
    "load_accountant",
    "mechanism_names",
    "new_accountant",
    "private_fit",
    "whole_budget",
]
