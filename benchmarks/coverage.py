"""How often the intervals of a report hold the truth, by simulation.

Scores are drawn from distributions whose figures are known, an interval is computed
from them as a report does, and counted as a hit where the truth is in it. Every cell
is a distribution, the numbers of records, and the rows and likeness of a person's. With
1,000 draws the binomial error of a coverage of 95 % is 0.7 points.

    python benchmarks/coverage.py [--draws 1000] [--only TEXT] [--quick]

Further intervals are further rows: `add_cells` of `_coverage_cells.py` takes them.
"""

import argparse
import json
import sys
import time

import _coverage_strongest  # noqa: F401  adds its cells
import numpy as np
from _coverage_cells import CELLS, NOMINAL, TIMED, Count, cover
from _coverage_populations import POPULATIONS
from _results import FOLDER, save, table

import skmia.metrics as metrics

BAND = 93.0, 98.0


def milliseconds():
    """Time of each interval for 50,000 records a side, the best of five."""
    rng = np.random.RandomState(0)
    member = np.repeat([True, False], 50_000)
    scores = rng.normal(size=100_000) + member
    persons = np.arange(100_000) // 5
    rows = []
    for name in TIMED:
        row: dict[str, object] = {"figure": name}
        for title, groups in (("ms", None), ("ms by persons of 5", persons)):
            seconds = []
            for _ in range(5):
                start = time.process_time()
                metrics.get_metric(name).interval(member, scores, groups=groups)
                seconds.append(time.process_time() - start)
            row[title] = round(1000 * min(seconds), 1)
        rows.append(row)
    return rows


def row_of(cell, found: Count):
    low, high = found.above, found.below
    coverage = 100 * (1 - (low + high) / found.draws)
    error = 100 * np.sqrt(NOMINAL * (1 - NOMINAL) / found.draws)
    verdict = "no"
    if BAND[0] <= coverage <= BAND[1]:
        verdict = "yes"
    elif BAND[0] - 2 * error <= coverage <= BAND[1] + 2 * error:
        verdict = "within error"
    return {
        "figure": cell.figure,
        "draws": str(found.draws),
        "records": f"{cell.sizes[0]:,} / {cell.sizes[1]:,}",
        "persons": str(cell.persons),
        "scores": cell.population,
        "truth": f"{found.truth:.4f}",
        "covers %": f"{coverage:.1f}" if found.resolvable else "not resolvable",
        "too high %": f"{100 * low / found.draws:.1f}",
        "too low %": f"{100 * high / found.draws:.1f}",
        "width": f"{found.width:.4f}",
        "in 93 to 98": verdict if found.resolvable else "",
    }


def merged(rows):
    """These rows in the place of those of an earlier run, or after them."""
    earlier = json.loads((FOLDER / "coverage.json").read_text())["results"]
    keys = "figure", "records", "persons", "scores"
    found = {tuple(row[key] for key in keys): row for row in [*earlier, *rows]}
    return list(found.values())


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=1000)
    parser.add_argument(
        "--only", default="", help="cells with this in their name; the others are kept"
    )
    parser.add_argument("--quick", action="store_true", help="no file is written")
    args = parser.parse_args()
    start, rows = time.perf_counter(), []
    groups: dict[tuple, list] = {}
    for cell in CELLS:
        if args.only in cell.name:
            groups.setdefault(cell.drawn, []).append(cell)
    for cells in groups.values():
        draws = min(args.draws, cells[0].most_draws or args.draws)
        for cell, found in zip(cells, cover(cells, draws), strict=True):
            rows.append(row_of(cell, found))
            print(" | ".join(rows[-1].values()), file=sys.stderr, flush=True)
    if args.quick:
        return
    if args.only:
        rows = merged(rows)
    verdicts = [row["in 93 to 98"] for row in rows if row["in 93 to 98"]]
    inside, near = verdicts.count("yes"), verdicts.count("within error")
    error = 100 * np.sqrt(NOMINAL * (1 - NOMINAL) / args.draws)
    kinds = "\n".join(f"- {key}: {p.text}" for key, p in POPULATIONS.items())
    save(
        "coverage",
        "How often intervals hold the truth",
        f"Nominally 95 %; {args.draws:,} draws are within {error:.1f} points "
        f"(one binomial error). Of {len(verdicts)} cells {inside} cover in 93 "
        f"to 98 %, and {near} more within two errors of that. An interval is too high "
        "where its lower end is above the truth, too low where its upper end is below "
        "it. Records are members / non-members.\n\n"
        f"{kinds}\n\n{table(rows)}\n\n"
        f"Processor time for 50,000 records a side:\n\n{table(milliseconds())}\n\n"
        f"Took {time.perf_counter() - start:.0f} s.",
        rows,
    )


if __name__ == "__main__":
    main()
