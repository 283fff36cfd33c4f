"""What ``shadows="auto"`` does to intervals, and what it costs beside 64 shadows.

Made-up answers first: those of a member are higher by a known gain. Each audit adds
shadows until there are enough, and it is counted how often the interval of the target's
AUC holds the mean over all audits of the same number of shadows. Then real audits.

    python benchmarks/auto_shadows.py [--audits 400] [--made-up-only]
"""

import argparse
import time
import warnings

import numpy as np
from _cells import make_cell
from _results import save, table
from scipy.special import expit
from sklearn.base import clone
from sklearn.model_selection import train_test_split

from skmia.attacks import LiRAAttack
from skmia.audit import audit_classifier
from skmia.audit._enough import EnoughShadows
from skmia.metrics import roc_auc, roc_auc_interval
from skmia.shadows import ShadowSignals

STEPS = (8, 16, 32, 64)
N = 400
# Gain of a member, standard deviation of a record's own level, allowed rise.
WORLDS = {
    "no leak": (0.0, 3.0, 0.02),
    "weak leak": (0.3, 3.0, 0.02),
    "strong leak": (1.0, 3.0, 0.02),
}


def draw(rng, gain, spread):
    member = np.zeros((65, N), dtype=bool)
    for k in range(0, 64, 2):
        member[k] = rng.permutation(N) < N // 2
        member[k + 1] = ~member[k]
    member[64] = rng.permutation(N) < N // 2
    level = spread * rng.normal(size=N)
    answers = level + gain * member + rng.normal(size=member.shape)
    return member, answers


def one_audit(rng, gain, spread, precision):
    """AUC and its interval at every number of shadows, and where it was stopped."""
    member, answers = draw(rng, gain, spread)
    enough = EnoughShadows(
        {"lira": LiRAAttack("precomputed")},
        *(None, np.arange(N), (0.1,), 0.95, precision),
    )
    found, stopped = {}, None
    p = expit(answers[64])
    proba = np.column_stack([1 - p, p])
    for n in STEPS:
        shadows = ShadowSignals({"logit": answers[:n]}, member[:n])
        attack = LiRAAttack("precomputed", shadows=shadows)
        label = np.ones(N, dtype=int)
        scores = attack.fit(proba, label).score_samples(proba, label)
        found[n] = roc_auc(member[64], scores), *roc_auc_interval(member[64], scores)
        if stopped is None and (enough(shadows) or n == STEPS[-1]):
            stopped = n
    return found, stopped, enough.settled


def made_up(n_audits):
    rows = []
    for world, settings in WORLDS.items():
        rng = np.random.default_rng(0)
        audits = [one_audit(rng, *settings) for _ in range(n_audits)]
        truth = {n: np.mean([found[n][0] for found, *_ in audits]) for n in STEPS}

        def share(at, audits=audits, truth=truth):
            held = [
                found[at(n)][1] <= truth[at(n)] <= found[at(n)][2]
                for found, n, _ in audits
            ]
            return f"{np.mean(held):.3f}"

        number = [n for _, n, _ in audits]
        lost = truth[64] - np.mean([found[n][0] for found, n, _ in audits])
        rows.append(
            {
                "answers": world,
                "AUC with 8 / 64": f"{truth[8]:.3f} / {truth[64]:.3f}",
                "coverage, auto": share(lambda n: n),
                "coverage, 8": share(lambda n: 8),
                "coverage, 64": share(lambda n: 64),
                "stopped at 8 / 16 / 32 / 64": " / ".join(
                    f"{np.mean(np.equal(number, n)):.2f}" for n in STEPS
                ),
                "AUC lost to 64": f"{lost:.4f}",
                "settled": f"{np.mean([s for *_, s in audits]):.2f}",
            }
        )
        print(rows[-1], flush=True)
    return rows


def real(cells):
    rows = []
    for data, model in cells:
        X, y, estimator = make_cell(data, model)
        sides = train_test_split(X, y, test_size=0.5, random_state=0, stratify=y)
        X_in, X_out, y_in, y_out = sides
        target = clone(estimator).fit(X_in, y_in)
        for shadows in ("auto", 64):
            start = time.perf_counter()
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                report = audit_classifier(
                    *(target, X_in, y_in, X_out, y_out),
                    shadows=shadows,
                    random_state=0,
                )
            seconds = time.perf_counter() - start
            figures = {
                m: max(
                    (f for f in report.figures if f.metric == m and f.resolvable),
                    key=lambda f: f.value or 0.0,
                )
                for m in ("auc", "tpr@0.01", "tpr@0.001")
            }
            rows.append(
                {
                    "data": data,
                    "model": model,
                    "shadows": shadows,
                    "fitted": (report.shadows or {})["n_shadows"],
                    **{
                        m: f"{f.value:.4f} [{f.low:.4f}, {f.high:.4f}] {f.attack}"
                        for m, f in figures.items()
                    },
                    "seconds": f"{seconds:.1f}",
                }
            )
            print(rows[-1], flush=True)
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--audits", type=int, default=400)
    parser.add_argument("--made-up-only", action="store_true")
    args = parser.parse_args()
    first = made_up(args.audits)
    error = (0.95 * 0.05 / args.audits) ** 0.5
    text = f"""\
{args.audits} audits of {N} made-up records for each world, LiRA, precision 0.02; an
interval holds 95 % of the time, with a standard error of {error:.3f}.

{table(first)}"""
    second = []
    if not args.made_up_only:
        second = real(
            [("Adult", "LogisticRegression"), ("Location-30", "RandomForest")]
        )
        text += f"""

Real audits with the default attacks, one model each: the strongest attack, its
interval, and seconds of the whole audit on a machine that was busy with other work.

{table(second)}"""
    save(
        "auto_shadows",
        "Shadows that are added until there are enough",
        text,
        {"made_up": first, "real": second},
    )


if __name__ == "__main__":
    main()
