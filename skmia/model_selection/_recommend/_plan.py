"""Halving: how many models each candidate is given, and who goes on to the next rung.

Candidates are compared by models of halves of all rows, at every rung; the next rung
adds further models. Halving on rows would compare other things: a model leaks more of
fewer rows, and a private one learns less.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
#: An attack uses each model as a target, without its complement, and two must be left.
FEWEST_MODELS = 4
_FACTOR = 3
# So many go through all rungs, for there to be something to choose from.
_FEWEST_KEPT = 6
# By how much the leakage above chance grows with the number of models that the attack
# learns from: a tenth from 4 to 16 models, on digits.
_GROWTH = 1.2


@dataclass(frozen=True)
class Plan:
    """Rungs of a search.

    Attributes
    ----------
    models : tuple of int
        How many models of each candidate there are by the end of a rung.
    kept : tuple of int
        How many candidates are in a rung, beside the undefended one.
    """

    models: tuple[int, ...]
    kept: tuple[int, ...]

    @property
    def added(self) -> tuple[int, ...]:
        """How many models a rung adds to those of each of its candidates."""
        return tuple(int(n) for n in np.diff(self.models, prepend=0))

    def n_fits(self) -> int:
        """Fits of candidates, and of the undefended one, at most."""
        return sum(n * (1 + k) for n, k in zip(self.added, self.kept, strict=True)) + 1

    def work(self, costs: Sequence[float]) -> float:
        """What the search takes at most, in fits of the undefended candidate.

        As if the most expensive candidates went on in every rung. The one that is
        chosen is fitted once more, on all rows, which are twice as many.
        """
        dearest = np.cumsum([0.0, *sorted(costs, reverse=True)])
        rungs = zip(self.added, self.kept, strict=True)
        once_more = 2 * max([1.0, *costs])
        return float(sum(n * (1 + dearest[k]) for n, k in rungs) + once_more)


def make_plan(n_candidates: int, n_models: int) -> Plan:
    """Rungs of 4, 8, ... models, and of a third of the candidates each time."""
    models = [n_models]
    while models[0] // 2 >= FEWEST_MODELS:
        models.insert(0, models[0] // 4 * 2)
    kept = [
        min(n_candidates, max(_FEWEST_KEPT, -(-n_candidates // _FACTOR**rung)))
        for rung in range(len(models))
    ]
    return Plan(tuple(models), tuple(kept))


def within_budget(
    costs: Sequence[float], n_models: int, budget: float | None
) -> list[int]:
    """Positions of the candidates that a budget holds, taken in their order."""
    if budget is None:
        return list(range(len(costs)))
    taken: list[int] = []
    for i in range(len(costs)):
        more = [*taken, i]
        work = make_plan(len(more), n_models).work([costs[j] for j in more])
        if work <= budget:
            taken = more
    return taken


def survivors(
    n_kept: int,
    utility: FloatArray,
    value: FloatArray,
    high: FloatArray,
    *,
    max_leakage: float,
    chance: float,
) -> list[int]:
    """Candidates that go on, by positions.

    In turn the best three ways: of those whose upper end is under the limit, of those
    whose upper end would be if the attack grew stronger with more models, and of those
    whose figure is. Then those that leak least.
    """
    grown = chance + (high - chance) * _GROWTH
    ways = [
        best_first(leakage <= max_leakage, utility, high)
        for leakage in (high, grown, value)
    ]
    in_turn = [way[i] for i in range(len(utility)) for way in ways if i < len(way)]
    least = np.argsort(high, kind="stable").tolist()
    return sorted(list(dict.fromkeys([*in_turn, *least]))[:n_kept])


def best_first(
    under: NDArray[np.bool_], utility: FloatArray, high: FloatArray
) -> list[int]:
    """Those under the limit by utility, then by leakage, then in their order."""
    of = np.flatnonzero(under)
    return of[np.lexsort((high[of], -utility[of]))].tolist()
