"""From what the workers worked out to the other side of every record."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmia.shadows._counterfactual._asking import TWO_SIDED
from skmia.shadows._counterfactual._fill import fill_unknown
from skmia.shadows._counterfactual._plan import Plan
from skmia.shadows._counterfactual._record import Counterfactual
from skmia.signals import BoolArray

Signals = dict[str, NDArray[np.float32]]


def finish(
    plan: Plan | None,
    why_not: str,
    results: list[Any],
    signals: Signals,
    inside: BoolArray,
) -> tuple[Signals | None, Counterfactual]:
    """Put the workers' values of the other side together, and judge them.

    Parameters
    ----------
    plan : Plan or None
        The closed form.
    why_not : str
        Why there is none.
    results : list of ShadowResult
        One for each shadow.
    signals : dict of str to ndarray of shape (n_shadows, n_records)
        What was observed.
    inside : ndarray of bool of shape (n_shadows, n_records)
        Which records, or copies of them, each shadow was fitted on.

    Returns
    -------
    other : dict of str to ndarray of float32 of shape (n_shadows, n_records)
        None where there is no closed form.
    counterfactual : Counterfactual
        What became of it.
    """
    n_fits = len(results)
    if plan is None:
        return None, Counterfactual(why_not=why_not, n_fits=n_fits)
    seconds = np.array([result.counterfactual_seconds for result in results])
    reasons = [result.why_not for result in results if result.other is None]
    about = {
        "family": plan.name,
        "exact": plan.exact,
        "n_fits": n_fits,
        "seconds": seconds,
    }
    if reasons:
        return None, Counterfactual(why_not=reasons[0], **about)
    other: Signals = {}
    n_unknown = 0
    for name in TWO_SIDED:
        values = np.stack([result.other.pop(name) for result in results])
        unknown = np.isnan(values)
        n_unknown = int(unknown.sum())
        if unknown.all():
            why = f"the closed form of {plan.name} tells of no record"
            return None, Counterfactual(why_not=why, **about)
        other[name] = fill_unknown(values, signals[name], inside)
    return other, Counterfactual(used=True, n_unknown=n_unknown, **about)
