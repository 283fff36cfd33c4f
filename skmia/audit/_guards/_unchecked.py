"""Guards that could not look, and why: their silence says nothing."""

from collections.abc import Callable
from typing import NamedTuple

from skmia.audit._evidence import Evidence


class Unchecked(NamedTuple):
    """Why a guard did not look.

    Where it `applies`, it might have found something; where it does not, there is
    nothing that it could be about.
    """

    reason: str
    applies: bool


def _no_rows(evidence: Evidence) -> Unchecked | None:
    if evidence.X is not None:
        return None
    if evidence.target is not None:
        return Unchecked(
            "Each record is a member of some models and no member of others, so that "
            "the two sides have the same rows.",
            False,
        )
    return Unchecked("The audit was given no rows to look at.", True)


def _no_answers(evidence: Evidence) -> Unchecked | None:
    if evidence.correct is not None:
        return None
    return Unchecked("The audit was given scores and no answers of the model.", True)


def _no_confidences(evidence: Evidence) -> Unchecked | None:
    if evidence.own_proba is not None:
        return None
    if "confidences" in evidence.not_run:
        return Unchecked("The model gives labels only, and no probabilities.", False)
    return _no_answers(evidence) or Unchecked("There are no probabilities.", True)


def _no_model(evidence: Evidence) -> Unchecked | None:
    if evidence.audited is not None or evidence.target is not None:
        return None
    return Unchecked("The audit was given no model to look into or to ask.", True)


def _not_asked_again(evidence: Evidence) -> Unchecked | None:
    if evidence.again is not None:
        return None
    return Unchecked("No model was asked for the same rows twice.", True)


def _no_structure(evidence: Evidence) -> Unchecked | None:
    if evidence.structure is None:
        return Unchecked("The audit did not look into the state of a model.", True)
    found = evidence.structure.found("carried_rows")
    if found is None or found.outcome in ("risk", "nothing_found"):
        return None
    return Unchecked(found.message, found.outcome == "not_measured")


def _no_comparison(evidence: Evidence) -> Unchecked | None:
    if evidence.difference is not None or evidence.shadows is not None:
        return None
    return Unchecked(
        "No shadow models tell whether the model is what its members would make.", True
    )


def _no_shadows(evidence: Evidence) -> Unchecked | None:
    if evidence.shadows is not None:
        return None
    return Unchecked("No attack of this audit has shadow models.", False)


def _one_model(evidence: Evidence) -> Unchecked | None:
    if evidence.target is not None:
        return None
    return Unchecked("One model was audited, and no cross-validation.", False)


def _no_persons(evidence: Evidence) -> Unchecked | None:
    if evidence.persons is not None:
        return None
    return Unchecked("The audit was not told whose the rows are.", False)


def _no_promise(evidence: Evidence) -> Unchecked | None:
    if evidence.promise is not None:
        return None
    return Unchecked("No model was audited that promises differential privacy.", False)


def _nothing(evidence: Evidence) -> Unchecked | None:
    return None


#: What each guard has to see. A new guard is entered here as well.
NEEDS: dict[str, Callable[[Evidence], Unchecked | None]] = {
    "voided_promise": _no_promise,
    "broken_promise": _no_promise,
    "dependent_splits": _one_model,
    "one_sided_records": _one_model,
    "unmoved_shadows": _no_shadows,
    "informed_shadows": _no_shadows,
    "shadows_unlike_target": _no_comparison,
    "scores_of_other_rows": _one_model,
    "carries_training_rows": _no_structure,
    "other_train_size": _no_shadows,
    "too_few_shadows": _no_shadows,
    "partial_members": _no_model,
    "audited_inside": _no_model,
    "searching_shadows": _no_shadows,
    "near_copies": _no_rows,
    "shared_rows": _no_rows,
    "duplicate_rows": _no_rows,
    "shared_persons": _no_persons,
    "rows_per_person": _no_persons,
    "few_large_persons": _no_persons,
    "weightless_rows": _no_rows,
    "attacks_not_run": _nothing,
    "labels_tell_more": _no_answers,
    "members_less_accurate": _no_answers,
    "members_at_chance": _no_answers,
    "unsteady_answers": _not_asked_again,
    "saturated_probabilities": _no_confidences,
    "blind_classifier": _no_rows,
    "missing_classes": _no_shadows,
    "unresolvable_fpr": _nothing,
    "few_false_positives": _nothing,
    "below_chance": _nothing,
    "tied_scores": _nothing,
}


def find_unchecked(evidence: Evidence) -> dict[str, Unchecked]:
    """The guards that could not look, with the reason."""
    found = {name: why(evidence) for name, why in NEEDS.items()}
    return {name: why for name, why in found.items() if why is not None}
