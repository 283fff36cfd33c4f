"""What a display of one curve or of several is given: an entry for each curve."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from skmia.utils import shown


def curves_of(rates: Any) -> list[Any]:
    """A list of arrays, of one array or of a list of them."""
    if isinstance(rates, list | tuple) and np.ndim(rates[0]) == 1:
        return [np.asarray(one, dtype=float) for one in rates]
    return [np.asarray(rates, dtype=float)]


def listed(values: Any, n_curves: int, name: str) -> list[Any]:
    """One for each curve; a single one is that of all."""
    if isinstance(values, list | tuple):
        check_length(values, n_curves, name)
        return list(values)
    return [values] * n_curves


def check_length(values: Sequence[Any], n_curves: int, name: str) -> None:
    """Refuse a list that is not as long as there are curves."""
    if len(values) != n_curves:
        raise ValueError(
            f"The '{name}' parameter must have one entry for each of the {n_curves} "
            f"curves. Got {len(values)} instead."
        )


def curve_label(name: str | None, area: float | None) -> str | None:
    """What the legend says of a curve: its name and its area, as far as known."""
    name = name and shown(name)
    if area is None:
        return name
    return f"{name} (AUC {area:.2f})" if name else f"AUC {area:.2f}"


def lowest_rate(fprs: Sequence[Any], n_nonmembers: int | None) -> float:
    """The lowest rate that is drawn on a logarithmic axis."""
    start = min(float(of[of > 0].min(initial=1.0)) for of in fprs)
    return min(start, 1 / n_nonmembers if n_nonmembers else 1.0, 0.5)


def band_opacity(n_curves: int) -> float:
    """How strong each of so many bands is, which lie on one another."""
    return 0.22 if n_curves < 3 else 0.13 if n_curves < 6 else 0.08
