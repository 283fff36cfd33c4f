"""The cells of the coverage benchmark, and how one is played.

A cell is one interval under one distribution. `add_cells` takes those of another
interval: a function of (membership, scores, groups) that returns its ends, and one of
the population that returns the truth.
"""

import zlib
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from _coverage_populations import POPULATIONS
from scipy.special import ndtr

from skmia.metrics import get_metric, strongest

NOMINAL = 0.95
RATES = 0.1, 0.01, 0.001
TIMED = ["auc", "advantage", *(f"tpr@{rate}" for rate in RATES)]


@dataclass(frozen=True)
class Persons:
    """Rows of a person, and the share of the variance that they have in common."""

    rows: tuple[int, ...] = (1,)
    alike: float = 0.0

    def __str__(self):
        if self.rows == (1,):
            return "one row"
        rows = " or ".join(map(str, self.rows))
        return f"{rows} rows, {self.alike:g} alike"

    def of(self, n):
        """The person of each of `n` rows."""
        sizes = np.resize(self.rows, n)
        return np.repeat(np.arange(n), sizes)[:n]


@dataclass(frozen=True)
class Cell:
    figure: str
    interval: Callable
    truth: Callable
    population: str
    sizes: tuple[int, int]
    persons: Persons
    n_attacks: int = 1
    resolvable: bool = True
    most_draws: int | None = None

    @property
    def drawn(self):
        """Cells with this in common are played on the same draws."""
        return self.population, self.sizes, self.persons, self.n_attacks

    @property
    def name(self):
        return f"{self.figure} {self.population} {self.sizes} {self.persons}"


@dataclass
class Count:
    """How often an interval was above and below the truth, and its mean width."""

    truth: float
    resolvable: bool
    draws: int = 0
    above: int = 0
    below: int = 0
    width: float = 0.0


CELLS: list[Cell] = []


def add_cells(
    figure, interval, truth, cells, *, n_attacks=1, resolvable=None, most_draws=None
):
    """Add an interval to the table.

    Parameters
    ----------
    figure : str
        What the table calls it.
    interval : callable
        ``interval(membership, scores, groups) -> (low, high)``; `scores` is an array,
        or with several attacks one column for each. A bound has an end of infinity.
    truth : callable
        ``truth(population) -> float``.
    cells : iterable of (population, sizes, persons)
        Name in `POPULATIONS`, members and non-members, and a `Persons`.
    n_attacks : int, default=1
        How many attacks there are, each of which sees the population's scores with
        independent errors.
    resolvable : callable or None, default=None
        ``resolvable(sizes) -> bool``.
    most_draws : int or None, default=None
        Bound on the draws of what takes long.
    """
    for population, sizes, persons in cells:
        CELLS.append(
            Cell(
                figure,
                interval,
                truth,
                population,
                sizes,
                persons,
                n_attacks,
                resolvable is None or resolvable(sizes),
                most_draws,
            )
        )


def _uniform(rng, person, alike, n_attacks):
    """Uniform numbers, a column an attack, alike within a person."""
    own = rng.normal(size=(len(person), n_attacks))
    if alike:
        shared = rng.normal(size=(person[-1] + 1, n_attacks))[person]
        own = np.sqrt(alike) * shared + np.sqrt(1 - alike) * own
    return np.clip(ndtr(own), 1e-15, 1 - 1e-15)


def cover(cells, draws):
    """Play cells that are drawn in the same way; one Count for each."""
    name, sizes, persons, n_attacks = cells[0].drawn
    population = POPULATIONS[name]
    found = [Count(cell.truth(population), cell.resolvable) for cell in cells]
    sides = [persons.of(n) for n in sizes]
    membership = np.repeat([True, False], sizes)
    groups = None
    if persons.rows != (1,):
        groups = np.concatenate([sides[0], sides[0][-1] + 1 + sides[1]])
    rng = np.random.RandomState(zlib.crc32(repr((name, sizes, persons)).encode()))
    for _ in range(draws):
        u, v = (_uniform(rng, side, persons.alike, n_attacks) for side in sides)
        scores = np.concatenate([population.member(u), population.nonmember(v)])
        if n_attacks == 1:
            scores = scores[:, 0]
        for cell, count in zip(cells, found, strict=True):
            count.draws += 1
            if not cell.resolvable:
                continue
            low, high = cell.interval(membership, scores, groups)
            count.above += low > count.truth + 1e-9
            count.below += high < count.truth - 1e-9
            count.width += (high - low) / draws
    return found


def _of_metric(name):
    return lambda m, s, groups: get_metric(name).interval(m, s, groups=groups)


def _strongest_of(name):
    """The strongest of several attacks, which are equally strong."""

    def ends(membership, scores, groups):
        attacks = {f"attack {k}": column for k, column in enumerate(scores.T)}
        found = strongest(membership, attacks, name, groups=groups)
        return found.low, found.high

    return ends


ONE = Persons()
FEW = "null", "shift 1", "shift 3", "told 5 %", "50 values"
RECORDS = [
    (name, sizes, ONE)
    for sizes, names in {
        (6494, 2784): POPULATIONS,
        (500, 500): POPULATIONS,
        (10_000, 1000): FEW,
        (1000, 10_000): FEW,
        (50_000, 10_000): ("null", "shift 1", "told 5 %"),
        (50_000, 50_000): ("shift 1",),
    }.items()
    for name in names
]
PERSONS = [
    (name, (3000, 2000), Persons(rows, alike))
    for name in ("null", "shift 1")
    for rows, alike in [
        ((2,), 0.5),
        ((6,), 0.0),
        ((6,), 0.5),
        ((6,), 1.0),
        ((20,), 0.5),
        ((20,), 1.0),
        ((1, 2, 6, 20), 0.5),
        ((1, 2, 6, 20), 1.0),
    ]
]

add_cells("AUC", _of_metric("auc"), lambda p: p.auc, RECORDS + PERSONS)
add_cells(
    "advantage", _of_metric("advantage"), lambda p: p.advantage, RECORDS + PERSONS
)
for rate in RATES:
    add_cells(
        f"TPR at {100 * rate:g} %",
        _of_metric(f"tpr@{rate}"),
        lambda p, rate=rate: float(p.roc(rate)),
        RECORDS + (PERSONS if rate > 0.001 else []),
        resolvable=lambda sizes, rate=rate: sizes[1] * rate > 1 - 1e-9,
    )

# Where all are equally strong the choice matters most.
FOUR = [
    (name, sizes, persons)
    for name in ("null", "shift 1")
    for sizes, persons in (
        ((2000, 2000), ONE),
        ((3000, 2000), Persons((6,), 0.5)),
    )
]
add_cells(
    "AUC, strongest of four", _strongest_of("auc"), lambda p: p.auc, FOUR, n_attacks=4
)
add_cells(
    "advantage, strongest of four",
    _strongest_of("advantage"),
    lambda p: p.advantage,
    FOUR,
    n_attacks=4,
)
for rate in RATES[:2]:
    add_cells(
        f"TPR at {100 * rate:g} %, strongest of four",
        _strongest_of(f"tpr@{rate}"),
        lambda p, rate=rate: float(p.roc(rate)),
        FOUR,
        n_attacks=4,
    )
