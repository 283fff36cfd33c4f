"""Fit any classifier on soft labels."""

from skmia.defenses._soft._epochs import fit_in_epochs, trains_in_epochs
from skmia.defenses._soft._fit import fit_soft
from skmia.defenses._soft._leave_out import left_out_proba
from skmia.defenses._soft._pipeline import last_step
from skmia.defenses._soft._rows import (
    draws_rows,
    keep_all_rows,
    scale_to_copies,
    splits_rows,
    takes_weights,
)
from skmia.defenses._soft._simplex import project_on_simplex

__all__ = [
    "draws_rows",
    "fit_in_epochs",
    "fit_soft",
    "keep_all_rows",
    "last_step",
    "left_out_proba",
    "project_on_simplex",
    "scale_to_copies",
    "splits_rows",
    "takes_weights",
    "trains_in_epochs",
]
