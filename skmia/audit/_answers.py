"""What the audited model says of the rows that figures are about."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmia._models import (
    SecondAnswers,
    answering,
    ask_again,
    ask_labels,
    ask_probabilities,
)
from skmia.audit._pool import Pool
from skmia.audit._reach import Reach
from skmia.audit._target import AuditTarget, check_same_answers
from skmia.utils import encode_labels


@dataclass(frozen=True)
class Answers:
    """One entry for each record.

    Attributes
    ----------
    columns : ndarray of int
        The classes of the records, as columns of `proba`.
    proba : ndarray of shape (n_records, n_classes)
        What the model says.
    correct : ndarray of bool
        Whether the predicted label is right.
    own_proba : ndarray or None
        Probability of the record's own class; None of a model that gives labels only.
    again : SecondAnswers
        What it says of some when asked again.
    """

    columns: NDArray[np.intp]
    proba: NDArray[np.floating]
    correct: NDArray[np.bool_]
    own_proba: NDArray[np.floating] | None
    again: SecondAnswers

    @property
    def facts(self) -> dict[str, Any]:
        """Fields of an :class:`Evidence`."""
        return {
            "correct": self.correct,
            "own_proba": self.own_proba,
            "again": self.again,
        }


def ask_target(audited: AuditTarget, pool: Pool, reach: Reach, seed: int) -> Answers:
    """Ask for labels and confidences of the rows of the figures."""
    estimator, X, y = audited.deployed, pool.kept_rows, pool.kept_labels
    classes = np.asarray(estimator.classes_)
    correct = ask_labels(estimator, X) == y
    asked = answering(estimator)
    proba = ask_probabilities(asked, X, classes)
    columns = encode_labels(y, classes)
    own_proba = proba[np.arange(len(y)), columns] if reach.confidences else None
    again = ask_again(
        *(asked, X, classes, proba, pool.member[pool.rows.kept]), random_state=seed
    )
    check_same_answers(audited, X, proba, again)
    return Answers(columns, proba, correct, own_proba, again)
