"""One private fit from the parameters to the model: the budget, the steps, groups."""

from collections.abc import Callable
from dataclasses import replace
from numbers import Number
from typing import Any

import numpy as np

from skmia._tables import is_per_row
from skmia.defenses._private._budget import Budget
from skmia.defenses._private._groups import keep_some_rows
from skmia.defenses._private._mechanism import Fitted, Mechanism, Settings
from skmia.defenses._private._steps import PrivateFit, make_plan
from skmia.defenses._private._weights import check_weights
from skmia.defenses._training import TrainingData

Charge = Callable[[Budget, dict[str, float]], None]

# Draws of Gaussian noise end where one of 2^64 would be larger, see `_noise.py`: what a
# fit of many draws can prove ends here.
LEAST_DELTA = 1e-10


def whole_budget(mechanism: Mechanism, epsilon: float, delta: float) -> Budget:
    """The budget of a fit.

    Raises
    ------
    ValueError
        Where the mechanism has Gaussian noise, and `delta` is 0 or below what its
        draws can prove.
    """
    if not mechanism.gaussian or (delta == 0 and mechanism.pure):
        return Budget(epsilon)
    if delta == 0:
        raise ValueError(
            f"The 'delta' parameter must be above 0 for mechanism={mechanism.name!r}, "
            "whose noise is Gaussian. Got 0 instead; pass 1e-5, or a mechanism that "
            "needs none, such as mechanism='objective' for LogisticRegression."
        )
    if delta < LEAST_DELTA:
        raise ValueError(
            f"The 'delta' parameter must be {LEAST_DELTA:g} or more for mechanism="
            f"{mechanism.name!r}: its Gaussian noise is drawn from 64 bits, and "
            f"proves nothing below. Got {delta!r} instead."
        )
    return Budget.gaussian(epsilon, delta)


def private_fit(
    mechanism: Mechanism,
    estimator: Any,
    data: TrainingData,
    settings: Settings,
    scaler_fraction: float,
    charge: Charge,
) -> Fitted:
    """Fit an estimator, after the budget was charged.

    Parameters
    ----------
    mechanism : Mechanism
        What to fit it with.
    estimator : estimator
        A classifier, or a Pipeline that ends in one.
    data : TrainingData
        The rows.
    settings : Settings
        With the budget of the whole fit.
    scaler_fraction : float
        Share of the budget for the scalers of a Pipeline.
    charge : callable
        Called with the budget and how it is divided, before a row is looked at.
        What is spent stays spent where the fit fails later: a failure is an output too.
    """
    budget = settings.budget
    data = replace(data, params=_bounded(mechanism, data, settings))
    if not mechanism.keeps_persons_whole:
        data = keep_some_rows(data, settings.group_size)
    settings = replace(settings, groups=data.groups)
    if mechanism.owns_steps:
        mechanism.check(estimator)
        for name in ("bounds", "data_norm"):
            if not isinstance(getattr(settings, name), str):
                raise ValueError(
                    f"The {name!r} parameter means nothing to the votes of teachers. "
                    f"Got {getattr(settings, name)!r} with 'X_public'; leave one of "
                    "the two out."
                )
        charge(budget, {"votes": budget.amount})
        return mechanism.fit(estimator, data, settings)
    plan = make_plan(
        mechanism, estimator, bounds=settings.bounds, data_norm=settings.data_norm
    )
    shares = {
        "searches": settings.search_fraction if plan.n_searches else 0.0,
        "scaler": scaler_fraction if plan.n_scalers else 0.0,
    }
    if sum(shares.values()) >= 1:
        raise ValueError(
            "The 'bounds_fraction' and 'scaler_fraction' parameters must leave a "
            "fraction of epsilon for the classifier. Got "
            f"{settings.search_fraction!r} and {scaler_fraction!r} instead."
        )
    shares["classifier"] = 1 - sum(shares.values())
    budgets = {name: budget.part(share) for name, share in shares.items() if share}
    parts = {name: part.amount for name, part in budgets.items()}
    charge(budget, parts)
    return PrivateFit(plan, budgets, settings).fit(data)


def _check_no_tables(params: dict[str, Any], n_rows: int) -> None:
    """Raise where metadata would reach every teacher as a whole.

    A validation set, or anything that can be changed on the way, shows the rows of
    one teacher to all others. What has an entry for each row is divided with the rows.
    """
    if params.get("sample_weight") is not None:
        check_weights(params["sample_weight"], n_rows)
    for name, value in params.items():
        plain = value is None or isinstance(value, str | bytes | Number | np.generic)
        if not (plain or is_per_row(value, n_rows)):
            raise ValueError(
                f"The {name!r} metadata of fit must have one entry for each row, or be "
                f"a number or a string, with 'X_public'. Got {type(value).__name__} "
                "instead, which all teachers would share. Leave it out."
            )


def _bounded(
    mechanism: Mechanism, data: TrainingData, settings: Settings
) -> dict[str, Any]:
    """The metadata that the mechanism takes, with weights cut to their maximum."""
    params = data.params
    if mechanism.owns_steps:
        _check_no_tables(params, len(data))
        return params
    unknown = set(params) - ({"sample_weight"} if mechanism.takes_weight else set())
    if unknown:
        raise ValueError(
            f"fit got the metadata {sorted(unknown)}, which the private mechanism "
            f"{mechanism.name!r} cannot take: its noise is for rows that count "
            "equally. Leave it out, or pass 'X_public', where the teachers take it."
        )
    if params.get("sample_weight") is None:
        return {}
    weights = check_weights(params["sample_weight"], len(data))
    return {"sample_weight": np.minimum(weights, settings.max_sample_weight)}
