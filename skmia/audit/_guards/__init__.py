"""What would make a figure misleading: one table of all guards.

A guard never changes a figure. It stands beside the figures in every form of the
report, so that a number is not read as more than it is. A new guard is one entry here,
with its function in one of the files beside it, a test, and a section of the guide.
"""

from collections.abc import Iterable, Sequence

from skmia.audit._evidence import Evidence
from skmia.audit._guards._answers import (
    attacks_not_run,
    labels_tell_more,
    members_at_chance,
    members_less_accurate,
    saturated_probabilities,
    unsteady_answers,
)
from skmia.audit._guards._base import Check, Guard, Severity
from skmia.audit._guards._blind import blind_classifier
from skmia.audit._guards._inside import audited_inside, searching_shadows
from skmia.audit._guards._persons import (
    few_large_persons,
    rows_per_person,
    shared_persons,
)
from skmia.audit._guards._promise import broken_promise, voided_promise
from skmia.audit._guards._rows import (
    duplicate_rows,
    near_copies,
    partial_members,
    shared_rows,
    weightless_rows,
)
from skmia.audit._guards._scores import (
    MIN_FALSE_POSITIVES,
    below_chance,
    few_false_positives,
    tied_scores,
    unresolvable_fpr,
)
from skmia.audit._guards._shadows import (
    informed_shadows,
    other_train_size,
    shadows_unlike_target,
    too_few_shadows,
    unmoved_shadows,
)
from skmia.audit._guards._splits import (
    dependent_splits,
    missing_classes,
    one_sided_records,
    scores_of_other_rows,
)
from skmia.audit._guards._structure import carries_training_rows
from skmia.audit._guards._unchecked import NEEDS, find_unchecked

_WARNING: tuple[Severity, ...] = ("warning",)
_NOTE: tuple[Severity, ...] = ("note",)
_EITHER = _WARNING + _NOTE

CHECKS = (
    Check(voided_promise, "a promise of privacy that is not the model's", _WARNING),
    Check(
        broken_promise,
        "a promise of privacy that does not hold",
        _WARNING,
        needs_figures=True,
    ),
    Check(dependent_splits, "splits that cannot be each other's shadows", _WARNING),
    Check(one_sided_records, "records in all shadows or in none", _WARNING),
    Check(unmoved_shadows, "shadows that answer alike", _WARNING, voids=True),
    Check(informed_shadows, "shadows that know the members", _WARNING, voids=True),
    Check(shadows_unlike_target, "a model unlike its shadows", _EITHER, voids=True),
    Check(scores_of_other_rows, "scores of other test rows", _WARNING, voids=True),
    Check(carries_training_rows, "training rows in the model's file", _WARNING),
    Check(other_train_size, "shadows of another training fraction", _WARNING),
    Check(too_few_shadows, "too few shadows", _WARNING),
    Check(partial_members, "training rows that were not passed", _WARNING),
    Check(audited_inside, "a search audited as what it chose", _EITHER),
    Check(searching_shadows, "shadows that search again", _EITHER),
    Check(near_copies, "rows of both sides but for last digits or an id", _WARNING),
    Check(shared_rows, "rows on both sides", _EITHER, slight=True),
    Check(duplicate_rows, "repeated rows", _EITHER, slight=True),
    Check(shared_persons, "persons on both sides", _EITHER, slight=True),
    Check(rows_per_person, "numbers of rows that tell persons apart", _WARNING),
    Check(few_large_persons, "few persons with most of the rows", _WARNING),
    Check(weightless_rows, "rows of weight 0", _EITHER, slight=True),
    Check(attacks_not_run, "attacks that need more than there is", _EITHER),
    Check(labels_tell_more, "labels that tell more than confidences", _WARNING),
    Check(members_less_accurate, "a model worse on its training rows", _WARNING),
    Check(
        members_at_chance, "answers without regard to the labels", _WARNING, voids=True
    ),
    Check(
        unsteady_answers,
        "answers that differ when asked again",
        _EITHER,
        voids=True,
        slight=True,
    ),
    Check(
        saturated_probabilities,
        "probabilities of exactly 0 or 1",
        _EITHER,
        slight=True,
    ),
    Check(
        blind_classifier,
        "sets that differ without the model",
        _EITHER,
        confounds=True,
    ),
    Check(missing_classes, "classes that a shadow lacked", _WARNING),
    Check(unresolvable_fpr, "too few non-members for a figure", _WARNING),
    Check(few_false_positives, "few non-members behind a figure", _NOTE),
    Check(below_chance, "an attack below chance", _WARNING),
    Check(tied_scores, "scores that many records share", _NOTE),
)

# Guards of figures that keep no limit, however low they are; as a note they do.
VOIDING = {check.name for check in CHECKS if check.voids}

# Guards of figures that are not of the model alone.
CONFOUNDING = {check.name for check in CHECKS if check.confounds}

# What each is called in plain words.
TITLES = {check.name: check.title for check in CHECKS}

_NAMES = "\n        ".join(f'- ``"{c.name}"``: {c.title}' for c in CHECKS)
if Guard.__doc__:  # there is none under python -OO
    Guard.__doc__ = Guard.__doc__.replace("<names>", _NAMES)


def is_no_measure(guards: Iterable[Guard]) -> bool:
    """Whether figures are no measure of the model, or not of it alone."""
    warnings = {guard.name for guard in guards if guard.severity == "warning"}
    return bool(warnings & (VOIDING | CONFOUNDING))


def run_guards(evidence: Evidence, given: Sequence[Guard] = ()) -> tuple[Guard, ...]:
    """Run all guards; those given and those found, warnings first."""
    found = [*given]
    for check in sorted(CHECKS, key=lambda check: check.needs_figures):
        if not (check.needs_figures and is_no_measure(found)):
            found += check.find(evidence)
    places = {check.name: place for place, check in enumerate(CHECKS)}
    found[len(given) :] = sorted(found[len(given) :], key=lambda g: places[g.name])
    return tuple(sorted(found, key=lambda guard: guard.severity == "note"))


__all__ = [
    "CHECKS",
    "CONFOUNDING",
    "MIN_FALSE_POSITIVES",
    "NEEDS",
    "TITLES",
    "VOIDING",
    "Check",
    "Guard",
    "find_unchecked",
    "is_no_measure",
    "run_guards",
]
