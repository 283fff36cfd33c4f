"""What closed forms say of the other side of a record, beside models fitted again.

For every family: half of 2,000 rows of Adult, of digits, or of 1,500 of Location-30 is
the training set, and 100 records are asked about. Two ways, as learners differ:

- fits that hang on their rows alone: a refit for each record;
- fits that differ by chance, or that one row may change altogether: means over many.

    python benchmarks/counterfactual_accuracy.py [--resume] [--only NAME ...]
"""

import argparse
import functools
import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import lightgbm
import numpy as np
import xgboost
from _data import load_adult, load_location30
from _refits import Refits
from _results import save, table
from sklearn.datasets import load_digits
from sklearn.discriminant_analysis import (
    LinearDiscriminantAnalysis,
    QuadraticDiscriminantAnalysis,
)
from sklearn.ensemble import (
    BaggingClassifier,
    ExtraTreesClassifier,
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
)
from sklearn.linear_model import LogisticRegression, RidgeClassifier, RidgeClassifierCV
from sklearn.naive_bayes import (
    BernoulliNB,
    CategoricalNB,
    ComplementNB,
    GaussianNB,
    MultinomialNB,
)
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, OrdinalEncoder, StandardScaler
from sklearn.svm import SVC, LinearSVC
from sklearn.tree import DecisionTreeClassifier, ExtraTreeClassifier

from skmia.shadows._counterfactual import find_plan

N_ADULT, N_LOCATION = 2000, 1500
N_RECORDS = 100
# Of a run that was cut off, for --resume.
KEPT = Path(__file__).parent / ".cache" / "counterfactual_accuracy.json"


@functools.cache
def data(name):
    """Rows as numbers, transformed beforehand: a closed form is that of the learner."""
    name, _, form = name.partition(", ")
    if name == "digits":
        X, y = load_digits(return_X_y=True)
        return (X if form == "codes" else X / 16), y
    if name == "Location-30":
        X, y = load_location30()
        rows = np.random.default_rng(0).permutation(len(y))[:N_LOCATION]
        return X[rows].astype(np.float64), y[rows]
    frame, labels = load_adult(N_ADULT)
    y = np.unique(labels, return_inverse=True)[1]  # XGBoost takes no text
    numbers = frame.select_dtypes("number")
    texts = frame.drop(columns=numbers.columns)
    codes = OrdinalEncoder().fit_transform(texts)
    if form == "codes":
        return codes, y
    one_hot = np.hstack([np.eye(int(c.max()) + 1)[c.astype(int)] for c in codes.T])
    scaler = MinMaxScaler() if form == "from 0" else StandardScaler()
    return np.hstack([scaler.fit_transform(numbers), one_hot]), y


@dataclass
class Case:
    """A learner, the data that it is fitted on, and how many refits that takes."""

    model: Any
    on: tuple[str, ...] = ("Adult", "digits")
    # 0: one for each record.
    n_fits: int = 0
    n_records: int = N_RECORDS
    name: str = ""

    def __post_init__(self):
        self.name = self.name or type(self.model).__name__


