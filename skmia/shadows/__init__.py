"""Shadow models: fitted in parallel, reduced to arrays, cached by content."""

from skmia.shadows._design import auto_train_size
from skmia.shadows._fit import fit_shadows
from skmia.shadows._signals import ShadowSignals

__all__ = ["ShadowSignals", "auto_train_size", "fit_shadows"]
