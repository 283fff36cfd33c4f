"""What each attack does, in a line for readers who do not program."""

from collections.abc import Mapping, Sequence
from typing import Any

from skmia.audit._reach import GAP

_BY_CLASS = {
    "LossThresholdAttack": (
        "Calls a row a member where the model is very sure of its true class."
    ),
    "LiRAAttack": (
        "Compares how sure the model is with how sure models are that were, and were "
        "not, trained on the row."
    ),
    "RMIAAttack": (
        "Compares how much surer the model is than models without the row, with the "
        "same for other rows."
    ),
    "CalibratedLossAttack": (
        "Compares how sure the model is with the mean of models without the row."
    ),
    "ShadowClassifierAttack": (
        "A classifier that learned from shadow models what answers to members are like."
    ),
    "QuantileAttack": (
        "Compares how sure the model is with how sure it is of similar non-members."
    ),
    "LabelOnlyAttack": (
        "Changes a row a little and watches whether the predicted label changes: of "
        "members it does so less often."
    ),
    "StackedAttack": (
        "Combines the evidence of several attacks by what worked on shadow models."
    ),
}
_GAP = "Calls a row a member where the predicted label is right."
_UNKNOWN = "Scores that were given to the report: higher for members."


def explain(names: Sequence[str], settings: Mapping[str, Any]) -> dict[str, str]:
    """A line for each attack."""
    chosen = settings.get("attacks") or {}
    return {name: _explain(name, chosen.get(name)) for name in names}


def _explain(name: str, chosen: Mapping[str, Any] | None) -> str:
    if name == GAP:
        return _GAP
    if not isinstance(chosen, Mapping):
        return _UNKNOWN
    own = str(chosen.get("class"))
    return _BY_CLASS.get(own, f"An attack of the user's own, {own}.")
