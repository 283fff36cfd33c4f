"""What an audit spends on anything but shadows: a share of the whole, by stage.

20,000 rows of Adult, half of them members; gradient boosting in a Pipeline behind an
encoder; the default attacks on 16 shadows; the report as text and as a page of HTML.
One process and one thread, from the call of the audit to the written page, with what is
imported on the way. A stage is a function that is called inside; time that it spends in
another stage counts there. Seconds of the processor stand beside those of the clock:
other work on the machine makes the latter longer.

    python benchmarks/report_share.py [--rows 20000] [--shadows 16]
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from functools import wraps
from pathlib import Path

from _data import load_adult
from _results import save, table
from sklearn.compose import ColumnTransformer, make_column_selector
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder
from threadpoolctl import threadpool_limits

from skmia.audit import _classifier, _shared_shadows
from skmia.audit._report import _audit_report, _base, _contents

SHADOWS = "fitting and asking shadows"
# Where each stage is called, and by which name.
STAGES = {
    SHADOWS: [(_shared_shadows, "fit_shadows")],
    "comparing rows": [(_classifier, "make_pool")],
    "asking the model": [(_classifier, "ask_target")],
    "structure": [(_classifier, "structure_of_members")],
    "comparing with the shadows": [(_classifier, "share_shadows")],
    "attacks": [(_classifier, "_score")],
    "figures": [
        (_audit_report, "add_gap"),
        (_contents, "measure"),
        (_contents, "measure_strongest"),
        (_contents, "measure_headline"),
    ],
    "guards": [(_contents, "run_guards")],
    "risk": [(_contents, "make_risk")],
    "epsilon and mu": [(_contents, "epsilon_bound"), (_contents, "mu_bound")],
    "other contents": [(_audit_report, "make_contents")],
    "curves and histograms": [(_base, "curves"), (_base, "histograms")],
}
REST = "the rest of the audit"
GOAL = 0.05
ENCODERS = {
    "OrdinalEncoder": OrdinalEncoder(
        handle_unknown="use_encoded_value", unknown_value=-1
    ),
    "OneHotEncoder": OneHotEncoder(handle_unknown="ignore", sparse_output=False),
}


class Clock:
    """Seconds by stage, each moment in the innermost one."""

    def __init__(self):
        self.spent = {}
        self.open = []
        self.last = self.now()

    @staticmethod
    def now():
        return time.process_time(), time.perf_counter()

    def stop(self):
        now = self.now()
        if self.open:
            spent = self.spent.setdefault(self.open[-1], [0.0, 0.0])
            for i in (0, 1):
                spent[i] += now[i] - self.last[i]
        self.last = now

    def timed(self, stage, function):
        @wraps(function)
        def run(*args, **kwargs):
            self.stop()
            self.open.append(stage)
            try:
                return function(*args, **kwargs)
            finally:
                self.stop()
                self.open.pop()

        return run


def measure(n_rows, n_shadows, encoder):
    X, y = load_adult(n_rows)
    columns = ColumnTransformer(
        [("text", ENCODERS[encoder], make_column_selector(dtype_exclude="number"))],
        remainder="passthrough",
    )
    model = make_pipeline(columns, HistGradientBoostingClassifier(random_state=0))
    X_in, X_out, y_in, y_out = train_test_split(
        X, y, test_size=0.5, stratify=y, random_state=0
    )
    model.fit(X_in, y_in)
    clock = Clock()
    for stage, places in STAGES.items():
        for module, name in places:
            setattr(module, name, clock.timed(stage, getattr(module, name)))

    def audit():
        return _classifier.audit_classifier(
            *(model, X_in, y_in, X_out, y_out), shadows=n_shadows, random_state=0
        )

    report = clock.timed(REST, audit)()
    clock.timed("text", report.summary)()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "report.html"
        clock.timed("page of HTML", report.to_html)(path)
    return clock.spent


def in_fresh_process(given, encoder):
    done = subprocess.run(
        [
            *(sys.executable, __file__, "--measure", encoder),
            *("--rows", str(given.rows), "--shadows", str(given.shadows)),
        ],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    return json.loads(done.stdout.splitlines()[-1])


def with_totals(spent):
    totals = [sum(seconds) for seconds in zip(*spent.values(), strict=True)]
    rest = [t - own for t, own in zip(totals, spent[SHADOWS], strict=True)]
    return {**spent, "all but shadows": rest, "all": totals}


def lines(spent):
    return [
        {
            "stage": stage,
            "CPU, s": f"{cpu:.2f}",
            "share of CPU": f"{cpu / spent['all'][0]:.1%}",
            "wall, s": f"{wall:.2f}",
            "share of wall": f"{wall / spent['all'][1]:.1%}",
        }
        for stage, (cpu, wall) in spent.items()
    ]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--shadows", type=int, default=16)
    parser.add_argument("--measure", choices=ENCODERS, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.measure:
        with threadpool_limits(1):
            spent = measure(given.rows, given.shadows, given.measure)
        print(json.dumps(spent))
        return
    results = {e: with_totals(in_fresh_process(given, e)) for e in ENCODERS}
    tables = [f"## {name}\n\n{table(lines(spent))}" for name, spent in results.items()]
    shares = [
        spent["all but shadows"][0] / spent["all"][0] for spent in results.values()
    ]
    is_met = "met" if max(shares) < GOAL else "not met"
    save(
        "report_share",
        "What an audit spends on anything but shadows",
        f"Adult, {given.rows:,} rows, HistGradientBoosting behind an encoder, "
        f"{given.shadows} shadows, one thread; text and a page of HTML. The goal, "
        f"under {GOAL:.0%} for all but shadows, is {is_met}: {min(shares):.0%} to "
        f"{max(shares):.0%} of the processor's time.\n\n" + "\n\n".join(tables),
        {
            encoder: {
                stage: {"cpu": round(cpu, 3), "wall": round(wall, 3)}
                for stage, (cpu, wall) in spent.items()
            }
            for encoder, spent in results.items()
        },
    )


if __name__ == "__main__":
    main()
