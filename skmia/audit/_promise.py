"""What a model promises by differential privacy, and what an audit may hold it to."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from skmia._models import attributes, unwrap_frozen
from skmia.defenses import privacy_promise
from skmia.model_selection import PrivacyBudget, privacy_budget

_MECHANISMS = {
    "gradient": "noisy gradient descent",
    "objective": "a noisy objective",
    "boosting": "boosting with noisy histograms",
    "naive_bayes": "noisy means and variances",
    "trees": "random trees with noisy leaves",
    "teachers": "noisy votes of teachers",
}
_CHANGES = {
    ("add_remove", 1): "one row is added or left out",
    ("replace", 1): "one row is replaced by another",
    ("add_remove", 2): "up to {} rows of one person are added or left out",
    ("replace", 2): "up to {} rows of one person are replaced by others",
}


@dataclass(frozen=True)
class Promise:
    """What the audited model promises, as its own parts say.

    Parameters
    ----------
    epsilon, delta : float
        What is promised; for a search what all of its fits have spent.
    mu : float
        The same as Gaussian differential privacy; None where it is not.
    mechanism : str
        How the private classifier was fitted.
    neighbors : str
        ``"add_remove"`` or ``"replace"``.
    group_size : int
        Rows of one person that the promise is for together.
    voided : tuple of str
        Why the model as a whole does not promise that, a sentence each.
    remarks : tuple of str
        What else a reader has to know, a sentence each.
    times : int
        Neighbouring data sets that lie between two that an audit compares.
    """

    epsilon: float
    delta: float
    mu: float | None
    mechanism: str
    neighbors: str
    group_size: int
    voided: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    times: int = 1

    @property
    def sentence(self) -> str:
        """What is promised, and for whom."""
        gaussian = "" if self.mu is None else f" (mu = {self.mu:.4g})"
        change = _CHANGES[self.neighbors, min(self.group_size, 2)]
        how = _MECHANISMS.get(self.mechanism, self.mechanism)
        return (
            f"By {how}, the model was fitted for epsilon = {self.epsilon:.4g} at delta "
            f"= {self.delta:g}{gaussian}, where {change.format(self.group_size)}."
        )

    @property
    def allows(self) -> dict[str, float]:
        """What the promise comes to between two data sets that an audit compares."""
        if self.mu is not None and self.delta > 0:
            return {"mu": self.mu * self.times}
        epsilon = self.epsilon * self.times
        if self.delta == 0:
            return {"epsilon": epsilon}
        steps = self.epsilon * np.arange(self.times)
        with np.errstate(over="ignore"):
            delta = float(self.delta * np.exp(steps).sum())
        # Where delta is 1, nothing is promised.
        return {"epsilon": epsilon, "delta": min(delta, 1 - 1e-12)}

    @classmethod
    def from_dict(cls, contents: Mapping[str, Any]) -> Self:
        """The same again, from plain values."""
        texts = {name: tuple(contents[name]) for name in ("voided", "remarks")}
        return cls(**{**contents, **texts})


def find_promise(
    model: Any, persons: NDArray[np.intp] | None, X: Any = None
) -> Promise | None:
    """Find what the audited model promises; None where it promises nothing.

    Parameters
    ----------
    model : estimator
        What was passed to the audit.
    persons : ndarray of int or None
        Whose its rows are.
    X : array-like, frame or None
        The rows of the audit, to try out steps on that the private classifier cannot
        see.
    """
    found = privacy_promise(model, X)
    if found is None:
        return None
    spent = found.epsilon, found.delta, found.mu
    voided, remarks, times = found.voided, list(found.unchecked), 1
    budget = _budget(model)
    if budget is not None:
        search = type(unwrap_frozen(model)).__name__
        spent, voided = (budget.epsilon, budget.delta, budget.mu), ()
        remarks.append(
            f"{search} has spent that on {budget.n_fits} fits that one row may have "
            "been in. That it chose among them by exact scores is not covered."
        )
    if found.seeded:
        remarks.append(
            "Its noise follows from a random_state: whoever knows that can take the "
            "noise away, and the promise is void for them."
        )
    if found.neighbors == "add_remove":
        times = 2
        remarks.append(
            "The two sets of an audit have fixed sizes: with a record among the "
            "members, another one is not. That is one row left out and one added, for "
            "which twice as much is allowed."
        )
    if persons is not None:
        most = int(np.bincount(persons).max())
        # Told whose the rows are, a fit leaves out those beyond group_size.
        each = 1 if found.of_persons else math.ceil(most / found.group_size)
        times *= each
        if each > 1:
            remarks.append(
                f"The promise is for {_rows(found.group_size)} and not for a person: "
                f"persons of this audit have up to {_rows(most)}, for which {each} "
                "times as much is allowed. Fit with group_size and groups for a "
                "promise to persons."
            )
    return Promise(
        *spent,
        found.mechanism,
        found.neighbors,
        found.group_size,
        tuple(voided),
        tuple(remarks),
        times,
    )


def _budget(model: Any) -> PrivacyBudget | None:
    """For a search what all of its fits have spent, and not the best one alone."""
    search = unwrap_frozen(model)
    best = attributes(search).get("best_estimator_")
    inside = None if best is None else privacy_promise(best)
    if inside is None or inside.voided:
        return None
    try:
        budget = privacy_budget(search)
    except ValueError:  # of fits that cannot be added up
        return None
    return None if math.isinf(budget.epsilon) else budget


def _rows(count: int) -> str:
    return "one row" if count == 1 else f"{count} rows"
