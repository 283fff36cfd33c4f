"""What a report says of shadow models that tell both sides of a record."""

from collections.abc import Mapping
from typing import Any


def both_sides(shadows: Mapping[str, Any] | None) -> list[str]:
    """Sentences for readers who do not program, on ``shadows`` of a report's contents.

    None where the report does not know, as one from elsewhere.
    """
    about = (shadows or {}).get("counterfactual")
    if not shadows or not about:
        return []
    if about["used"]:
        return [*_fits(about, shadows["n_shadows"]), *_formula(about)]
    if not about["why_not"]:
        return []
    reason = about["why_not"].rstrip(".")
    if about["family"] is None or about["correlation"] is None:
        return [f"Each shadow model tells one side of a record alone: {reason}."]
    return [
        "Each shadow model tells one side of a record alone: the formula for the other "
        f"side was left out. {reason[0].upper()}{reason[1:]}. {_agreement(about)}"
    ]


def _fits(about: Mapping[str, Any], n_shadows: int) -> list[str]:
    n_fits = about["n_fits"]
    if n_fits == 0:
        return [
            f"No shadow model was fitted: what {n_shadows:,} of them would answer "
            "follows from the records."
        ]
    if n_fits is None:
        return []
    models = "model was" if n_fits == 1 else "models were"
    if n_fits == n_shadows:
        return [f"{n_fits:,} shadow {models} fitted."]
    return [
        f"{n_fits:,} {models} fitted, from which {n_shadows:,} shadow models follow."
    ]


def _formula(about: Mapping[str, Any]) -> list[str]:
    told = "Each tells both sides of every record: with it in training, and without"
    name = about["family"]
    by = "" if name is None else f", by the formula of {name}"
    if about["exact"]:
        found = [f"{told}. One is observed, and the other follows exactly{by}."]
    else:
        found = [
            f"{told}. One is observed, and the other is estimated to first order{by}."
        ]
    if about["slope"] is not None and about["correlation"] is not None:
        found.append(_agreement(about))
        if not about["exact"]:
            found.append("The estimates were scaled by that.")
    return found


def _agreement(about: Mapping[str, Any]) -> str:
    """Slope and correlation, of members taken out and of others put in."""
    sides = ("records taken out", "records put in")
    parts = [
        f"{slope:.2f} times for {side} (correlation {correlation:.2f})"
        for side, slope, correlation in zip(
            sides, about["slope"], about["correlation"], strict=True
        )
        if slope is not None and correlation is not None
    ]
    if not parts:
        return "It could not be compared between the shadow models."
    return (
        "Between the shadow models, the two sides lay apart as far as predicted "
        f"{' and '.join(parts)}."
    )
