"""What shadows and attacks cost against records, shadows, features, classes and jobs.

Seconds of the processor and the peak of memory of every step, the fit and the scores of
each attack apart, and of shadow models what is not the learner's. Each point is a
process of its own, and is kept once it is measured: a run that was stopped goes on.

    python benchmarks/scaling.py [--minutes 15] [--axes records ...] [--anew]
"""

import argparse
import json
import shutil
import time
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
from _fresh_process import in_fresh_process
from _results import FOLDER, save, table
from _scaling_plot import plot
from _scaling_points import LEARNER, SHADOWS, WORKERS, Point, measure

from skmia.attacks import ATTACKS

KEPT = Path(__file__).parent / ".cache" / "scaling"
BASE = Point()
AXES = {
    "records": (10_000, 31_623, 100_000, 316_228, 1_000_000),
    "shadows": (2, 4, 16, 64, 256),
    "features": (3, 10, 30, 100, 300),
    "classes": (2, 5, 10, 30, 100),
    "jobs": (1, 2),
}
# So that the jobs have something to do.
OF_JOBS = Point(records=200_000, shadows=16)
# Measured apart, each with shadow models of its own.
FIRST = ("loss", "lira", "rmia", "calibrated", "stacked")
GROUPS = {
    "first": FIRST,
    "first, with shadows": FIRST[1:],
    "others": tuple(name for name in ATTACKS if name not in FIRST),
    "other, with shadows": ("shadow_classifier",),
    "no attacks": (),
}
ALL = ("first", "others")
OF_AXIS = {
    "shadows": ("first, with shadows", "other, with shadows"),
    "jobs": ("no attacks",),
}
# Of what takes less, the least of so many runs is taken: other work disturbs it.
SHORT, REPEATS = 10.0, 3
# Growth that is read off smaller figures is noise.
LEAST_SECONDS, LEAST_MIB = 0.05, 10.0
GOAL = 1.05


def points(axis):
    base = OF_JOBS if axis == "jobs" else BASE
    return [replace(base, **{axis: size}) for size in AXES[axis]]


def kept(point, group, number):
    sizes = "-".join(map(str, asdict(point).values()))
    return KEPT / f"{sizes} {group} {number}.json"


def run(point, group, number):
    """Measure a point, if it has not been and if another run of it is worth it."""
    path = kept(point, group, number)
    if path.exists() or (number and seconds(kept(point, group, 0)) > SHORT):
        return
    found = in_fresh_process(__file__, json.dumps(asdict(point)), group)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(found))
    print(f"{point}, {group}: {seconds(path):.1f} s", flush=True)


def seconds(path):
    return sum(step["cpu"] for step in json.loads(path.read_text()))


def read(point, groups):
    """Least seconds and memory of each step over the runs; empty if there are none."""
    found: dict[str, list[tuple[float, float]]] = {}
    for group in groups:
        for number in range(REPEATS):
            path = kept(point, group, number)
            for step in json.loads(path.read_text()) if path.exists() else ():
                found.setdefault(step["step"], []).append(
                    (step["cpu"], step["peak_mib"])
                )
    return {
        name: list(map(min, zip(*runs, strict=True))) for name, runs in found.items()
    }


def collect(axis):
    """Sizes, seconds and MiB of each step."""
    found: dict[str, tuple[list, list, list]] = {}
    for point in points(axis):
        for name, (cpu, mib) in read(point, OF_AXIS.get(axis, ALL)).items():
            sizes = found.setdefault(name, ([], [], []))
            for values, value in zip(
                sizes, (getattr(point, axis), cpu, mib), strict=True
            ):
                values.append(value)
    return found


def slope(sizes, values, least):
    """Exponent over all sizes, and between the last two; what is small is left out."""
    x, v = np.log(sizes), np.asarray(values)
    large = v >= least
    if large.sum() < 2 or not large[-1]:
        return None
    x, v = x[large], np.log(v[large])
    return float(np.polyfit(x, v, 1)[0]), float((v[-1] - v[-2]) / (x[-1] - x[-2]))


def written(found):
    if found is None:
        return "small"
    return " / ".join(f"{x:.2f}" + "*" * (x > GOAL) for x in found)


