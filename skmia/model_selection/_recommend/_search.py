"""The search: rungs, who is left, who is chosen, and the check of the choice."""

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from tqdm.auto import tqdm

from skmia.metrics import Metric
from skmia.model_selection._recommend._candidates import Candidate
from skmia.model_selection._recommend._game import Figures, Play
from skmia.model_selection._recommend._plan import Plan, best_first, survivors
from skmia.model_selection._recommend._rows import Rows
from skmia.utils import shows_bar

# What a learner may raise that has no such defense, or not on these rows.
_NOT_POSSIBLE = (ValueError, TypeError, ImportError, NotImplementedError)


@dataclass
class Entry:
    """One candidate of the search: what was measured, and what became of it."""

    play: Play
    rung: int = 0
    found: Figures | None = None
    checked: Figures | None = None
    status: str = ""

    @property
    def candidate(self) -> Candidate:
        """What it is."""
        return self.play.candidate

    @property
    def figures(self) -> Figures:
        """Of the rows that the choice is made by."""
        assert self.found is not None
        return self.found


@dataclass
class Search:
    """A halving search over candidates, the undefended one first.

    Parameters
    ----------
    rows : Rows
        What models are fitted on halves of.
    plan : Plan
        Rungs.
    seeds : ndarray of int
        One for each rung.
    metric : Metric
        Of the leakage.
    max_leakage : float
        The limit.
    scorer : callable or None
        Of the utility; None for the negative log-loss.
    n_jobs, verbose : int
        As in joblib; whether a bar is shown.
    """

    rows: Rows
    plan: Plan
    seeds: NDArray[np.int64]
    metric: Metric
    max_leakage: float
    scorer: Callable[..., float] | None
    n_jobs: int | None
    verbose: int
    entries: list[Entry] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)
    timed: Entry | None = None

    def start(self, undefended: Candidate) -> float:
        """Play the first rung of the undefended candidate; seconds of a plain fit."""
        entry = Entry(Play(undefended, self.rows, self.scorer))
        self._play(entry, 0)
        self.entries.append(entry)
        return float(np.mean(entry.play.seconds))

    def times(self, candidates: list[Candidate], seconds: float) -> list[float]:
        """Time of a fit of each, in `seconds`, those of a plain one.

        What a private one takes is measured in its first rung, which is played now.
        """
        beside = 1.0
        private = next((c for c in candidates if c.epsilon is not None), None)
        if private is not None:
            self.timed = Entry(Play(private, self.rows, self.scorer))
            self._try(self.timed, 0)
            if private.name not in self.left_out:
                beside = float(np.mean(self.timed.play.seconds)) / max(seconds, 1e-9)
        return [c.work if c.epsilon is None else beside for c in candidates]

    def run(self, candidates: list[Candidate]) -> None:
        """Play all rungs, and check the last."""
        timed = self.timed
        others = [
            timed
            if timed is not None and timed.candidate is c
            else Entry(Play(c, self.rows, self.scorer))
            for c in candidates
        ]
        first, going = self.entries[0], others
        for rung in range(len(self.plan.models)):
            if rung:
                self._play(first, rung)
                going = self._next(going, rung)
            names = tqdm(
                going,
                desc=f"{self.plan.models[rung]} models each",
                disable=not shows_bar(self.verbose),
                leave=None,
            )
            for entry in names:
                if rung or entry is not timed:
                    self._try(entry, rung)
            going = [e for e in going if e.candidate.name not in self.left_out]
            if not going:
                raise ValueError(
                    "No defense can be fitted around this classifier on these rows: "
                    f"{self.left_out}. Pass other 'defenses'."
                )
        self.entries += [e for e in others if e.candidate.name not in self.left_out]
        for entry in self.last:
            entry.checked = entry.play.figures(self.metric, check=True)

    @property
    def last(self) -> list[Entry]:
        """The candidates of the last rung."""
        final = len(self.plan.models) - 1
        return [entry for entry in self.entries if entry.rung == final]

    def choose(self) -> Entry | None:
        """The best under the limit that keeps to it on the rows of the check."""
        last = self.last
        utility, value, high = _columns(last)
        chosen = None
        for i in best_first(high <= self.max_leakage, utility, high):
            checked = last[i].checked
            assert checked is not None
            if checked.leakage.value > self.max_leakage:
                last[i].status = "over the limit on the rows of the check"
            elif chosen is None:
                last[i].status, chosen = "recommended", last[i]
            else:
                last[i].status = "under the limit"
        for entry, mean in zip(last, value, strict=True):
            if not entry.status:
                entry.status = "over the limit" if mean > self.max_leakage else ""
                entry.status = entry.status or "not surely under the limit"
        for entry in self.entries:
            if not entry.status:
                entry.status = f"left after {entry.play.n_models} models"
        return chosen

    def closest(self) -> Entry:
        """The candidate of the last rung that comes closest to the limit from above."""
        last = self.last
        over = [
            max(e.figures.leakage.high, e.checked.leakage.value if e.checked else 0)
            for e in last
        ]
        return last[int(np.argmin(over))]

    def _next(self, going: list[Entry], rung: int) -> list[Entry]:
        """Who goes on: one in three of those that give up their probabilities.

        They cost no accuracy, and would leave nothing else to choose from.
        """
        masked = [e for e in going if e.candidate.masks]
        others = [e for e in going if not e.candidate.masks]
        n_kept = self.plan.kept[rung]
        n_masked = min(len(masked), max(n_kept // 3, n_kept - len(others)))
        kept = [*self._best(others, n_kept - n_masked), *self._best(masked, n_masked)]
        return [e for e in going if any(e is other for other in kept)]

    def _best(self, going: list[Entry], n_kept: int) -> list[Entry]:
        utility, value, high = _columns(going)
        limit, chance = self.max_leakage, self.metric.chance
        kept = survivors(n_kept, utility, value, high, max_leakage=limit, chance=chance)
        return [going[i] for i in kept]

    def _try(self, entry: Entry, rung: int) -> None:
        """Leave a candidate out that the classifier or the rows do not allow."""
        try:
            self._play(entry, rung)
        except _NOT_POSSIBLE as error:
            self.left_out[entry.candidate.name] = str(error)
        except Exception as error:
            # One candidate of many: the others say what they say without it.
            why = f"{type(error).__name__}: {error}"
            self.left_out[entry.candidate.name] = why

    def _play(self, entry: Entry, rung: int) -> None:
        added, seed = self.plan.added[rung], int(self.seeds[rung])
        try:
            entry.play.add(added, seed, self.n_jobs)
        except Exception as error:
            error.add_note(f"Raised by the candidate {entry.candidate.name}.")
            raise
        entry.rung = rung
        entry.found = entry.play.figures(self.metric, check=False)


def _columns(
    entries: list[Entry],
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Utility, leakage and its upper end of each."""
    table = [
        (e.figures.utility, e.figures.leakage.value, e.figures.leakage.high)
        for e in entries
    ]
    utility, value, high = np.array(table, dtype=np.float64).reshape(-1, 3).T
    return utility, value, high


@contextmanager
def once_each() -> Iterator[None]:
    """Pass on one warning of each class, and not one for every candidate."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield
    seen: dict[type[Warning], list[warnings.WarningMessage]] = {}
    for one in caught:
        seen.setdefault(one.category, []).append(one)
    for category, all_of_it in seen.items():
        more = f" [{len(all_of_it)} times in the search]" if len(all_of_it) > 1 else ""
        warnings.warn(f"{all_of_it[0].message}{more}", category, stacklevel=4)
