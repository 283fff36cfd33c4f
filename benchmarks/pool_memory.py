"""Memory of shadow models on a large pool: of this process, and of each worker.

Naive Bayes on made-up records in double precision. The data travels to workers as a
file that they map: its pages count in what is resident in each worker, and are there
once for all of them. What a worker holds for itself is told apart.

    python benchmarks/pool_memory.py [--n-records 1000000] [--shadows 64] [--jobs 2]
"""

import argparse
import contextlib
import json
import threading
import warnings

import numpy as np
from _fresh_process import (
    Steps,
    children,
    give_back,
    in_fresh_process,
    memory,
    seconds_of,
)
from _results import save, table
from joblib import parallel_config
from sklearn.naive_bayes import GaussianNB

from skmia.shadows import ShadowModels, fit_shadows

PARENT_GOAL, WORKER_GOAL = 4096, 1.5
EXPLAINED = (
    "The parent holds the data and the signals once each. A worker copies the rows "
    "that a shadow is fitted on, half of the data, and another half is what this "
    "learner's fit takes beside them. Rows are copied from the mapped file in the "
    "order of the file, and the pages of a block are given back when it is copied, "
    "so that the largest resident size, as ru_maxrss gives it, has no more than a "
    "block of them. In threads, this learner's default, the parent alone took 3331 MiB."
)


class Watch:
    """Looks at what workers hold, twenty times a second."""

    def __init__(self):
        # Of each worker: the whole, and without mapped files.
        self.whole, self.own = {}, {}
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def _look(self):
        while not self._stopped.wait(0.05):
            for pid in children():
                with contextlib.suppress(OSError):  # it has ended
                    for kept, field in (self.whole, "VmHWM"), (self.own, "RssAnon"):
                        kept[pid] = max(memory(field, pid), kept.get(pid, 0.0))

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stopped.set()
        self._thread.join()


def fit(X, y, n_shadows, jobs):
    models = ShadowModels(n_shadows, counterfactual=False, keep_models=False)
    # In threads, as naive Bayes has them by default, there is no worker.
    with warnings.catch_warnings(), parallel_config("loky"):
        warnings.simplefilter("ignore")
        return fit_shadows(
            GaussianNB(), X, y, shadows=models, n_jobs=jobs, random_state=0
        )


def measure(n_records, n_features, n_shadows, jobs):
    """Figures in MiB, and seconds of the processor."""
    rng = np.random.default_rng(0)
    y = rng.integers(2, size=n_records)
    # Workers that have imported all that they need, and all else that is no data.
    fit(rng.normal(size=(200, n_features)), np.arange(200) % 2, 2 * jobs, jobs)
    fields = "VmRSS", "RssAnon"
    imported = {pid: [memory(f, pid) for f in fields] for pid in children()}
    spent = {pid: seconds_of(pid) for pid in children()}
    before = memory("VmRSS")
    X = rng.normal(size=(n_records, n_features))
    X += 0.1 * y[:, None]
    give_back()
    steps = Steps()
    with Watch() as watch:
        shadows = steps.run("shadows", lambda: fit(X, y, n_shadows, jobs))
        spent = sum(seconds_of(pid) - spent.get(pid, 0.0) for pid in children())
    # Not the resource tracker, which holds next to nothing.
    workers = [pid for pid in watch.whole if imported.get(pid, [0])[0] > 50]
    [step] = steps.steps
    return {
        "data": X.nbytes / 2**20,
        "signals": sum(v.nbytes for v in shadows.signals.values()) / 2**20,
        "parent_before_data": before,
        "parent": step["before_mib"] + step["peak_mib"],
        "parent_seconds": step["cpu"],
        "workers_seconds": spent,
        "wall": step["wall"],
        "workers": [
            {
                "imports": imported[pid][0],
                "whole": watch.whole[pid],
                "own": watch.own[pid] - imported[pid][1],
            }
            for pid in workers
        ],
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--n-records", type=int, default=1_000_000)
    parser.add_argument("--n-features", type=int, default=50)
    parser.add_argument("--shadows", type=int, default=64)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--measure", nargs=4, type=int, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.measure:
        print(json.dumps(measure(*args.measure)))
        return
    sizes = args.n_records, args.n_features, args.shadows, args.jobs
    found = in_fresh_process(__file__, *sizes)
    data = found["data"]
    rows = [
        {
            "process": "parent",
            "peak, MiB": f"{found['parent']:.0f}",
            "of it imports, MiB": f"{found['parent_before_data']:.0f}",
            "without imports, times the data": f"{over:.2f}",
            "its own, without mapped pages and imports": "",
        }
        for over in [(found["parent"] - found["parent_before_data"]) / data]
    ]
    rows += [
        {
            "process": f"worker {k}",
            "peak, MiB": f"{one['whole']:.0f}",
            "of it imports, MiB": f"{one['imports']:.0f}",
            "without imports, times the data": (
                f"{(one['whole'] - one['imports']) / data:.2f}"
            ),
            "its own, without mapped pages and imports": (f"{one['own'] / data:.2f}"),
        }
        for k, one in enumerate(found["workers"])
    ]
    save(
        "pool_memory",
        f"Memory of {args.shadows} shadow models on {args.n_records:,} records",
        f"Naive Bayes, {args.n_features} features in double precision: {data:.0f} MiB "
        f"of data, {found['signals']:.0f} MiB of signals. {args.jobs} jobs; "
        f"{found['parent_seconds']:.0f} s of the parent's processor, "
        f"{found['workers_seconds']:.0f} s of the workers', {found['wall']:.0f} s of "
        f"wall time. The goal is {PARENT_GOAL} MiB for the parent, and {WORKER_GOAL} "
        f"times the data for a worker.\n\n{table(rows)}\n\n{EXPLAINED}",
        found,
    )


if __name__ == "__main__":
    main()
