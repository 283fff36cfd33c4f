"""What StackedAttack costs beside LiRA on the same shadows: time and memory.

On made-up signals of three classes, with the four signals that it uses. Seconds of one
core, so that other work on the machine does not count; memory is the peak of what is
allocated beside the signals, over their size. Each size is measured in one fresh
process, LiRA first.

    python benchmarks/stacked_cost.py
"""

import argparse
import json
import time
import tracemalloc
import warnings

import numpy as np
from _fresh_process import in_fresh_process
from _results import save, table
from threadpoolctl import threadpool_limits

from skmia.attacks import LiRAAttack, StackedAttack
from skmia.metrics import roc_auc, tpr_at_fpr
from skmia.shadows import ShadowSignals, draw_design
from skmia.signals import SIGNALS

SIZES = ((500, 16), (10_000, 16), (100_000, 32), (400_000, 16))
NAMES = ("logit", "hinge", "entropy", "modified_entropy")
N_CLASSES = 3


def simulate(n_records, n_shadows, names=NAMES):
    """Shadows, a target's probabilities, labels and membership; members gain logits."""
    rng = np.random.RandomState(0)
    y = rng.randint(N_CLASSES, size=n_records)
    place, spread = 1.5 * rng.randn(n_records), np.exp(0.4 * rng.randn(n_records))
    gain = 0.7 * np.abs(rng.randn(n_records))

    def answer(held):
        z = 0.5 * rng.randn(n_records, N_CLASSES)
        z[np.arange(n_records), y] = place + gain * held + spread * rng.randn(n_records)
        p = np.exp(z - z.max(axis=1, keepdims=True))
        return p / p.sum(axis=1, keepdims=True)

    member = draw_design(y, n_shadows, 0.5, rng)
    signals = {name: np.empty(member.shape, dtype=np.float32) for name in names}
    for k, held in enumerate(member):
        proba = answer(held)
        for name, values in signals.items():
            values[k] = SIGNALS[name](proba, y)
    truth = rng.uniform(size=n_records) < 0.5
    return ShadowSignals(signals, member), answer(truth), y, truth


def run(attack, proba, y):
    start = time.process_time()
    scores = attack.fit(proba, y).score_samples(proba, y)
    return scores, time.process_time() - start


def measure(n_records, n_shadows):
    """Seconds, memory and power of both attacks."""
    shadows, proba, y, truth = simulate(n_records, n_shadows)
    found = {"n_records": n_records, "n_shadows": n_shadows}
    size = sum(values.nbytes for values in shadows.signals.values())
    attacks = {
        "lira": LiRAAttack("precomputed", shadows=shadows),
        "stacked": StackedAttack("precomputed", shadows=shadows, random_state=0),
    }
    for name, attack in attacks.items():
        scores, seconds = run(attack, proba, y)
        accused = attack.predict(proba, y)[~truth].mean()
        found[name] = {
            "seconds": seconds,
            "auc": roc_auc(truth, scores),
            "tpr@0.01": tpr_at_fpr(truth, scores, 0.01),
            "accused": float(accused),
        }
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    run(attacks["stacked"], proba, y)
    peak = tracemalloc.get_traced_memory()[1] - before
    return found | {"memory_over_signals": peak / size, "signals_mib": size / 2**20}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--measure", nargs=2, type=int, help=argparse.SUPPRESS)
    size = parser.parse_args().measure
    if size:
        with warnings.catch_warnings(), threadpool_limits(1):
            warnings.simplefilter("ignore")
            print(json.dumps(measure(*size)))
        return
    results = [in_fresh_process(__file__, *size) for size in SIZES]
    lines = [
        {
            "records x shadows": f"{found['n_records']:,} x {found['n_shadows']}",
            "LiRA, s": f"{found['lira']['seconds']:.2f}",
            "stacked, s": f"{found['stacked']['seconds']:.2f}",
            "times LiRA": f"{ratio:.1f}",
            "memory over signals": f"{found['memory_over_signals']:.2f} of "
            f"{found['signals_mib']:.0f} MiB",
            "AUC, LiRA and stacked": f"{found['lira']['auc']:.3f}, "
            f"{found['stacked']['auc']:.3f}",
            "accused of 1 %": f"{found['stacked']['accused']:.2%}",
        }
        for found in results
        for ratio in [found["stacked"]["seconds"] / found["lira"]["seconds"]]
    ]
    save(
        "stacked_cost",
        "What StackedAttack costs beside LiRA",
        "Fit and scores on the same given shadows, in seconds of one core; the peak "
        "of the memory beside the signals. The goal at 100,000 x 32 is 12 times "
        "LiRA's time and twice the signals' memory.\n\n" + table(lines),
        results,
    )


if __name__ == "__main__":
    main()
