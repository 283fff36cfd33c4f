"""What an audit costs with 4 shadows that speak for both sides, and with 64 plain ones.

LogisticRegression on 10,000 rows of Adult and RandomForest(100) on Location-30. The two
audits of a target run one after the other in a fresh process each; power is the mean
over several targets, on the same rows.

    python benchmarks/counterfactual_cost.py [--targets 4] [--jobs 2]
"""

import argparse
import json
import os
import subprocess
import sys
import time
import warnings
from typing import Any

import numpy as np
from _cells import make_cell
from _data import load_location30
from _results import save, table
from sklearn.base import clone
from sklearn.ensemble import RandomForestClassifier

from skmia._tables import take_rows
from skmia.audit import audit_classifier
from skmia.shadows import ShadowModels, draw_design

CELLS = ("Adult, LogisticRegression", "Location-30, RandomForest(100)")
WAYS: dict[str, tuple[int, Any]] = {
    "4, both sides": (4, "auto"),
    "64, own side": (64, False),
}


def make(cell):
    """Records, labels and the unfitted model."""
    if cell.startswith("Adult"):
        return make_cell("Adult", "LogisticRegression")
    X, y = load_location30()
    return X, y, RandomForestClassifier(100)


def audit(cell, way, target, jobs):
    """Wall time and figures of one audit, in this process."""
    X, y, estimator = make(cell)
    labels = np.asarray(y)
    columns = np.unique(labels, return_inverse=True)[1]
    member = draw_design(columns, 2, 0.5, np.random.RandomState(target))[0]
    inside, outside = np.flatnonzero(member), np.flatnonzero(~member)
    n_models, counterfactual = WAYS[way]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = clone(estimator).set_params(
            **{
                name: target
                for name in estimator.get_params()
                if name.rpartition("__")[2] == "random_state"
            }
        )
        model.fit(take_rows(X, inside), labels[inside])
        start = time.perf_counter()
        report = audit_classifier(
            model,
            take_rows(X, inside),
            labels[inside],
            take_rows(X, outside),
            labels[outside],
            shadows=ShadowModels(n_models, counterfactual=counterfactual),
            max_fprs=[0.001, 0.01],
            n_jobs=jobs,
            random_state=target,
        )
        seconds = time.perf_counter() - start
    frame = report.to_frame()
    frame = frame[frame["attack"] == "stacked"]
    figures = zip(frame["metric"], frame["value"], strict=True)
    return {"seconds": seconds} | {str(name): float(v) for name, v in figures}


def main():
    """Run every audit in a process of its own, the two ways in turn."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--targets", type=int, default=4)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--one", nargs=3, metavar=("CELL", "WAY", "TARGET"))
    given = parser.parse_args()
    if given.one:
        cell, way, target = given.one
        print(json.dumps(audit(cell, way, int(target), given.jobs)))
        return
    rows = []
    for cell in CELLS:
        for target in range(given.targets):
            for way in WAYS:
                command = [sys.executable, __file__, "--jobs", str(given.jobs)]
                done = subprocess.run(
                    [*command, "--one", cell, way, str(target)],
                    capture_output=True,
                    text=True,
                    check=True,
                    env=os.environ | {"OMP_NUM_THREADS": "1"},
                )
                figures = json.loads(done.stdout.splitlines()[-1])
                rows.append({"cell": cell, "way": way, "target": target} | figures)
    names = [name for name in rows[0] if name not in ("cell", "way", "target")]
    lines = []
    for cell in CELLS:
        for way in WAYS:
            of = [r for r in rows if r["cell"] == cell and r["way"] == way]
            line = {"cell": cell, "shadows": way}
            for name in names:
                values = [r[name] for r in of]
                middle = np.median if name == "seconds" else np.mean
                line[name] = f"{middle(values):.4g}"
            lines.append(line)
        plain, both = (
            np.array(
                [r["seconds"] for r in rows if r["cell"] == cell and r["way"] == w]
            )
            for w in ("64, own side", "4, both sides")
        )
        ratio = np.median(plain / both)
        lines.append(
            {"cell": cell, "shadows": "times faster", "seconds": f"{ratio:.1f}"}
            | dict.fromkeys(names[1:], "")
        )
    save(
        "counterfactual_cost",
        "Cost of an audit with 4 counterfactual shadows",
        "The stacked attack of `audit_classifier` with default attacks. Seconds of the "
        f"whole call with {given.jobs} jobs, median over {given.targets} targets; "
        "figures are means over the same targets; the ratio is the median of that of "
        "each target.\n\n" + table(lines),
        rows,
    )


if __name__ == "__main__":
    main()
