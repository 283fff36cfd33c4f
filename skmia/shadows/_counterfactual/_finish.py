"""From what the workers worked out to the other side of every record."""

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmia._models import Saturation
from skmia.shadows._counterfactual._asking import TWO_SIDED
from skmia.shadows._counterfactual._calibration import Fit, bounds_of, compare_gaps
from skmia.shadows._counterfactual._plan import Plan
from skmia.shadows._counterfactual._record import Counterfactual
from skmia.shadows._counterfactual._scaling import Factors, settle
from skmia.shadows._counterfactual._worth import finds_less
from skmia.signals import BoolArray, IndexArray

Signals = dict[str, NDArray[np.float32]]


def finish(
    plan: Plan | None,
    why_not: str,
    results: list[Any],
    signals: Signals,
    inside: BoolArray,
    distinct: IndexArray,
    weightless: BoolArray,
) -> tuple[Signals | None, Counterfactual]:
    """Put the workers' values of the other side together, judge and scale them.

    Parameters
    ----------
    plan : Plan or None
        The closed form.
    why_not : str
        Why there is none.
    results : list of ShadowResult
        One for each shadow, whose arrays of the other side are taken.
    signals : dict of str to ndarray of shape (n_shadows, n_records)
        What was observed.
    inside : ndarray of bool of shape (n_shadows, n_records)
        Which records, or copies of them, each shadow was fitted on.
    distinct : ndarray of int
        Positions of one record of each content.
    weightless : ndarray of bool of shape (n_records,)
        Records that no fit learns from, in whatever training set they are: both sides
        are what the shadow answers.

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
    about = Counterfactual(
        family=plan.name,
        exact=plan.exact,
        n_fits=n_fits,
        seconds=np.array([result.counterfactual_seconds for result in results]),
    )
    reasons = [result.why_not for result in results if result.other is None]
    if reasons:
        return None, replace(about, why_not=reasons[0])
    other = {s: np.stack([r.other.pop(s) for r in results]) for s in TWO_SIDED}
    # Left out of all that is judged and averaged, where they would dilute the gaps.
    for values in other.values():
        values[:, weightless] = np.nan
    found, about = calibrate(
        other, signals, inside, distinct[~weightless[distinct]], plan, about
    )
    for name, values in (found or {}).items():
        values[:, weightless] = signals[name][:, weightless]
    n_weightless = int(weightless.sum()) * n_fits
    return found, replace(about, n_unknown=about.n_unknown - n_weightless)


def calibrate(
    other: Signals,
    signals: Signals,
    inside: BoolArray,
    distinct: IndexArray,
    plan: Plan,
    about: Counterfactual,
) -> tuple[Signals | None, Counterfactual]:
    """Scale the other side by what shadows show; fill what is not known.

    What is exact is left as it is. Else the logit decides whether there is a closed
    form at all: where predicted and observed gaps do not correlate, there is none. Nor
    is there any with which attacks find less on the shadows than without it.
    """
    unknown = np.isnan(other["logit"])
    about = replace(about, n_unknown=int(unknown.sum()))
    if unknown.all():
        why = f"the closed form of {plan.name} tells of no record"
        return None, replace(about, why_not=why)
    fits = {s: compare_gaps(other[s], signals[s], inside, distinct) for s in other}
    told = {s: fit for s, fit in fits.items() if fit is not None}
    about = replace(
        about,
        slope={s: (f.without.slope, f.with_.slope) for s, f in told.items()},
        offset={s: (f.without.offset, f.with_.offset) for s, f in told.items()},
        correlation={
            s: (f.without.correlation, f.with_.correlation) for s, f in told.items()
        },
    )
    scaled: dict[str, Factors] = dict.fromkeys(other, (1.0, 1.0))
    of_logit = fits["logit"]
    why = _why_left_out(of_logit, plan)
    if why:
        return None, replace(about, why_not=why)
    if not plan.exact and of_logit is not None:
        scaled = {s: _factors(fit, of_logit, plan) for s, fit in fits.items()}
    if scaled["logit"] == (None, None):
        why = (
            f"what that of {plan.name} predicts does not correlate with what the "
            "shadows show, in either direction"
        )
        return None, replace(about, why_not=why)
    for name, values in other.items():
        own = signals[name]
        other[name] = settle(values, own, inside, scaled[name], bounds_of(own))
    ends = Saturation.of(signals["logit"], other["logit"])
    there, own = (ends.soften(side["logit"]) for side in (other, signals))
    if finds_less(there, own, inside, distinct):
        why = (
            f"attacks find less on the shadow models with that of {plan.name} than "
            "without it"
        )
        return None, replace(about, why_not=why)
    return other, replace(about, used=True, factor=scaled)


def _why_left_out(fit: Fit | None, plan: Plan) -> str:
    wrong = f"that of {plan.name} contradicts what the shadows show"
    if plan.exact:
        return wrong if fit is not None and fit.misses else ""
    if plan.trusted:
        return wrong if fit is not None and (fit.misses or fit.contradicts()) else ""
    if fit is None:
        return (
            f"there are too few records to compare that of {plan.name} with what the "
            "shadows show"
        )
    if not fit.correlates:
        return (
            f"what that of {plan.name} predicts does not correlate with what the "
            "shadows show"
        )
    if fit.exaggerates():
        return f"that of {plan.name} predicts far more than the shadows show"
    return ""


def _factors(fit: Fit | None, of_logit: Fit, plan: Plan) -> Factors:
    """Of a signal that tells too little by itself, those of the logit."""
    if fit is None or not fit.correlates:
        fit = of_logit
    return fit.factors(trusted=plan.trusted)
