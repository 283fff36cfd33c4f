"""What is audited of a search or a threshold wrapper, and what searches again."""

from collections.abc import Iterator

from skmia._models import Replaced
from skmia.audit._evidence import Evidence
from skmia.audit._guards._base import Guard, Severity
from skmia.audit._inputs import describe_estimator


def audited_inside(evidence: Evidence) -> Iterator[Guard]:
    """Report searches and threshold wrappers that were audited as what is inside."""
    if evidence.audited is None:
        return
    severity: Severity
    for found in evidence.audited.replaced:
        message = (
            _of_search(found, evidence) if found.is_search else _of_threshold(found)
        )
        severity = "warning" if found.splits_rows else "note"
        yield Guard("audited_inside", severity, message)


def _of_search(found: Replaced, evidence: Evidence) -> str:
    message = (
        f"The {_called(found)} was audited as its best_estimator_, "
        f"{describe_estimator(found.inner)}. "
    )
    if "given" in evidence.settings.get("shadows", ()):
        message += (
            "The shadow models that were given are a comparison where they have the "
            "parameters that the search chose. "
        )
    elif evidence.shadows is not None:
        message += "Shadow models have the parameters that the search chose. "
    return message + (
        "What the choice itself tells of the rows is not part of the audit; "
        "ShadowModels(refit_search=True) makes shadow models search, too."
    )


def _of_threshold(found: Replaced) -> str:
    message = (
        f"The {_called(found)} was audited as the classifier inside, "
        f"{describe_estimator(found.inner)}: attacks read its confidences, and "
        "accuracies and the attacks on labels are about the labels at the threshold. "
        "What the choice of the threshold tells of the rows is not part of the audit."
    )
    if found.splits_rows:
        message += (
            " With refit=False the classifier inside was fitted on a part of the rows "
            "only, and the others are no members: attacks underestimate leakage where "
            "they are passed as such. Pass that part as members, or fit with "
            "refit=True."
        )
    elif found.was_fitted_before:
        message += (
            " It was fitted before the threshold was set, and the members are the rows "
            "of that fit."
        )
    return message


def searching_shadows(evidence: Evidence) -> Iterator[Guard]:
    """Report shadow models that search for parameters of their own."""
    if evidence.n_choices > 1 and evidence.shadows is not None:
        message = (
            f"The searches of the splits chose {evidence.n_choices} different sets of "
            "parameters, and the models are each other's shadow models: with other "
            "parameters they are a worse comparison, and attacks with shadows mostly "
            "read less. Cross-validate the model with fixed parameters, or audit the "
            "one that is released with audit_classifier."
        )
        yield Guard("searching_shadows", "warning", message, evidence.n_choices)
    audited = evidence.audited
    if audited is None or not audited.repeated or evidence.shadows is None:
        return
    names = sorted({type(part).__name__ for _, part in audited.repeated})
    message = (
        f"Each shadow model searches again ({', '.join(names)}), and may choose other "
        "parameters than the model's: attacks with shadows then mostly read less than "
        "with shadow models of its parameters."
    )
    if not audited.asked_for:
        message += (
            " No one model can take its place here. Fit the model with parameters that "
            "are fixed, and audit that."
        )
    severity: Severity = "note" if audited.asked_for else "warning"
    yield Guard("searching_shadows", severity, message, len(audited.repeated))


def _called(found: Replaced) -> str:
    name = type(found.outer).__name__
    return f"{name} in {found.place!r}" if found.place else name