ALL = ("Adult", "digits", "Location-30")
FROM_0, CODES = ("Adult, from 0", "digits"), ("Adult, codes", "digits, codes")
TIGHT = {"tol": 1e-8, "max_iter": 5000}
CASES = [
    Case(LogisticRegression(**TIGHT)),
    Case(LogisticRegression(C=10, **TIGHT), ("Location-30",), n_records=16),
    Case(RidgeClassifier(), ALL),
    Case(RidgeClassifierCV()),
    Case(LinearSVC(tol=1e-8, max_iter=100_000)),
    Case(SVC(tol=1e-6)),
    Case(SVC(kernel="linear", tol=1e-6), name="SVC(kernel='linear')"),
    Case(KNeighborsClassifier(), ALL),
    Case(GaussianNB(), ALL),
    Case(MultinomialNB(), FROM_0),
    Case(BernoulliNB(), ALL),
    Case(ComplementNB(), FROM_0),
    Case(CategoricalNB(min_categories=50), CODES),
    Case(LinearDiscriminantAnalysis()),
    Case(QuadraticDiscriminantAnalysis(reg_param=0.1)),
    Case(make_pipeline(StandardScaler(), LogisticRegression(**TIGHT))),
    Case(DecisionTreeClassifier(min_samples_leaf=3), ALL, 160),
    Case(ExtraTreeClassifier(min_samples_leaf=3), ALL[:2], 200),
    Case(RandomForestClassifier(30, min_samples_leaf=3), ALL, 64),
    Case(ExtraTreesClassifier(30, min_samples_leaf=3), ALL[:2], 64),
    Case(BaggingClassifier(n_estimators=20), n_fits=64),
    Case(HistGradientBoostingClassifier(max_iter=20, early_stopping=False), n_fits=64),
    Case(GradientBoostingClassifier(n_estimators=20), n_fits=64),
    Case(xgboost.XGBClassifier(n_estimators=20, n_jobs=1), n_fits=64),
    Case(lightgbm.LGBMClassifier(n_estimators=20, n_jobs=1, verbose=-1), n_fits=64),
    Case(MLPClassifier((64,), max_iter=60), n_fits=64),
]


TEXT = """\
Half of the pool is the training set, and 100 records are asked about, 50 of them
members (Location-30 under LogisticRegression: 16). Without: of members, what the
fitted model would answer had they not been in its fit. With: of non-members, had they
been. Closed forms are asked as shadow models ask them, before they are compared with
other shadows and scaled. All figures are of logits of the record's own class. Slopes
are those of true changes in predicted ones: 2 means that the formula sees half of what
a record moves. Time: of the closed form for the whole pool, by that of the fit and its
answers. These fits take milliseconds, and the machine may have been busy: it is rough.
Correlations are rounded down. Logits reach 708: the largest error of GaussianNB on
Location-30 is of such."""
BY_RECORD = """\
Within 2 %: the share of the records whose predicted change is within 2 % of the
refit's. Nearest neighbours on Location-30: rows at equal distances, of which the
library takes any."""
IN_THE_MEAN = """\
Fits that differ by their random state, or whose structure one row may change. In every
refit half of the 100 records are on their other side; the gap of a record is the mean
logit of fits with it, less that of fits without it. What is predicted is the mean over
12 further fits. Logits are bounded, as in the comparison of shadows. Refits with
refits: the correlation that the gaps have with those of as many other refits; no
formula can have more than its root."""


def line(predicted, observed):
    """Slope of the observed gaps in the predicted ones, and their correlation."""
    known = np.isfinite(predicted) & np.isfinite(observed)
    x, z = predicted[known], observed[known]
    if len(x) < 2 or not x.std() or not z.std():
        return float("nan"), float("nan")
    correlation = float(np.corrcoef(x, z)[0, 1])
    return correlation * float(z.std() / x.std()), correlation


def figures_one_by_one(gaps):
    """Figures of both directions, from a refit for each record."""
    predicted, observed = gaps.told - gaps.now, gaps.refit - gaps.now
    error = np.abs(predicted - observed)
    found = {}
    for side, of in (("without", gaps.member), ("with", ~gaps.member)):
        found[f"slope {side}"], found[f"correlation {side}"] = line(
            predicted[of], observed[of]
        )
    # Below 1e-9 a change of a logit is rounding.
    close = error <= np.maximum(0.02 * np.abs(observed), 1e-9)
    return found | {
        "largest error": float(np.nanmax(error)),
        "within 2 %": float(close[np.isfinite(error)].mean()),
        "not told": int(np.isnan(error).sum()),
    }


