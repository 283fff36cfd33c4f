"""What an attacker guesses who knows all of a record but one value."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmia._models import answering, ask_probabilities
from skmia._tables import blocks, n_rows, replace_column, take_rows, values_per_row
from skmia.audit._attributes._values import Candidates

# Values of tables that are made at a time.
_BLOCK_VALUES = 2**22
# A probability of 0 rules nothing out.
_LEAST = 1e-9


def guess_right(
    model: Any,
    X: Any,
    columns: NDArray[np.intp],
    classes: NDArray,
    j: int,
    candidates: Candidates,
    rows: NDArray[np.intp],
) -> NDArray[np.float64]:
    """How likely the guess for each of `rows` is right, with one model to ask.

    The guess is the value under which the label of the record is the most likely,
    times how common the value is. Of several that are equally so, one is drawn: the
    chance that it is right is returned.
    """
    scores = log_scores(model, X, columns, classes, j, candidates, rows)
    scores += np.log(np.maximum(candidates.prior, _LEAST))
    best = scores >= scores.max(axis=1, keepdims=True) - 1e-9
    right = candidates.right[rows]
    return (best & right).sum(axis=1) / best.sum(axis=1)


def log_scores(
    model: Any,
    X: Any,
    columns: NDArray[np.intp],
    classes: NDArray,
    j: int,
    candidates: Candidates,
    rows: NDArray[np.intp],
) -> NDArray[np.float64]:
    """Logarithm of the probability of each record's label under each value."""
    n_values = len(candidates.prior)
    scores = np.empty((len(rows), n_values))
    asked = answering(model)
    cost = n_values * max(1, values_per_row(X))
    for block in blocks(len(rows), cost, _BLOCK_VALUES):
        of = rows[block]
        table = take_rows(X, np.repeat(of, n_values))
        tried = take_rows(candidates.values, np.tile(np.arange(n_values), len(of)))
        table = replace_column(table, j, tried)
        proba = ask_probabilities(asked, table, classes)
        own = proba[np.arange(n_rows(table)), np.repeat(columns[of], n_values)]
        scores[block] = np.log(np.maximum(own, _LEAST)).reshape(len(of), n_values)
    return scores


def guess_common(candidates: Candidates, rows: NDArray[np.intp]) -> float:
    """How often the commonest value is right, without any model."""
    best = candidates.prior >= candidates.prior.max()
    return float(candidates.right[np.ix_(rows, best)].mean())
