"""Shadow models that lack classes or records, or that cannot be shadows."""

from collections.abc import Iterator

from skmia.audit._evidence import Evidence
from skmia.audit._guards._base import Guard

MORE_SPLITS = (
    "Pass cv=RepeatedStratifiedKFold(n_repeats=5), or StratifiedShuffleSplit with 10 "
    "splits or more, to cross_validate."
)


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
    if not evidence.splits_are_dependent:
        return
    message = (
        "No attack with shadow models was run. The splits are folds of one run, or too "
        "few, or not drawn independently: who is in the others would tell who is in "
        f"this one. Such an attack may find much more. {MORE_SPLITS}"
    )
    yield Guard("dependent_splits", "warning", message)


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
