"""Whether a model says the same of a row each time that it is asked."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmia._models._response import LabelsAsProbabilities, ask_probabilities
from skmia._tables import take_rows

# By how much rounding moves a probability: sums come in another order in batches of
# another size. Generous, since the layers of a network add up.
_ROUNDING = (("float16", 0.02), ("float32", 1e-3))
_ROUNDING_OF_DOUBLES = 1e-5
# From here on, a fraction of the rows is more than those whose nearest neighbours are
# tied but for rounding, which are some in a hundred of coarse data.
_NOTABLE = 0.25


@dataclass(frozen=True)
class SecondAnswers:
    """By how much the answers to rows changed once the model was asked again.

    `alone` are the rows that were asked one by one, `together` those of small batches.
    Entries are the largest difference over the classes, 0 where rounding explains it;
    with `of_labels`, of a model that gives no probabilities, 1 for another label.
    """

    alone: NDArray[np.float64]
    together: NDArray[np.float64]
    of_labels: bool = False

    @classmethod
    def joined(cls, parts: Sequence["SecondAnswers"]) -> "SecondAnswers":
        """Put the answers of several models together."""
        return cls(
            np.concatenate([part.alone for part in parts]),
            np.concatenate([part.together for part in parts]),
            all(part.of_labels for part in parts),
        )

    @property
    def changes(self) -> NDArray[np.float64]:
        """Of all rows."""
        return np.concatenate([self.alone, self.together])

    @property
    def are_notable(self) -> bool:
        """Whether more than a few rows changed, alone or together."""
        return any(
            len(part) > 0 and float(np.mean(part > 0)) >= _NOTABLE
            for part in (self.alone, self.together)
        )

    def __str__(self) -> str:
        changes = self.changes
        what = "labels"
        if not self.of_labels:
            what = f"probabilities, by up to {changes.max(initial=0):.2g}"
        return (
            f"asked a second time, one by one and in small batches, the model gives "
            f"{int((changes > 0).sum())} of {len(changes)} rows other {what}. "
            "Its answers are random or depend on the rows beside them: whoever asks "
            "often and takes the mean, or asks in other batches, may find more than "
            "these attacks, which ask once"
        )


def ask_again(
    estimator: Any,
    X: Any,
    classes: NDArray,
    proba: NDArray[np.floating],
    membership: NDArray[np.bool_],
    *,
    n_per_side: int = 100,
    n_alone: int = 12,
    random_state: int = 0,
) -> SecondAnswers:
    """Ask about some rows again, in another order and in smaller batches, and compare.

    Parameters
    ----------
    estimator : fitted classifier
        What is asked.
    X : array-like, frame or sparse matrix of shape (n_records, n_features)
        Rows that it was asked about.
    classes : ndarray of shape (n_classes,)
        Columns of `proba`.
    proba : ndarray of shape (n_records, n_classes)
        Its first answers.
    membership : ndarray of bool of shape (n_records,)
        The two sides, of which as many rows are asked about.
    n_per_side : int, default=100
        Rows of either side at most.
    n_alone : int, default=12
        Rows that are asked one by one; batches of the others grow fourfold.
    random_state : int, default=0
        Draws the rows and their order.

    Returns
    -------
    SecondAnswers
        The differences.
    """
    rng = np.random.RandomState(random_state)
    sides = [
        rng.permutation(np.flatnonzero(side))[:n_per_side]
        for side in (membership, ~membership)
    ]
    rows = rng.permutation(np.concatenate(sides))
    n_alone = min(n_alone, len(rows))
    again = np.empty((len(rows), len(classes)))
    for batch in _batches(len(rows), n_alone):
        asked = take_rows(X, rows[batch])
        try:
            again[batch] = ask_probabilities(estimator, asked, classes)
        except Exception as error:
            error.add_note(
                f"Raised on {batch.stop - batch.start} of the rows of an earlier call, "
                "to see whether the answers are the same."
            )
            raise
    first = proba[rows]
    changes = np.abs(again - first).max(axis=1)
    changes[~(changes > _rounding(first))] = 0
    of_labels = isinstance(estimator, LabelsAsProbabilities)
    return SecondAnswers(changes[:n_alone], changes[n_alone:], of_labels)


def _batches(n: int, n_alone: int) -> Iterator[slice]:
    start, size = 0, 1
    while start < n:
        if start >= n_alone:
            size *= 4
        yield slice(start, min(start + size, n))
        start += size


def _rounding(proba: NDArray[np.floating]) -> float:
    """Tolerance for probabilities of this precision, whatever they are stored as."""
    for dtype, tolerance in _ROUNDING:
        if np.array_equal(proba, proba.astype(dtype)):
            return tolerance
    return _ROUNDING_OF_DOUBLES
