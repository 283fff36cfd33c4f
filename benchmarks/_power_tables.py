"""Tables of `attack_power.py`."""

import numpy as np
from scipy import stats

METRICS = ("AUC", "TPR@1%", "TPR@0.1%")
# Fewer than 1,000 non-members.
SMALL_DATA = ("digits", "breast cancer")


def half_width(values):
    """Of the 95 % interval of a mean over targets (Student's t)."""
    n = len(values)
    return stats.t.ppf(0.975, n - 1) * np.std(values, ddof=1) / np.sqrt(n)


def against_reference(cells, budgets, plain, with_shadows, reference):
    """Geometric means against the reference, over the cells where it finds any.

    One row for each attack, one column for each number of shadows; and the cells where
    the attack is below nine tenths of a reference that finds more than 0.5 % and has
    more than 1,000 non-members. In brackets the number of cells, where some have no
    figure: attacks that take more shadows, and cells with fewer models.
    """
    lines = []
    for name in [*plain, *with_shadows]:
        line = {"attack": name}
        for n_shadows in budgets:
            key = (name, 0 if name in plain else n_shadows)
            ratios, found = [], []
            for cell in cells:
                about = cell[reference]
                if key not in cell:
                    continue
                found_by_it = np.mean(about["values"]["TPR@0.1%"])
                ours = np.mean(cell[key]["values"]["TPR@0.1%"])
                if found_by_it > 0.001:
                    # A figure of 0 is half a member in that many records.
                    ratios.append(max(ours, 1e-4) / found_by_it)
                if found_by_it > 0.005 and about["data"] not in SMALL_DATA:
                    found.append(ours / found_by_it)
            if not found:
                continue
            mean = np.exp(np.mean(np.log(ratios)))
            lowest, below = min(found), sum(ratio < 0.9 for ratio in found)
            line[f"{n_shadows} shadows"] = f"{mean:.2f} ({len(ratios)})"
            line[f"lowest with {n_shadows}"] = f"{lowest:.2f} ({below} of {len(found)})"
        if name in plain:
            # They take no shadows: one figure says all.
            same = f"{budgets[-1]} shadows"
            line |= dict.fromkeys((f"{k} shadows" for k in budgets), line[same])
        lines.append(line)
    heads = ["attack", *(f"{k} shadows" for k in budgets)]
    heads += [f"lowest with {k}" for k in budgets]
    heads = [head for head in heads if any(line.get(head) for line in lines)]
    return [{head: line.get(head, "") for head in heads} for line in lines]


def against_best_single(cells, budgets, plain, with_shadows, reference):
    """Where the stacked attack is behind the best single one with equal shadows.

    The best is chosen on the very figures that are compared, which favours it. Behind
    means that the 95 % interval of the paired difference over targets is below 0.
    """
    lines = []
    for n_shadows in budgets:
        for metric in METRICS:
            behind, n_cells = [], 0
            for cell in cells:
                found = {
                    name: np.array(cell[name, n_shadows]["values"][metric])
                    for name in with_shadows
                    if (name, n_shadows) in cell
                }
                if "stacked" not in found:
                    continue
                n_cells += 1
                ours = found.pop("stacked")
                best = max(found, key=lambda name: found[name].mean())
                gain = ours - found[best]
                if gain.mean() + half_width(gain) < 0:
                    about = cell["stacked", n_shadows]
                    behind.append(
                        f"{about['data']} {about['model']} ({best}: {gain.mean():+.4f})"
                    )
            if not n_cells:
                continue
            lines.append(
                {
                    "shadows": n_shadows,
                    "metric": metric,
                    "at or ahead": f"{n_cells - len(behind)} of {n_cells}",
                    "behind": "; ".join(behind) or "nowhere",
                }
            )
    return lines


def below_chance(cells):
    """Attacks with shadows whose AUC is below 1/2 by more than its interval."""
    return [
        f"{row['data']} {row['model']}, {row['attack']}, {row['n_shadows']} shadows: "
        f"{np.mean(auc):.4f}"
        for cell in cells
        for row in cell.values()
        if row["n_shadows"]
        for auc in [row["values"]["AUC"]]
        if np.mean(auc) + half_width(auc) < 0.5
    ]
