"""How often the guard of sets that differ without the model flags splits of Adult.

Shifted ones are to be flagged, and random ones at most once in 20 seeds. Each seed has
other rows of Adult, another split, another model and other draws of the guard.

    python benchmarks/shifted_splits.py [--seeds 20] [--rows 5000]
"""

import argparse
import sys
from pathlib import Path

import numpy as np
from _data import load_adult
from _results import save, table
from sklearn.compose import ColumnTransformer, make_column_selector
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OrdinalEncoder
from sklearn.tree import DecisionTreeClassifier
from threadpoolctl import threadpool_limits

from skmia.audit import audit_classifier

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from _helpers.shifts import SHIFTED, at_random

NAME = "blind_classifier"


def audit(X, y, member, seed):
    """The guard of an audit, where it is a warning."""
    encode = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
    columns = ColumnTransformer(
        [("text", encode, make_column_selector(dtype_exclude="number"))],
        remainder="passthrough",
    )
    model = make_pipeline(columns, DecisionTreeClassifier(max_depth=6, random_state=0))
    model.fit(X[member], y[member])
    report = audit_classifier(
        *(model, X[member], y[member], X[~member], y[~member]),
        attacks=["loss"],
        random_state=seed,
    )
    found = [g for g in report.guards if g.name == NAME and g.severity == "warning"]
    return found[0] if found else None


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--rows", type=int, default=5000)
    given = parser.parse_args()
    results = {}
    with threadpool_limits(1):
        for draw in (at_random, *SHIFTED):
            found = []
            for seed in range(given.seeds):
                X, y = load_adult(given.rows, random_state=seed)
                member = draw(X, y, np.random.default_rng(seed))
                found.append(audit(X, y, member, seed))
            results[draw.__name__] = [
                guard and round(guard.value, 4) for guard in found
            ]
            print(draw.__name__, results[draw.__name__], flush=True)
    rows = []
    for draw in (at_random, *SHIFTED):
        aucs = [auc for auc in results[draw.__name__] if auc is not None]
        rows.append(
            {
                "split": draw.__name__.replace("_", " "),
                "how": (draw.__doc__ or "").split("\n")[0],
                "flagged": f"{len(aucs)} of {given.seeds}",
                "AUC where flagged": f"{min(aucs):.3f} to {max(aucs):.3f}"
                if aucs
                else "",
            }
        )
    save(
        "shifted_splits",
        "Splits of Adult that the blind classifier flags",
        f"{given.rows:,} rows of Adult for each of {given.seeds} seeds. The goal is "
        "every shifted split, and at most one random split in 20.\n\n" + table(rows),
        results,
    )


if __name__ == "__main__":
    main()
