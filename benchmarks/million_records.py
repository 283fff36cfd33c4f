"""What attacks cost on a million records, from shadows that are there: time and memory.

On made-up logits of three classes in single precision. LiRA on 64 shadows, of one side
and of both; the default attacks of an audit, in one process, on 16 shadows with the
four signals that they use. Each is a process of its own, which reads the signals from a
file: memory is what the largest resident size grows by after that. Seconds are of one
core, so that other work on the machine does not count, with the wall time beside them.

    python benchmarks/million_records.py
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path

import numpy as np
from _fresh_process import in_fresh_process, memory
from _results import save, table
from stacked_cost import NAMES, simulate
from threadpoolctl import threadpool_limits

from skmia.attacks import LiRAAttack, LossThresholdAttack, RMIAAttack, StackedAttack
from skmia.shadows import ShadowSignals

DEFAULT = ("loss", "lira", "rmia", "stacked")
CASES = {
    "LiRA, 64 shadows": (64, False, ("lira",)),
    "LiRA, 64 shadows that tell both sides": (64, True, ("lira",)),
    "default attacks, 16 shadows": (16, False, DEFAULT),
    "default attacks, 16 shadows that tell both sides": (16, True, DEFAULT),
}


def write_shadows(folder, n_records, n_shadows, names):
    """Signals, membership and target as files, which are read without a copy."""
    shadows, proba, y, truth = simulate(n_records, n_shadows, names)
    for name in names:
        values = shadows.signals[name]
        np.save(folder / f"{name}.npy", values)
        # Of the right kind and size; what attacks find in it does not matter here.
        step = np.where(shadows.member, -0.6, 0.6).astype(np.float32)
        np.save(folder / f"other_{name}.npy", values + step)
    for name, array in [("proba", proba), ("y", y), ("truth", truth)]:
        np.save(folder / f"{name}.npy", array)
    np.save(folder / "member.npy", shadows.member)


def make_attack(name, shadows):
    if name == "loss":
        return LossThresholdAttack("precomputed")
    if name == "stacked":
        return StackedAttack("precomputed", shadows=shadows, random_state=0)
    attack = {"lira": LiRAAttack, "rmia": RMIAAttack}[name]
    return attack("precomputed", shadows=shadows)


def measure(folder, names, two_sided, attacks):
    """Seconds and memory of each step, one after the other."""
    read = {
        side: {name: np.load(folder / f"{side}{name}.npy") for name in names}
        for side in (("", "other_") if two_sided else ("",))
    }
    proba, y, truth, member = (
        np.load(folder / f"{name}.npy") for name in ("proba", "y", "truth", "member")
    )
    before, steps = memory(), []

    def run(step, function):
        wall, cpu = time.perf_counter(), time.process_time()
        result = function()
        steps.append(
            {
                "step": step,
                "cpu": time.process_time() - cpu,
                "wall": time.perf_counter() - wall,
                "peak_mib": memory() - before,
            }
        )
        return result

    shadows = run(
        "ShadowSignals",
        lambda: ShadowSignals(read[""], member, other=read.get("other_")),
    )
    for name in attacks:
        attack = make_attack(name, shadows)
        run(f"{name}, fit", lambda a=attack: a.fit(proba, y, membership=truth))
        run(f"{name}, score", lambda a=attack: a.score_samples(proba, y))
    size = sum(values.nbytes for side in read.values() for values in side.values())
    return {"steps": steps, "signals_mib": size / 2**20, "before_mib": before}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--n-records", type=int, default=1_000_000)
    parser.add_argument("--measure", nargs=2, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.measure:
        folder, case = args.measure
        n_shadows, two_sided, attacks = CASES[case]
        names = NAMES if "stacked" in attacks else ("logit",)
        with warnings.catch_warnings(), threadpool_limits(1):
            warnings.simplefilter("ignore")
            print(json.dumps(measure(Path(folder), names, two_sided, attacks)))
        return
    results = {}
    for n_shadows in (64, 16):
        with tempfile.TemporaryDirectory() as folder:
            names = ("logit",) if n_shadows == 64 else NAMES
            made = (folder, args.n_records, n_shadows, *names)
            in_another = [sys.executable, "-c", _WRITE, *map(str, made)]
            subprocess.run(in_another, check=True, cwd=Path(__file__).parent)
            for case in CASES:
                if CASES[case][0] == n_shadows:
                    results[case] = in_fresh_process(__file__, folder, case)
    lines, sums = [], []
    for case, found in results.items():
        lines += [
            {
                "shadows": case,
                "step": step["step"],
                "CPU, s": f"{step['cpu']:.2f}",
                "wall, s": f"{step['wall']:.2f}",
                "peak beside the signals, MiB": f"{step['peak_mib']:.0f}",
            }
            for step in found["steps"]
        ]
        steps = found["steps"]
        grown = steps[-1]["peak_mib"]
        ratio, whole = grown / found["signals_mib"], grown + found["before_mib"]
        sums.append(
            {
                "shadows": case,
                "CPU of all, s": f"{sum(s['cpu'] for s in steps):.1f}",
                "wall, s": f"{sum(s['wall'] for s in steps):.1f}",
                "signals, MiB": f"{found['signals_mib']:.0f}",
                "peak beside them, MiB": f"{grown:.0f} ({ratio:.2f} x)",
                "whole process, MiB": f"{whole:.0f}",
            }
        )
    save(
        "million_records",
        f"What attacks cost on {args.n_records:,} records",
        "From given signals in single precision. The goals on a million records: LiRA "
        "with 64 shadows in 3 s and twice the signals' memory, the default attacks "
        "with 16 shadows in 60 s and 4 GB.\n\n"
        f"{table(sums)}\n\nStep by step; the peak is the largest until then.\n\n"
        f"{table(lines)}",
        results,
    )


# In a process of its own: what drawing them takes is no part of what is measured.
_WRITE = """
import sys
from pathlib import Path
from million_records import write_shadows
folder, n_records, n_shadows, *names = sys.argv[1:]
write_shadows(Path(folder), int(n_records), int(n_shadows), names)
"""


if __name__ == "__main__":
    main()
