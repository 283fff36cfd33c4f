"""The scorer of leakage, for cross-validation and the searches."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator

from skmia._models import (
    SecondAnswers,
    ask_again,
    ask_labels,
    ask_probabilities,
    check_has_response,
)
from skmia._tables import (
    Hashes,
    any_copy,
    as_rows,
    comparable_rows,
    concat_rows,
    hash_rows,
    n_rows,
    take_rows,
)
from skmia.attacks import LabelOnlyAttack, MembershipAttack
from skmia.defenses import masks_outputs
from skmia.exceptions import OverlapWarning, UnsteadyAnswersWarning
from skmia.metrics import get_metric
from skmia.model_selection._auditable import (
    AuditableClassifier,
    find_auditable,
)
from skmia.model_selection._reading import Reading, read_scores, strongest
from skmia.model_selection._scorer import Scorer
from skmia.shadows import ShadowSignals
from skmia.signals import FloatArray, logit
from skmia.utils import (
    check_integer,
    check_labels,
    check_option,
    encode_labels,
    warn,
)

_MEMBERS = ("balanced", "all")
# Perturbed copies of a record that the label-only attack asks about: the ranking
# settles well before the 100 of an audit, and a search runs it for every candidate.
_N_QUERIES = 32


@dataclass(frozen=True)
class LeakageScorer(Scorer):
    """What :func:`leakage_scorer` returns."""

    metric: str
    attack: MembershipAttack | None
    members: str
    random_state: int

    def __call__(self, estimator: Any, X: Any, y: Any) -> float:
        """Score a fitted classifier on held-out rows: the negative of what it leaks.

        `estimator` is an AuditableClassifier, or a search that has refitted one.
        """
        return -self.measure(estimator, X, y).value

    def measure(self, estimator: Any, X: Any, y: Any) -> Reading:
        """Measure what a fitted classifier leaks: the figure, `low` and `high`."""
        auditable = find_auditable(estimator)
        rows = auditable._training_rows
        takes_shadows = "shadows" in _params(self.attack)
        if takes_shadows and rows.has_metadata:
            raise ValueError(
                f"{type(self.attack).__name__} fits shadow models, and a scorer does "
                "not get the fit metadata, such as sample_weight, of the held-out "
                "rows: shadows fitted without would underestimate leakage. Pass an "
                "attack without shadows, or use skmia.audit.audit_cv."
            )
        X, y = _held_out(auditable, as_rows(X), y)
        member = np.repeat([True, False], [len(rows.seen), len(y)])
        hashes = np.concatenate([rows.hashes[rows.seen], hash_rows(X, y)])
        inside, outside = _comparable(hashes, member)
        metric = get_metric(self.metric)
        metric.check_resolvable(len(outside), "held-out rows")
        if takes_shadows:
            # Shadows are to learn from as many rows as the classifier did, and from
            # copies as it did.
            kept = np.r_[inside, len(rows.seen) + outside]
            seen = any_copy(member[None], hashes)[0]
            sides = *rows.take(rows.seen), X, y
        else:
            inside = self._draw(inside, len(outside))
            member = seen = np.repeat([True, False], [len(inside), len(outside)])
            kept = np.arange(len(member))
            sides = *rows.take(rows.seen[inside]), take_rows(X, outside), y[outside]
        return strongest(
            read_scores(metric, member[kept], scores)
            for scores in self._attack(auditable.estimator_, *sides, seen, kept)
        )

    def _draw(self, inside: NDArray[np.intp], n_held_out: int) -> NDArray[np.intp]:
        if self.members == "all" or len(inside) <= n_held_out:
            return inside
        rng = np.random.RandomState(self.random_state)
        return inside[np.sort(rng.permutation(len(inside))[:n_held_out])]

    def _attack(
        self,
        model: Any,
        X_in: Any,
        y_in: NDArray,
        X_out: Any,
        y_out: NDArray,
        seen: NDArray[np.bool_],
        kept: NDArray[np.intp],
    ) -> Iterator[FloatArray]:
        """Scores of the `kept` rows, by every attack that is run."""
        attacks = [] if self.attack is None else [self.attack]
        sides = (X_in, y_in), (X_out, y_out)
        if self.attack is None:
            check_has_response(
                model,
                instead="leakage_scorer(attack=LabelOnlyAttack(None)) reads labels",
            )
        if _answers_confidences(model):
            # Whatever the attack: others ask once, too.
            logits = _steady_logits(model, sides)
        if self.attack is None:
            yield logits[kept]
            yield np.concatenate([_is_right(model, *side) for side in sides])[kept]
        if masks_outputs(model) and not isinstance(self.attack, LabelOnlyAttack):
            # No threshold is read here; a low max_fpr would warn of few rows.
            attacks.append(LabelOnlyAttack(None, n_queries=_N_QUERIES, max_fpr=0.5))
        for attack in attacks:
            attack = clone(attack).set_params(estimator=FrozenEstimator(model))
            if _params(attack).get("random_state", 0) is None:
                attack.set_params(random_state=self.random_state)
            X, y = concat_rows(X_in, X_out), np.concatenate([y_in, y_out])
            attack.fit(X, y, membership=seen)
            yield attack.score_samples(take_rows(X, kept), y[kept])


def leakage_scorer(
    metric: str = "auc",
    *,
    attack: MembershipAttack | None = None,
    members: str = "balanced",
    random_state: int = 0,
) -> LeakageScorer:
    """Make a scorer of how much a classifier leaks about its training rows.

    It compares rows that the classifier was fitted on with the held-out rows it is
    given, and returns the negative of the leakage, as ``"neg_log_loss"`` does: greater
    is better, and a search that maximises it looks for the least leakage. Name it
    ``"neg_leakage"`` beside the accuracy, and let :func:`best_under_leakage` choose.

    Parameters
    ----------
    metric : str, default="auc"
        What is measured: ``"auc"``, ``"advantage"``, or ``"tpr@"`` and a false positive
        rate, such as ``"tpr@0.01"``, which takes 100 held-out rows in every fold; see
        :func:`skmia.metrics.get_metric`. Without any leakage the AUC is near 0.5 and
        the advantage near 0, but above it.
    attack : MembershipAttack, default=None
        An unfitted attack, such as ``LiRAAttack(None, shadows=8)``, whose
        `estimator` is replaced by the classifier. One with shadow models fits them for
        every candidate and fold. None is the stronger of two attacks without any: the
        probability of the true class, and whether the predicted label is right.
    members : {"balanced", "all"}, default="balanced"
        Compare as many members, drawn at random, as there are held-out rows, or all of
        them: steadier, at the price of more predictions. An attack with shadow models
        always gets all.
    random_state : int, default=0
        Draws the members, and seeds an attack that has no seed. An integer: the value
        of a candidate must not depend on which was scored before.

    Returns
    -------
    LeakageScorer
        A scorer, to be called with a fitted :class:`AuditableClassifier` and held-out
        rows.

    Raises
    ------
    TypeError
        If `attack` is no attack; on scoring, if the estimator does not remember its
        members or does so inside of another that may transform rows.
    ValueError
        If another parameter is out of range; on scoring, if the rows were forgotten or
        have changed since the fit, no row of a side is left, or there are too few for
        the FPR. It is never nan: pass ``error_score="raise"`` to ``cross_validate``
        and the searches, which otherwise turn an error into nan.

    Warns
    -----
    OverlapWarning
        Where rows are left out, with their number: training and held-out rows whose
        content, features and label, occurs more than once among both, and held-out
        rows of a class that the classifier has not seen. In a worker process it goes
        to standard error.
    UnsteadyAnswersWarning
        Where the classifier gives the same rows other probabilities when it is asked
        again: whoever asks often may find more.
    BelowChanceWarning
        Where an attack ranks held-out rows above training rows, by the whole interval
        of its AUC, and is turned round.

    See Also
    --------
    AuditableClassifier : What the scored estimator is wrapped in.
    utility_under_leakage : One number for searches that take no more.
    attack_scorer : The other side: for tuning an attack.

    Notes
    -----
    Where a defense inside changes outputs only, as
    :class:`~skmia.defenses.ConfidenceMaskingClassifier` does, a label-only attack is
    run as well and the stronger reading counts: to attacks on confidences alone the
    masked model seems not to leak, and its labels leak as much as before. It sees
    skmia's own defenses; around another's, pass ``attack=LabelOnlyAttack(None)``.

    An attack that is below chance by its whole interval does not show a safe model but
    one that answers against its memory, as some defenses make it: an attacker would
    turn the attack round, and so does the scorer. Where the interval holds 0.5 the
    figure stays as it is, below 0.5 or above.

    Whose the rows are is not known here. Where persons have several, split with
    :class:`~sklearn.model_selection.GroupKFold`: held-out rows of persons that the
    classifier was trained on look like members, and leakage is underestimated.

    These attacks are for comparing candidates. A likelihood-ratio attack finds more in
    the same model: audit the one that is chosen, on rows that the search did not see.

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from sklearn.model_selection import cross_validate
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> from skmia.model_selection import AuditableClassifier, leakage_scorer
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> scoring = {"accuracy": "accuracy", "neg_leakage": leakage_scorer()}
    >>> for depth in (2, None):
    ...     tree = DecisionTreeClassifier(max_depth=depth, random_state=0)
    ...     results = cross_validate(
    ...         AuditableClassifier(tree), X, y, scoring=scoring, error_score="raise"
    ...     )
    ...     print(depth, results["test_neg_leakage"].mean().round(2))
    2 -0.52
    None -0.54
    """
    metric = get_metric(metric).name
    check_option(members, "members", _MEMBERS)
    random_state = check_integer(random_state, "random_state", 0, 2**32 - 1)
    if attack is not None and not isinstance(attack, MembershipAttack):
        raise TypeError(
            "The 'attack' parameter must be an unfitted attack, such as "
            f"LossThresholdAttack(None), or None. Got {attack!r} instead."
        )
    if isinstance(_params(attack).get("shadows"), ShadowSignals):
        raise ValueError(
            "The 'attack' parameter has shadows of its own, and those are of one "
            "classifier and one pool: every candidate and fold needs others. Pass a "
            "number or a ShadowModels as its 'shadows'."
        )
    return LeakageScorer(metric, attack, members, random_state)


def _held_out(auditable: AuditableClassifier, X: Any, y: Any) -> tuple[Any, NDArray]:
    """Leave out the held-out rows that the classifier has no answer for."""
    y = check_labels(y, n_rows(X), "leakage_scorer")
    known = np.isin(y, auditable.classes_)
    if known.all():
        return X, y
    what = (
        f"{int((~known).sum())} of {len(y)} held-out rows have a label that the "
        "classifier was not trained on"
    )
    if not known.any():
        raise ValueError(f"{what}: none is left to compare the members with.")
    warn(f"{what}, and are left out of the leakage.", OverlapWarning)
    keep = np.flatnonzero(known)
    return take_rows(X, keep), y[keep]


def _comparable(
    hashes: Hashes, member: NDArray[np.bool_]
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Positions within each side of the rows that tell something about membership."""
    rows = comparable_rows(hashes, member)
    sides = [np.flatnonzero(rows.keep[side]) for side in (member, ~member)]
    sizes = [int(member.sum()), int((~member).sum())]
    found = [
        f"{size - len(side)} of {size} {what} rows"
        for side, size, what in zip(sides, sizes, ("training", "held-out"), strict=True)
    ]
    for side, what in zip(sides, ("training", "held-out"), strict=True):
        if not len(side):
            raise ValueError(
                f"Every {what} row equals another one, features and label alike, and "
                "which of equal rows is a member is a matter of chance: "
                f"{' and '.join(found)} tell nothing. Pass rows that the classifier "
                "was not fitted on, and return_train_score=False to a search: it is "
                "True by default in the halving searches, and scores the training rows "
                "too."
            )
    if not rows.keep.all():
        equal = [
            f"{count} {what}"
            for count, what in (
                (sum(rows.n_shared), "equal a row of the other side"),
                (sum(rows.n_repeated), "repeat a row of their own"),
            )
            if count
        ]
        warn(
            f"{' and '.join(found)} tell nothing about membership and are left out of "
            f"the leakage: {' and '.join(equal)}, features and label alike.",
            OverlapWarning,
        )
    return sides[0], sides[1]


def _params(attack: MembershipAttack | None) -> dict[str, Any]:
    return {} if attack is None else attack.get_params(deep=False)


def _answers_confidences(model: Any) -> bool:
    return any(hasattr(model, name) for name in ("predict_proba", "decision_function"))


def _steady_logits(model: Any, sides: Iterable[tuple[Any, NDArray]]) -> FloatArray:
    """Logits of the true class; warns where other answers come when asked again."""
    classes = np.asarray(model.classes_)
    logits, again = [], []
    for X, y in sides:
        proba = ask_probabilities(model, X, classes)
        logits.append(logit(proba, encode_labels(y, classes)))
        side = np.ones(len(y), dtype=bool)
        again.append(
            ask_again(model, X, classes, proba, side, n_per_side=50, n_alone=6)
        )
    second = SecondAnswers.joined(again)
    if second.are_notable:
        warn(f"{type(model).__name__}: {second}.", UnsteadyAnswersWarning)
    return np.concatenate(logits)


def _is_right(model: Any, X: Any, y: NDArray) -> FloatArray:
    return (ask_labels(model, X) == y).astype(np.float64)
