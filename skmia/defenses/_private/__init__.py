"""Mechanisms of differential privacy, their bounds and their accounting."""

from skmia.defenses._private._library import load_accountant, new_accountant
from skmia.defenses._private._steps import PrivateFit, make_plan
from skmia.defenses._private._teachers import (
    count_votes,
    fit_student,
    gaussian_noise,
    laplace_noise,
    noisy_winners,
    teacher_parts,
)

__all__ = [
    "PrivateFit",
    "count_votes",
    "fit_student",
    "gaussian_noise",
    "laplace_noise",
    "load_accountant",
    "make_plan",
    "new_accountant",
    "noisy_winners",
    "teacher_parts",
]
