"""Whether what recommend_defense chooses keeps to its limit when it is audited.

A half of the rows goes into the recommendation. The chosen defense is then audited by
`audit_learner` on the other half, whose rows the search has never seen: 16 models, all
of them attacked by LiRA and the stacked attack, with the others as shadows.

    python benchmarks/recommended.py [--jobs 2] [--cells 0 1 ...]

Cells are kept in benchmarks/.cache: a run that was stopped goes on where it was.
"""

import argparse
import json
import time
import warnings
from pathlib import Path

import numpy as np
from _data import load_location30
from _results import save, table
from sklearn.datasets import load_digits
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split

from skmia.audit import audit_learner
from skmia.exceptions import LeakageLimitWarning
from skmia.model_selection import recommend_defense

FOLDER = Path(__file__).parent / ".cache" / "recommended"
MODELS = {
    "LogisticRegression": LogisticRegression(C=10, max_iter=200),
    "RandomForest": RandomForestClassifier(50),
}


def digits():
    X, y = load_digits(return_X_y=True)
    return (X / 16).astype(np.float32), y


DATA = {"digits": digits, "Location-30": load_location30}
# Data, model, limit, utility, budget.
CELLS = [
    ("digits", "LogisticRegression", 0.6, "accuracy", None),
    ("digits", "LogisticRegression", 0.6, "neg_log_loss", None),
    ("digits", "RandomForest", 0.7, "neg_log_loss", 600),
    ("Location-30", "LogisticRegression", 0.8, "neg_log_loss", 400),
]


def run(cell, jobs):
    """Recommend on one half of the rows, audit on the other."""
    data, model, limit, scoring, budget = cell
    X, y = DATA[data]()
    X, fresh, y, fresh_y = train_test_split(
        X, y, test_size=0.5, stratify=y, random_state=0
    )
    start = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LeakageLimitWarning)
        found = recommend_defense(
            MODELS[model],
            X,
            y,
            max_leakage=limit,
            scoring=scoring,
            budget=budget,
            n_jobs=jobs,
            random_state=0,
        )
    took = time.perf_counter() - start
    rows = found.to_frame().sort_index()
    chosen = rows.loc[found.closest_index_]
    learner = found._entries[found.closest_index_].candidate.estimator
    audits = {}
    for name, each in (("undefended", MODELS[model]), ("chosen", learner)):
        report = audit_learner(each, fresh, fresh_y, n_models=16, random_state=1)
        auc = report.strongest("auc")
        audits[name] = [auc.value, auc.low, auc.high]
    return {
        "data": data,
        "model": model,
        "limit": limit,
        "scoring": scoring,
        "budget": budget,
        "is_recommended": found.best_index_ is not None,
        "chosen": f"{chosen['defense']} ({chosen['strength']})",
        "utility": chosen[scoring],
        "undefended utility": rows.loc[0, scoring],
        "leakage": chosen["leakage"],
        "high": chosen["leakage_high"],
        "checked": chosen["checked_leakage"],
        "audit": audits["chosen"],
        "undefended audit": audits["undefended"],
        "work": found.work_,
        "estimated work": found.cost_.work,
        "seconds": took,
        "estimated seconds": found.cost_.seconds,
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--cells", type=int, nargs="*", default=list(range(len(CELLS))))
    given = parser.parse_args()
    FOLDER.mkdir(parents=True, exist_ok=True)
    found = []
    for cell in [CELLS[i] for i in given.cells]:
        path = FOLDER / f"{'-'.join(map(str, cell)).lower()}.json"
        if not path.exists():
            path.write_text(json.dumps(run(cell, given.jobs)))
        found.append(json.loads(path.read_text()))
        print(json.dumps(found[-1]), flush=True)
    lines = [
        {
            "data": f["data"],
            "model": f["model"],
            "utility": f["scoring"],
            "limit": f["limit"],
            "recommended": f["chosen"] if f["is_recommended"] else "nothing",
            "its utility": round(f["utility"], 3),
            "undefended": round(f["undefended utility"], 3),
            "leakage": round(f["leakage"], 3),
            "at most": round(f["high"], 3),
            "checked": round(f["checked"], 3),
            "audited": round(f["audit"][0], 3),
            "up to": round(f["audit"][2], 3),
            "undefended, audited": round(f["undefended audit"][0], 3),
            "budget": f["budget"] or "none",
            "plain fits": round(f["work"]),
        }
        for f in found
    ]
    text = (
        "`recommend_defense` on one half of the rows. What it chose is audited by "
        "`audit_learner` on the other half, whose rows it has never seen: 16 models, "
        "all of them attacked with the others as shadows, AUC of the strongest "
        "attack.\n\n"
    )
    save(
        "recommended",
        "Does what is recommended keep to its limit?",
        text + table(lines),
        found,
    )


if __name__ == "__main__":
    main()
