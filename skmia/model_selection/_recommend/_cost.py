"""What a search costs: told before it starts."""

import logging
import math
import sys
from collections.abc import Mapping
from dataclasses import dataclass

from joblib import effective_n_jobs
from tqdm.auto import tqdm

from skmia.model_selection._recommend._plan import Plan
from skmia.utils import duration

# Silent unless logging is set up.
_LOGGER = logging.getLogger("skmia")
# Seconds from which on a search that shows no progress is worth a line.
_LONG = 60


@dataclass(frozen=True)
class SearchCost:
    """Say what :func:`recommend_defense` costs.

    Attributes
    ----------
    n_candidates : int
        Candidates that are compared, the undefended one included.
    n_fits : int
        Candidates that are fitted, over all rungs, at most.
    work : float
        What that takes at most, in plain fits: fits of the undefended classifier on a
        half of the rows. What `budget` limits. A fit of a private learner counts as
        one, whatever it takes.
    seconds_per_fit : float
        What a plain fit took, with its answers about all rows, measured.
    seconds : float
        An estimate of the time of all fits, from the plain ones and from those of a
        private learner, measured. Attacks come on top. It decides nothing.
    left_out : dict of str to str
        Candidates that the budget or the classifier leaves out, and why.

    See Also
    --------
    recommend_defense : Returns it with ``estimate_only=True``.

    Examples
    --------
    >>> from skmia.model_selection import SearchCost
    >>> SearchCost(9, 60, 200.0, 0.05, 10.0, {})
    SearchCost(9 candidates, at most 200 plain fits of 0.05 s: about 10 s of fits)
    """

    n_candidates: int
    n_fits: int
    work: float
    seconds_per_fit: float
    seconds: float
    left_out: Mapping[str, str]

    def __repr__(self) -> str:
        return f"SearchCost({self})"

    def __str__(self) -> str:
        left = f"; {len(self.left_out)} left out" if self.left_out else ""
        return (
            f"{self.n_candidates} candidates, at most {self.work:.0f} plain fits of "
            f"{self.seconds_per_fit:.2g} s: about {duration(self.seconds)} of fits"
            f"{left}"
        )


def estimate(
    plan: Plan,
    costs: list[float],
    times: list[float],
    seconds_per_fit: float,
    n_jobs: int | None,
    left_out: Mapping[str, str],
) -> SearchCost:
    """Put a plan and the time of a plain fit together.

    `costs` count a fit of each candidate in plain fits, and decide; `times` are what
    it takes, in the time of a plain fit.
    """
    work = plan.work(costs)
    at_a_time = min(effective_n_jobs(n_jobs), plan.added[0])
    return SearchCost(
        n_candidates=len(costs) + 1,
        n_fits=plan.n_fits(),
        work=work,
        seconds_per_fit=seconds_per_fit,
        seconds=math.ceil(plan.work(times)) * seconds_per_fit / at_a_time,
        left_out=dict(left_out),
    )


def tell(cost: SearchCost, verbose: int) -> None:
    """Write what is to come where `verbose`, else log what takes long."""
    text = f"recommend_defense: {cost}"
    text = "\n  left out, ".join([text, *by_reason(cost.left_out)])
    if verbose > 0:
        tqdm.write(text, file=sys.stderr)
    elif cost.seconds > _LONG:
        _LOGGER.info(text)


def by_reason(left_out: Mapping[str, str]) -> list[str]:
    """Why candidates are left out, and which: one text for each reason."""
    names: dict[str, list[str]] = {}
    for name, why in left_out.items():
        names.setdefault(why, []).append(name)
    return [f"{', '.join(of)}: {why}" for why, of in names.items()]
