"""Shadow models that lack classes or records, or that cannot be shadows."""

from collections.abc import Iterator

from skmia.audit._evidence import Evidence
from skmia.audit._guards._base import Guard


def scores_of_other_rows(evidence: Evidence) -> Iterator[Guard]:
    """Report accuracies in cv_results that are not those on the rows passed."""
    if evidence.other_scores is None:
        return
    stored, own = evidence.other_scores
    message = (
        f"The mean test score in cv_results is {stored:.3g}, and the accuracy on these "
        f"test rows is {own:.3g}. If the scores are accuracies, X and y are not those "
        "of the cross-validation, or not in the same order: members and non-members "
        "are mixed, and nothing seems to leak. If they are of another kind, pass "
        "cv_results without them."
    )
    yield Guard("scores_of_other_rows", "warning", message, value=own - stored)


def missing_classes(evidence: Evidence) -> Iterator[Guard]:
    """Report classes that a shadow model was not trained on."""
    count = evidence.n_missing_classes
    if not count:
        return
    message = (
        f"{count:,} times, over {evidence.n_models} shadows, a shadow's training rows "
        "lacked a class. It gives that class a probability of 0, and records of so "
        "rare a class are compared on little."
    )
    yield Guard("missing_classes", "warning", message, count)


def dependent_splits(evidence: Evidence) -> Iterator[Guard]:
    """Report splits that cannot be each other's shadows."""
    if evidence.no_shadows:
        message = (
            f"No attack with shadow models was run, and such an attack may find much "
            f"more. {evidence.no_shadows}"
        )
        yield Guard("dependent_splits", "warning", message)
    elif count := evidence.n_without_shadows:
        message = (
            f"{count:,} of the models have too few shadows among the others and were "
            "left out: the figures are about the rest."
        )
        yield Guard("dependent_splits", "warning", message, count)


def one_sided_records(evidence: Evidence) -> Iterator[Guard]:
    """Report records that all shadows of a target hold, or none."""
    fraction = evidence.one_sided_fraction
    if not fraction:
        return
    message = (
        f"On average {100 * fraction:.3g} % of the records are in all of a target's "
        "shadow models or in none. These are judged by what is typical of others, "
        "which may underestimate their leakage; more splits would help."
    )
    yield Guard("one_sided_records", "warning", message, value=fraction)
