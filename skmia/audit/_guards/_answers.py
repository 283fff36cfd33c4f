"""Answers of the model that no attack can read, or that do not fit the two sides."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.stats import fisher_exact

from skmia.audit._averages import read
from skmia.audit._evidence import Evidence
from skmia.audit._guards._base import NOTABLE_FRACTION, Guard
from skmia.metrics import get_metric, roc_auc_interval
from skmia.utils import percent

# Members less accurate than non-members: rare enough to be no accident.
_P_VALUE = 0.001
# Members of a class without which no rate of theirs is told from chance, the share of
# the members that classes with as many hold at least, and how many standard errors
# above chance a model is that has learnt something.
_FEWEST_OF_CLASS = 10
_MOST_MEMBERS = 0.9
_Z_ABOVE_CHANCE = 1.645


def members_less_accurate(evidence: Evidence) -> Iterator[Guard]:
    """Report a model that is right less often on members than on non-members.

    Fisher's exact test, one-sided: a classifier is fitted to be right on its training
    rows, so this points at swapped sets or at members that are not those rows. Several
    models count as one of their mean, since they share the records; so do rows of a
    person.
    """
    accuracy, correct, member = evidence.accuracy, evidence.correct, evidence.membership
    if accuracy is None or correct is None:
        return
    times = float(len(evidence.targets))
    persons = evidence.per_person
    if persons is not None:
        # Rows of a person are right together: they count as one.
        times *= len(evidence.membership) / len(persons.membership)
    table = [
        [round(answers[side].sum() / times) for answers in (correct, ~correct)]
        for side in (member, ~member)
    ]
    if fisher_exact(table, alternative="less").pvalue >= _P_VALUE:
        return
    message = (
        f"The model is right on {percent(round(accuracy[0], 3))} of the members and "
        f"on {percent(round(accuracy[1], 3))} of the non-members. A model is seldom "
        "worse on the rows that it was trained on: check that the two sets are not "
        "swapped and that the members are its training rows."
    )
    gap = accuracy[0] - accuracy[1]
    yield Guard("members_less_accurate", "warning", message, value=gap)


def members_at_chance(evidence: Evidence) -> Iterator[Guard]:
    """Report answers that have nothing to do with the labels of the members.

    Where they do not, the mean over classes of the part that is right is one over the
    number of classes, whatever classes are answered how often; over all but the rare
    ones it is no more. One-sided at 5 %. Labels in another order than the rows read so,
    and so does a model that has learnt nothing. Of two classes the probabilities must
    not rank them either: a model of rare patients may never answer that they are ill.
    """
    correct, labels = evidence.correct, evidence.labels
    if correct is None or labels is None:
        return
    classes, column = np.unique(labels, return_inverse=True)
    member = evidence.membership
    counts = np.bincount(column[member], minlength=len(classes))
    enough = counts >= _FEWEST_OF_CLASS
    n_classes = int(enough.sum())
    if n_classes < 2 or counts[enough].sum() < _MOST_MEMBERS * counts.sum():
        return
    n_right = np.bincount(column[member], correct[member], len(classes))
    right = n_right[enough] / counts[enough]
    independent = counts[enough] / len(evidence.targets)
    error = np.sqrt((right * (1 - right) / independent).sum()) / n_classes
    mean = float(right.mean())
    if error == 0 or mean - 1 / n_classes >= _Z_ABOVE_CHANCE * error:
        return  # always one class, or more often right than without the labels
    if len(classes) == 2 and _ranks_classes(evidence, column):
        return  # seldom another class than the commoner, and for good reason
    over = "their classes" if enough.all() else "all but the rare ones of their classes"
    yield Guard(
        "members_at_chance",
        "warning",
        f"The model is right on {percent(round(mean, 3))} of the members, averaged "
        f"over {over}; answers that have nothing to do with the labels are "
        f"right on {percent(round(1 / n_classes, 3))}. Either it has learnt nothing "
        "from its training rows, or the labels are not in the order of the rows, and "
        "no figure means anything: check y_members.",
        value=mean,
    )


def _ranks_classes(evidence: Evidence, column: NDArray[np.intp]) -> bool:
    """Whether probabilities of the members tell two classes apart, for each model."""
    if evidence.own_proba is None:
        return False
    second = np.where(column == 1, evidence.own_proba, 1 - evidence.own_proba)
    for of in evidence.targets:
        at = of[evidence.membership[of]]
        sides = column[at] == 1
        if sides.all() or not sides.any():
            return False
        if roc_auc_interval(sides, second[at], confidence_level=0.9)[0] <= 0.5:
            return False
    return True


def unsteady_answers(evidence: Evidence) -> Iterator[Guard]:
    """Report a model that gives the same row other probabilities when asked again."""
    again = evidence.again
    if again is None or not again.changes.any():
        return
    changed = again.changes > 0
    if again.are_notable:
        message = (
            f"The answers are not steady: {again}. Audit the model without what makes "
            "its answers vary."
        )
    else:
        message = (
            f"A few answers are not steady: {again}. With so few rows it may be "
            "rounding, where neighbours or features are tied."
        )
    yield Guard(
        "unsteady_answers",
        "warning" if again.are_notable else "note",
        message,
        int(changed.sum()),
        float(again.changes.max()),
    )


def saturated_probabilities(evidence: Evidence) -> Iterator[Guard]:
    """Count records whose own class has a probability of exactly 0 or 1."""
    own = evidence.own_proba
    if own is None:
        return
    count = int(((own == 0) | (own == 1)).sum())
    if not count:
        return
    fraction = count / own.size
    message = (
        f"The model gives {percent(round(fraction, 4))} of the rows a probability of "
        "exactly 0 or 1 for their own class. Among these rows confidence says nothing "
        "more: attacks that read it cannot rank them."
    )
    yield Guard(
        "saturated_probabilities",
        "warning" if fraction >= NOTABLE_FRACTION else "note",
        message,
        count,
        fraction,
    )


def labels_tell_more(evidence: Evidence) -> Iterator[Guard]:
    """Report labels that surely tell members better than any attack that was run."""
    if "gap" not in evidence.scores or "confidences" in evidence.not_run:
        return
    auc = get_metric("auc")
    ends = {name: read(evidence, auc, name)[1] for name in evidence.scores}
    low = ends.pop("gap").low
    if not ends or low <= max(high for _, high in ends.values()):
        return
    message = (
        "Whether the predicted label is right tells members better than any attack on "
        "the model's confidences. These are masked, scaled or coarse, so that attacks "
        "on them underestimate leakage. The figures of 'gap' count; run the attack "
        "'label_only', too, which finds more in labels."
    )
    yield Guard("labels_tell_more", "warning", message, value=low)


def attacks_not_run(evidence: Evidence) -> Iterator[Guard]:
    """Report attacks that lack what this model, or this audit, does not give."""
    if names := evidence.not_run.get("confidences"):
        message = (
            f"The model gives labels only, and {_named(names)} read confidences: not "
            "run. Whoever sees no more than labels cannot run them either. Where "
            "anyone can get scores or probabilities of this model, audit what gives "
            "these."
        )
        made = evidence.settings.get("shadows", {})
        are_plain = not made.get("n_queries") and "given" not in made
        if evidence.shadows is not None and are_plain:
            message += (
                " Of most models, shadows=ShadowModels(n_queries=24), which asks about "
                "copies of the records as well, finds more in labels."
            )
        yield Guard("attacks_not_run", "note", message, len(names))
    if names := evidence.not_run.get("shadows"):
        message = (
            f"{_named(names)} compare the model with others that are fitted like it, "
            "and a function cannot be fitted: not run. They mostly find much more. "
            "Pass FunctionClassifier an unfitted 'estimator' like the model, or "
            "shadows=ShadowSignals(signals, member) of models that were fitted "
            "elsewhere."
        )
        yield Guard("attacks_not_run", "warning", message, len(names))
    elif evidence.audited is not None and evidence.shadows is None:
        yield Guard(
            "attacks_not_run",
            "note",
            "No attack with shadow models was chosen. They mostly find more, and "
            "without them nothing tells whether the members are the rows that the "
            "model was trained on.",
        )


def _named(names: Sequence[str]) -> str:
    quoted = [f"'{name}'" for name in names]
    return " and ".join(filter(None, [", ".join(quoted[:-1]), quoted[-1]]))