def figures_in_the_mean(gaps):
    """Figures of both directions, from means over refits."""
    found = {}
    errors = []
    for side, predicted in (("without", gaps.without), ("with", gaps.with_)):
        found[f"slope {side}"], found[f"correlation {side}"] = line(
            predicted, gaps.observed
        )
        errors.append(np.nanmax(np.abs(predicted - gaps.observed)))
        found[f"mean {side}"] = float(np.nanmean(predicted))
    return found | {
        "mean gap": float(gaps.observed.mean()),
        "refits with refits": gaps.repeated,
        "largest error": float(max(errors)),
    }


def run(case, name):
    """All figures of one learner on one data set."""
    start = time.perf_counter()
    X, y = data(name)
    refits = Refits(X, y, case.n_records)
    plan = find_plan(case.model)
    if isinstance(plan, str):
        raise ValueError(plan)
    row = {"family": case.name, "data": name, "exact": plan.exact}
    if case.n_fits:
        gaps = refits.in_the_mean(case.model, case.n_fits)
        row |= figures_in_the_mean(gaps)
    else:
        gaps = refits.one_by_one(case.model)
        row |= figures_one_by_one(gaps)
    row |= {"refits": gaps.n_refits, "time": gaps.time}
    print(f"{time.perf_counter() - start:.1f} s", row, flush=True)
    return row


def shown(row):
    """A line of a table for people."""
    line = {
        "family": row["family"],
        "data": row["data"],
        "formula": "exact" if row["exact"] else "approximate",
    }
    for figure in ("slope", "correlation"):
        pair = [row[f"{figure} {side}"] for side in ("without", "with")]
        write = _rounded_down if figure == "correlation" else "{:.3f}".format
        line[f"{figure}: without, with"] = ", ".join(write(v) for v in pair)
    line["largest error"] = f"{row['largest error']:.1g}"
    if "within 2 %" in row:
        line["within 2 %"] = f"{100 * row['within 2 %']:.0f} %"
    else:
        line["refits with refits"] = _rounded_down(row["refits with refits"])
        sizes = (row[key] for key in ("mean gap", "mean without", "mean with"))
        line["mean gap: refits; without, with"] = "{:.2f}; {:.2f}, {:.2f}".format(
            *sizes
        )
    line["refits"] = row["refits"]
    line["time"] = f"{row['time']:.2f}"
    return line


def _rounded_down(value):
    return f"{np.trunc(value * 1000) / 1000:.3f}" if 0 < value < 1 else f"{value:.3f}"


def write(rows, n_cases):
    """Write what has been measured, and say where that is not all."""
    parts = [TEXT]
    if len(rows) < n_cases:
        parts.append(f"**Not finished: {len(rows)} of {n_cases} pairs.**")
    for title, about, has in (
        ("A refit for each record", BY_RECORD, True),
        ("Means over refits", IN_THE_MEAN, False),
    ):
        lines = [shown(row) for row in rows if ("within 2 %" in row) == has]
        if lines:
            parts.append(f"## {title}\n\n{about}\n\n{table(lines)}")
    title = "Closed forms of the other side, beside refits"
    save("counterfactual_accuracy", title, "\n\n".join(parts), rows)


def main():
    """Run every case, and keep each as soon as it is there."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="*", default=[])
    parser.add_argument("--resume", action="store_true")
    given = parser.parse_args()
    pairs = [(case, name) for case in CASES for name in case.on]
    if given.only:
        for case, name in pairs:
            if case.name in given.only:
                run(case, name)
        return
    KEPT.parent.mkdir(exist_ok=True)
    if not given.resume:
        KEPT.unlink(missing_ok=True)
    kept = json.loads(KEPT.read_text()) if KEPT.exists() else {}
    for case, name in pairs:
        key = f"{case!r}, {name}"
        if key not in kept:
            kept[key] = run(case, name)
            KEPT.write_text(json.dumps(kept))
    write([kept[f"{case!r}, {name}"] for case, name in pairs], len(pairs))


if __name__ == "__main__":
    main()
