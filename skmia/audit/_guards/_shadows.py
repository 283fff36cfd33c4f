"""Shadow models that are no comparison: they know what they should not, or differ."""

from collections.abc import Iterator

from skmia._tables import person_means
from skmia.audit._evidence import Evidence
from skmia.audit._guards._base import Guard, Severity
from skmia.audit._missing_shadows import furthest_off, what_is_missing
from skmia.shadows import informed_auc
from skmia.utils import percent

# Shadows of this much more or less of the rows are another comparison.
_MAX_OTHER_FRACTION = 0.1


def unmoved_shadows(evidence: Evidence) -> Iterator[Guard]:
    """Report shadows that all answer alike, whatever rows they were trained on."""
    if evidence.shadows_move:
        return
    message = (
        f"All {evidence.n_models} shadow models give every record the same answer, "
        "although they were trained on different rows. Either the model ignores its "
        "training data, or a part of it stays as it is when it is fitted again, and "
        "what that part leaks is not measured: a fitted model behind a function, in a "
        "file, or in a class with a clone of its own."
    )
    yield Guard("unmoved_shadows", "warning", message, evidence.n_models)


def other_train_size(evidence: Evidence) -> Iterator[Guard]:
    """Report shadows that were trained on another fraction of the rows."""
    if evidence.shadows is None or evidence.target is not None:
        return
    ours, theirs = float(evidence.membership.mean()), evidence.shadows["train_size"]
    if abs(ours - theirs) <= _MAX_OTHER_FRACTION:
        return
    message = (
        f"The model was trained on {percent(round(ours, 3))} of the rows and its "
        f"shadow models on {percent(round(theirs, 3))}, so that attacks with shadows "
        "may underestimate leakage. Few shadow models cannot have a fraction near 0 "
        "or 1: pass more of them, or sets of more equal size."
    )
    yield Guard("other_train_size", "warning", message, value=theirs)


def too_few_shadows(evidence: Evidence) -> Iterator[Guard]:
    """Report shadows that were added up to a limit, and are not enough."""
    auto = (evidence.shadows or {}).get("auto")
    if evidence.target is not None or not auto or auto["settled"]:
        return
    n = evidence.n_models
    message = (
        f"{n} shadow models were fitted, the most that was allowed. "
        f"{what_is_missing(auto)} Allow for more of them, with max_models, or for less "
        "precision."
    )
    expected = furthest_off(auto)["expected"]
    yield Guard("too_few_shadows", "warning", message, n, expected)


def informed_shadows(evidence: Evidence) -> Iterator[Guard]:
    """Report shadows that tell the model's members from its non-members."""
    if evidence.outside_means is None:
        return
    member, means = evidence.membership, evidence.outside_means
    if evidence.persons is not None:
        # Rows of a person say the same once more.
        first, means = person_means(means, evidence.persons)
        member = member[first]
    auc = informed_auc(member, means)
    if auc is None:
        return
    message = (
        "Shadow models that have not seen a record tell whether it is a member of the "
        f"audited model, with AUC {auc:.3f}. Nothing told them: either a part that was "
        "fitted on the members is in all of them, or in the features, and attacks with "
        "shadows underestimate leakage; or the members are easier rows, from another "
        "source or time."
    )
    yield Guard("informed_shadows", "warning", message, value=auc)


def shadows_unlike_target(evidence: Evidence) -> Iterator[Guard]:
    """Report a model that is not like models that were fitted as it seems to be."""
    shadows = evidence.shadows
    # They may have been fitted as the model was.
    given = "given" in evidence.settings.get("shadows", ())
    for found in evidence.mismatches:
        if shadows is None and not found.kind.endswith("rows"):
            continue  # of no matter to attacks that compare with no fit
        certain = found.kind == "fewer_rows" or (
            shadows is not None and (found.kind == "more_rows" or not given)
        )
        severity: Severity = "warning" if certain and found.matters else "note"
        yield Guard("shadows_unlike_target", severity, found.message)
    difference = evidence.difference
    if difference is None:
        return
    rows = "rows that they were trained on" if difference.inside else "other rows"
    message = (
        f"The model is unlike its {evidence.n_models} shadow models, by more than "
        f"chance: on {rows} the mean {difference.what} is {difference.target:.3g} for "
        f"it and {difference.shadows:.3g} for them. Attacks with shadows then mislead, "
        "and mostly underestimate leakage. Check that the rows are as the model saw "
        "them when it was fitted (scaled, encoded, columns in the same order), that "
        "the members are its training rows, all of them, and that a fit of it today "
        "is the fit that it had: weights, early stopping, parameters that were "
        "changed later."
    )
    if evidence.persons is None:
        message += (
            " Where rows come several a person, pass groups=: shadows that have part "
            "of a person's rows know the others as well."
        )
    yield Guard("shadows_unlike_target", "warning", message, value=difference.target)
