"""The metadata that a model is said to have been fitted with."""

from collections.abc import Mapping
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from skmia._tables import is_per_row

# Parameters of fit that stop it early, and those that tell a booster of its rows.
_STOPPING = ("eval_set", "eval_X", "eval_y", "callbacks", "early_stopping_rounds")
_STARTING = ("init_score", "base_margin", "baseline", "init_model", "xgb_model")


class Given(NamedTuple):
    """What a fit of today is given beside rows and labels.

    Attributes
    ----------
    stops, starts : bool
        Whether something of it stops a booster early, or lets it start elsewhere.
    weighs : bool
        Whether members have other weights than 1, or weights of a form unknown.
    sums : dict of str to float
        Sums of the members' weights, by the names of what holds them.
    """

    stops: bool = False
    starts: bool = False
    weighs: bool = False
    sums: Mapping[str, float] = {}

    @classmethod
    def of(cls, fit_params: Mapping[str, Any], member: NDArray[np.bool_]) -> Self:
        """Read it of the metadata of all rows, some of which are members."""
        last = [name.rpartition("__")[2] for name in fit_params]
        weighs, sums = False, {}
        for name, value in fit_params.items():
            if "weight" not in name.rpartition("__")[2]:
                continue
            weights = np.asarray(value)
            if weights.dtype.kind not in "fiub" or not is_per_row(value, len(member)):
                weighs = True
                continue
            weights = weights.ravel()[member]
            weighs |= bool((weights[weights != 0] != 1).any())
            sums[name] = float(weights.sum(dtype=np.float64))
        return cls(
            stops=any(name in _STOPPING for name in last),
            starts=any(name in _STARTING for name in last),
            weighs=weighs,
            sums=sums,
        )

    def sums_of(self, part: str) -> list[float] | None:
        """Sums of the weights that a part, by its name, was given; None if unknown.

        A part that has some to its name has these; what is given to a whole may reach
        what is inside of it, or not.
        """
        prefix = f"{part}__" if part else ""
        own = [
            total
            for name, total in self.sums.items()
            if name.startswith(prefix) and "__" not in name[len(prefix) :]
        ]
        return own or None
