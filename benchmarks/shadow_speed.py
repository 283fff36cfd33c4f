"""What shadows cost beside the fits themselves: time, memory, and the arithmetic.

64 shadows of a random forest and of a logistic regression on Location-30, two at a
time, each in a fresh process. The time is compared with the seconds that the workers
spent fitting, predicting and on closed forms; the growth of the parent's peak memory
with the size of the signals that it keeps.

    python benchmarks/shadow_speed.py [--jobs 2]
"""

import argparse
import contextlib
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path

import joblib
import numpy as np
from _data import load_location30
from _results import save, table
from sklearn.base import clone
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier

from skmia.attacks import LiRAAttack
from skmia.shadows import ShadowSignals, draw_design, fit_shadows

N_SHADOWS = 64
MIB = 2**20
LEARNERS = {
    "forest": RandomForestClassifier(100),
    "logistic": LogisticRegression(C=10, max_iter=1000),
}


def peak_memory():
    """Most memory that this process ever held, in bytes."""
    with contextlib.suppress(OSError):
        # ru_maxrss starts from what the parent held; this does not.
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def measure(data, jobs, learner):
    """Fit the shadows in this process, and print what that took."""
    with np.load(data) as file:
        X, y = file["X"], file["y"]
    memory, start = peak_memory(), time.perf_counter()
    shadows = fit_shadows(
        LEARNERS[learner],
        X,
        y,
        shadows=N_SHADOWS,
        n_jobs=jobs,
        random_state=0,
    )
    wall = time.perf_counter() - start
    growth = peak_memory() - memory
    parts = {
        "fit_seconds": float(np.asarray(shadows.fit_seconds).sum()),
        "predict_seconds": float(np.asarray(shadows.predict_seconds).sum()),
        "closed_form_seconds": float(np.asarray(shadows.counterfactual_.seconds).sum()),
    }
    work = sum(parts.values())
    signals = sum(values.nbytes for values in shadows.signals.values())
    figures = {
        "wall_seconds": wall,
        "worker_seconds": work,
        **parts,
        "wall_over_work": wall / (work / jobs),
        "peak_growth_mib": growth / MIB,
        "signals_mib": signals / MIB,
        "data_mib": (X.nbytes + y.nbytes) / MIB,
    }
    print(json.dumps(figures))


def fit_in_fresh_process(X, y, jobs, learner):
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "location30.npz"
        np.savez(data, X=X, y=y)
        options = ["--jobs", str(jobs), "--measure", str(data), "--learner", learner]
        done = subprocess.run(
            [sys.executable, __file__, *options],
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        )
    return json.loads(done.stdout.splitlines()[-1])


def inner_threads(X, y, jobs):
    """Seconds for 16 small networks, in single-threaded workers and in others."""
    network = MLPClassifier((256,), max_iter=4)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # four epochs do not converge
        member = draw_design(y, 16, 0.5, np.random.RandomState(0))
        config = {"backend": "loky", "inner_max_num_threads": joblib.cpu_count()}
        with joblib.parallel_config(**config):
            parallel = joblib.Parallel(n_jobs=jobs)
            calls = [
                joblib.delayed(_fit_and_ask)(network, X, y, rows, seed)
                for seed, rows in enumerate(member)
            ]
            parallel(calls[:jobs])  # workers that have imported all they need
            start = time.perf_counter()
            parallel(calls)
            free = time.perf_counter() - start
        settings = {"n_jobs": jobs, "random_state": 0}
        fit_shadows(network, X, y, shadows=2, **settings)
        start = time.perf_counter()
        fit_shadows(network, X, y, shadows=16, **settings)
        single = time.perf_counter() - start
    return {"single_threaded_seconds": single, "unrestricted_seconds": free}


def _fit_and_ask(network, X, y, rows, seed):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = clone(network).set_params(random_state=seed).fit(X[rows], y[rows])
        return model.predict_proba(X)


def score_arithmetic(n_records=20_000, n_shadows=32, repeats=7):
    """Median seconds of LiRA on made-up signals of that size."""
    rng = np.random.RandomState(0)
    member = draw_design(rng.randint(10, size=n_records), n_shadows, 0.5, rng)
    logit = rng.normal(member * 1.0, 2.0)
    shadows = ShadowSignals({"logit": logit}, member)
    p = rng.uniform(0.01, 0.99, size=n_records)
    X, y = np.column_stack([1 - p, p]), np.ones(n_records, dtype=int)
    fit, score = [], []
    for _ in range(repeats):
        start = time.perf_counter()
        attack = LiRAAttack("precomputed", shadows=shadows).fit(X, y)
        fitted = time.perf_counter()
        attack.score_samples(X, y)
        score.append(time.perf_counter() - fitted)
        fit.append(fitted - start)
    return {
        "n_records": n_records,
        "n_shadows": n_shadows,
        "fit_seconds": float(np.median(fit)),
        "score_seconds": float(np.median(score)),
    }


def _told(fits, name):
    return (
        f"{fits['wall_seconds']:.1f} s of wall time of {name} for "
        f"{fits['worker_seconds']:.1f} s in the workers ({fits['fit_seconds']:.1f} "
        f"fitting, {fits['predict_seconds']:.1f} predicting, "
        f"{fits['closed_form_seconds']:.1f} in the closed form)"
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--measure", help=argparse.SUPPRESS)
    parser.add_argument("--learner", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    jobs = arguments.jobs
    if arguments.measure:
        measure(arguments.measure, jobs, arguments.learner)
        return
    X, y = load_location30()
    load = os.getloadavg()[0]
    fits = fit_in_fresh_process(X, y, jobs, "forest")
    linear = fit_in_fresh_process(X, y, jobs, "logistic")
    threads = inner_threads(X, y, jobs)
    lira = score_arithmetic()
    limit = fits["signals_mib"] + 100
    ratio = threads["unrestricted_seconds"] / threads["single_threaded_seconds"]
    lines = [
        {
            "figure": "wall time over (worker seconds / jobs), forest",
            "measured": f"{fits['wall_over_work']:.3f}",
            "limit": "1.06",
        },
        {
            "figure": "wall time over (worker seconds / jobs), logistic regression",
            "measured": f"{linear['wall_over_work']:.3f}",
            "limit": "1.10",
        },
        {
            "figure": "growth of the parent's peak memory, MiB",
            "measured": f"{fits['peak_growth_mib']:.0f}",
            "limit": f"{limit:.0f} (the signals and 100)",
        },
        {
            "figure": f"LiRA, score {lira['n_records']:,} records x "
            f"{lira['n_shadows']} shadows, seconds",
            "measured": f"{lira['score_seconds']:.4f}",
            "limit": "0.2",
        },
        {
            "figure": "LiRA, fit on the same (threshold included), seconds",
            "measured": f"{lira['fit_seconds']:.3f}",
            "limit": "",
        },
        {
            "figure": "unrestricted inner threads over single-threaded workers, MLP",
            "measured": f"{ratio:.2f}",
            "limit": "",
        },
    ]
    save(
        "shadow_speed",
        "What shadows cost beside the fits",
        f"{N_SHADOWS} shadows on Location-30 ({X.shape[0]:,} records), {jobs} jobs: "
        f"{_told(fits, 'RandomForestClassifier(100)')}, and "
        f"{_told(linear, 'LogisticRegression(C=10)')}. Load of the machine at the "
        f"start: {load:.1f}.\n\n" + table(lines),
        {
            "fits": fits,
            "logistic": linear,
            "threads": threads,
            "lira": lira,
            "load_at_start": load,
        },
    )


if __name__ == "__main__":
    main()
