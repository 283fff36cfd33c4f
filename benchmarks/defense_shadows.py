"""Whether the few models of `defense_frontier` find less of a private model than many.

The points of logistic regression that its claims rest on, with 8 and with 16 models,
each of which is a target of LiRA and of the stacked attack.

    python benchmarks/defense_shadows.py
"""

import warnings

import numpy as np
from _defense_audit import audit
from _defense_points import LINEAR, PRIVATE, UNDEFENDED, estimator_of, rows_of
from _results import save, table

POINTS = [
    ("digits", UNDEFENDED, ""),
    ("digits", PRIVATE, "epsilon=4"),
    ("digits", PRIVATE, "epsilon=8"),
    ("Location-30", UNDEFENDED, ""),
    ("Location-30", PRIVATE, "epsilon=20"),
]


def main():
    rows, raw = [], []
    for data, method, strength in POINTS:
        for n_models in (8, 16):
            warnings.simplefilter("ignore")
            [found] = audit(
                estimator_of(data, LINEAR, method, strength),
                *rows_of(data),
                n_models=n_models,
                every=True,
            )
            raw.append({"data": data, "strength": strength, "models": n_models} | found)
            row: dict[str, object] = {
                "data": data,
                "method": method,
                "strength": strength,
            }
            row |= {"models": n_models, "accuracy": f"{np.mean(found['accuracy']):.3f}"}
            for attack in ("LiRA", "stacked"):
                for metric in ("AUC", "TPR@0.1%"):
                    values = np.array(found["attacks"][attack][metric])
                    error = values.std(ddof=1) / np.sqrt(len(values))
                    row[f"{attack} {metric}"] = f"{values.mean():.3f} ± {error:.3f}"
            rows.append(row)
            print(row, flush=True)
    save(
        "defense_shadows",
        "Few and many models in the audit of private learners",
        """\
Logistic regression; every model is a target of both attacks. Means over the targets and
their standard errors, as if targets were independent.

"""
        + table(rows),
        raw,
    )


if __name__ == "__main__":
    main()