def lines_of(axis, found):
    return [
        {
            "step": name,
            **{
                f"{size:,}": f"{cpu:.2f} s, {max(mib, 0):.0f} MiB"
                for size, cpu, mib in zip(*values, strict=True)
            },
            "exponent of time": written(slope(values[0], values[1], LEAST_SECONDS)),
            "of memory": written(slope(values[0], values[2], LEAST_MIB)),
        }
        for name, values in found.items()
    ]


def aligned(lines):
    """Lines with all columns; a step may be missing at a size, such as 2 shadows."""
    longest = max(lines, key=len)
    return [{key: line.get(key, "") for key in longest} for line in lines]


def jobs_lines(found):
    return [
        {
            "jobs": jobs,
            "CPU of all, s": f"{sum(cpu):.2f}",
            "parent's, s": f"{cpu[0] if jobs > 1 else sum(cpu):.2f}",
            "parent's peak beside the data, MiB": f"{mib[0]:.0f}",
            "a worker's peak, whole, MiB": f"{mib[1]:.0f}" if jobs > 1 else "",
        }
        for jobs, cpu, mib in found
    ]


def report():
    found = {axis: collect(axis) for axis in AXES if axis != "jobs"}
    found = {axis: steps for axis, steps in found.items() if steps}
    missing = [
        f"{axis}={getattr(point, axis):,} ({group})"
        for axis in AXES
        for point in points(axis)
        for group in OF_AXIS.get(axis, ALL)
        if not kept(point, group, 0).exists()
    ]
    parts = [INTRODUCTION]
    if missing:
        parts.append(f"Not run for want of time: {', '.join(missing)}.")
    for axis, steps in found.items():
        fixed = {k: v for k, v in asdict(BASE).items() if k not in (axis, "jobs")}
        beside = ", ".join(f"{size:,} {name}" for name, size in fixed.items())
        parts += [f"## Against {axis}", f"With {beside}."]
        parts.append(table(aligned(lines_of(axis, steps))))
    jobs = []
    for point in points("jobs"):
        of = read(point, OF_AXIS["jobs"])
        if of:
            second = WORKERS if point.jobs > 1 else LEARNER
            pair = of[SHADOWS], of[second]
            jobs.append((point.jobs, *zip(*pair, strict=True)))
    if jobs:
        parts += [
            "## Against jobs",
            f"Shadow models alone, {OF_JOBS.shadows} on {OF_JOBS.records:,} records, "
            "the learner's seconds included. Workers map the data from a file, and "
            "the pages of that count in each worker's peak. What starts workers and "
            "imports there is left out.",
            table(jobs_lines(jobs)),
        ]
    parts.append("![Cost against size](scaling.png)")
    plot(found, FOLDER / "scaling.png")
    save("scaling", "Cost against size", "\n\n".join(parts), found | {"jobs": jobs})


INTRODUCTION = (
    "Naive Bayes on made-up records. Each cell: seconds of the processor, and the peak "
    "of memory beside what was there before the step; the least of up to three runs. "
    "An exponent is the slope on logarithmic axes, over all sizes / between the last "
    "two; figures under "
    f"{LEAST_SECONDS:g} s and {LEAST_MIB:g} MiB are left out. The goal is {GOAL} at "
    "most in records and shadows; what is above has a star. The learner's own seconds "
    "stand beside ours: its method is linear, and what is above 1 there is the "
    "machine's, whose caches hold less of larger arrays. Rows, and rows that are "
    "equal, are found by sorting, which is n log n."
)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=15)
    parser.add_argument("--axes", nargs="+", choices=AXES, default=list(AXES))
    parser.add_argument("--without", nargs="+", choices=GROUPS, default=[])
    parser.add_argument("--anew", action="store_true", help="forget what was measured")
    parser.add_argument("--measure", nargs=2, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.measure:
        point, group = args.measure
        print(json.dumps(measure(Point(**json.loads(point)), GROUPS[group])))
        return
    if args.anew:
        shutil.rmtree(KEPT, ignore_errors=True)
    end = time.monotonic() + 60 * args.minutes
    order = [
        (point, group, number)
        for number in range(REPEATS)
        for axis in args.axes
        for point in points(axis)
        for group in OF_AXIS.get(axis, ALL)
        if group not in args.without
    ]
    for one in order:
        if time.monotonic() < end:
            run(*one)
    report()


if __name__ == "__main__":
    main()
