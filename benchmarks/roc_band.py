"""How often the band of a report's ROC holds the true curve, rate by rate.

Scores are drawn from distributions whose ROC is known, the curves of a report are made
of them, and at each of their rates it is counted whether the true TPR is inside. Cells
are distributions, numbers of records, persons with several rows, and several models on
the same records.

    python benchmarks/roc_band.py [--draws 300] [--only TEXT] [--quick]
"""

import argparse
import json
import sys
import time
import zlib
from dataclasses import dataclass

import numpy as np
from _coverage_cells import ONE, Persons
from _coverage_populations import POPULATIONS
from _results import FOLDER, save, table
from scipy.special import ndtr

from skmia.audit._curves import curves
from skmia.audit._evidence import Evidence

NOMINAL = 0.95
LOW = 0.01


@dataclass(frozen=True)
class Cell:
    population: str
    sizes: tuple[int, int]
    persons: Persons = ONE
    n_models: int = 1
    # Of several models: share of the variance of scores that is the record's own.
    alike: float = 0.0

    @property
    def name(self):
        models = f", {self.n_models} models, {self.alike:g} alike"
        return (
            f"{self.population}, {self.sizes[0]:,} / {self.sizes[1]:,}, {self.persons}"
            + models * (self.n_models > 1)
        )

    def draw(self, rng):
        """Evidence of one audit."""
        population, k = POPULATIONS[self.population], self.n_models
        person = self.persons.of(sum(self.sizes))
        n = len(person)
        own, shared = rng.normal(size=(k, n)), rng.normal(size=(k, person[-1] + 1))
        noise = np.sqrt(self.persons.alike) * shared[:, person]
        noise += np.sqrt(1 - self.persons.alike) * own
        noise = np.sqrt(self.alike) * rng.normal(size=n) + np.sqrt(1 - self.alike) * (
            noise
        )
        u = np.clip(ndtr(noise), 1e-15, 1 - 1e-15)
        member = np.stack([self._members(rng, person) for _ in range(k)])
        scores = np.where(member, population.member(u), population.nonmember(u))
        several = k > 1
        by_person = self.persons.rows != (1,)
        return Evidence(
            membership=member.ravel(),
            scores={"attack": scores.ravel()},
            max_fprs=(0.1, 0.01, 0.001),
            confidence_level=NOMINAL,
            target=np.repeat(np.arange(k), n) if several else None,
            record=np.tile(np.arange(n), k) if several else None,
            persons=np.tile(person, k) if by_person else None,
            person_names=range(person[-1] + 1) if by_person else None,
        )

    def _members(self, rng, person):
        """Persons drawn whole, until there are about so many rows."""
        order = rng.permutation(person[-1] + 1)
        rows = np.bincount(person)[order].cumsum()
        chosen = order[rows <= self.sizes[0]]
        return np.isin(person, chosen)


CELLS = [
    *(
        Cell(name, (500, 500))
        for name in ("null", "shift 1", "shift 3", "wide", "told 5 %", "told 30 %")
    ),
    *(Cell(name, (500, 500)) for name in ("heavy", "2 values", "50 values")),
    *(Cell(name, (50, 50)) for name in ("null", "shift 1", "told 30 %", "50 values")),
    *(Cell(name, (2000, 5000)) for name in ("shift 1", "told 5 %", "50 values")),
    *(
        Cell(name, (1500, 1000), Persons(rows, alike))
        for name in ("null", "shift 1")
        for rows, alike in (((6,), 0.5), ((1, 2, 6, 20), 0.5), ((6,), 1.0))
    ),
    *(
        Cell("shift 1", (300, 300), n_models=4, alike=alike)
        for alike in (0.0, 0.5, 1.0)
    ),
    Cell("50 values", (300, 300), n_models=4, alike=0.5),
    Cell("shift 1", (600, 600), Persons((6,), 0.5), n_models=3, alike=0.3),
]


def cover(cell, draws):
    """Share of draws in which each end is on the right side, by rate, and the width."""
    rng = np.random.RandomState(zlib.crc32(cell.name.encode()))
    below, above, width, rates = 0, 0, 0.0, None
    for _ in range(draws):
        (curve,) = curves(cell.draw(rng)).values()
        fpr, low, high = (np.array(curve[key]) for key in ("fpr", "low", "high"))
        if rates is None:
            rates = fpr
        elif len(rates) != len(fpr):  # of persons, by how many rows are in which side
            fpr_of = np.searchsorted(fpr, rates - 1e-12).clip(0, len(fpr) - 1)
            low, high, fpr = low[fpr_of], high[fpr_of], fpr[fpr_of]
        truth = POPULATIONS[cell.population].roc(fpr)
        below = below + (truth < low - 1e-6)
        above = above + (truth > high + 1e-6)
        width = width + (high - low)
    return rates, below / draws, above / draws, width / draws


def row_of(cell, draws):
    fpr, below, above, width = cover(cell, draws)
    held = 1 - below - above
    n = cell.sizes[1]
    groups = {
        "all": (fpr >= 1 / n - 1e-9) & (fpr < 1),
        "up to 1 %": (fpr >= 1 / n - 1e-9) & (fpr <= LOW + 1e-9),
    }
    row = {"cell": cell.name, "rates": int(groups["all"].sum())}
    for title, of in groups.items():
        row[f"holds %, {title}"] = f"{100 * held[of].mean():.1f}" if of.any() else ""
    worst = np.flatnonzero(groups["all"])[np.argmin(held[groups["all"]])]
    row["least, at an FPR of"] = f"{100 * held[worst]:.1f}, {fpr[worst]:.4g}"
    row["too high %"] = f"{100 * below[groups['all']].mean():.1f}"
    row["too low %"] = f"{100 * above[groups['all']].mean():.1f}"
    row["width at 10 %"] = f"{np.interp(0.1, fpr, width):.3f}"
    row["held"] = held[groups["all"]].round(4).tolist()
    return row


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=300)
    parser.add_argument(
        "--only", default="", help="cells with this in their name; the others are kept"
    )
    parser.add_argument("--quick", action="store_true", help="no file is written")
    args = parser.parse_args()
    start, rows = time.perf_counter(), []
    for cell in CELLS:
        if args.only in cell.name:
            rows.append(row_of(cell, args.draws))
            shown = [str(v) for k, v in rows[-1].items() if k != "held"]
            print(" | ".join(shown), file=sys.stderr, flush=True)
    if args.quick:
        return
    if args.only:
        earlier = json.loads((FOLDER / "roc_band.json").read_text())["results"]
        new = {row["cell"]: row for row in rows}
        rows = [new.get(row["cell"], row) for row in earlier]
    error = 100 * np.sqrt(NOMINAL * (1 - NOMINAL) / args.draws)
    every = np.concatenate([row["held"] for row in rows])
    short = int((every < NOMINAL - 3 * error / 100).sum())
    columns = [{k: v for k, v in row.items() if k != "held"} for row in rows]
    save(
        "roc_band",
        "How often the band of the ROC holds the true curve",
        f"Nominally {100 * NOMINAL:g} % at each rate; {args.draws:,} draws are within "
        f"{error:.1f} points (one binomial error). Over all cells and rates it holds "
        f"in {100 * every.mean():.1f} %; at {short} of {len(every)} rates in less than "
        f"three errors below. The least of a cell is the lowest of so many rates, and "
        "lower for having been picked. Too high: the lower end is above the true TPR. "
        "Rates run from one non-member on.\n\n"
        f"{table(columns)}\n\nTook {time.perf_counter() - start:.0f} s.",
        rows,
    )


if __name__ == "__main__":
    main()
