"""Shadow models: fitted in parallel, reduced to arrays, cached by content."""

from skmia.shadows._comparison import (
    Difference,
    find_difference,
    informed_auc,
    outside_means,
    shadows_move,
)
from skmia.shadows._counterfactual import (
    Counterfactual,
    LeftOut,
    leave_rows_out,
    register_counterfactual,
)
from skmia.shadows._design import auto_train_size, draw_design
from skmia.shadows._fit import fit_shadows
from skmia.shadows._models import ShadowModels, check_shadows
from skmia.shadows._signals import ShadowSignals

__all__ = [
    "Counterfactual",
    "Difference",
    "LeftOut",
    "ShadowModels",
    "ShadowSignals",
    "auto_train_size",
    "check_shadows",
    "draw_design",
    "find_difference",
    "fit_shadows",
    "informed_auc",
    "leave_rows_out",
    "outside_means",
    "register_counterfactual",
    "shadows_move",
]
