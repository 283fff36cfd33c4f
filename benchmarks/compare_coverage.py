"""How often intervals of a difference hold the truth, of two models on equal records.

Scores of the two models are drawn together, with a correlation for each record, from
normal distributions whose figures are known. The null has two models that leak alike;
in some cells the second model's scores are rounded to few values, which hides much.

In the hard cases the errors look more alike than they are: few members make all of the
difference, a threshold jumps over many members at once, or scores are one of two.

    python benchmarks/compare_coverage.py [--draws 300]
"""

import argparse

import numpy as np
from _results import save, table
from scipy.stats import norm

from skmia.audit import Figure
from skmia.audit._differences import Pairing, of_figures
from skmia.audit._evidence import Evidence
from skmia.metrics import get_metric, metrics_at

RATES = (0.1, 0.01)
SIZES = (500, 500), (2000, 1000)
# Members are so much higher in the first and the second model; values left of the
# second's scores, 0 for all.
CASES = {
    "both leak alike": (1.0, 1.0, 0),
    "neither leaks": (0.0, 0.0, 0),
    "a defense helps": (1.5, 0.5, 0),
    "masked by ties": (1.0, 1.0, 4),
}
CORRELATIONS = 0.0, 0.5, 0.9
# Cases of `draw_hard`, each at .97, where estimates of a correlation are worst.
HARD_SIZES = (60, 60), (300, 300), (100, 1000), (1000, 150)
HARD = (
    "few members exposed",
    "other members exposed",
    "a step at the threshold",
    "masked to two values",
    "two values, one rare",
)


def draw(rng, sizes, case, alike):
    """Membership and the scores of two models."""
    first, second, n_values = CASES[case]
    member = np.repeat([True, False], sizes)
    shared = rng.normal(size=member.size)
    scores = []
    for shift, values in ((first, 0), (second, n_values)):
        own = rng.normal(size=member.size)
        drawn = np.sqrt(alike) * shared + np.sqrt(1 - alike) * own + shift * member
        scores.append(np.digitize(drawn, edges(values)) if values else drawn)
    return member, scores


def edges(n_values):
    """Where scores are cut, into so many values."""
    return norm.ppf(np.arange(1, n_values) / n_values)


def draw_hard(rng, sizes, case, alike):
    """Membership and the scores of two models, in a case that is hard to cover."""
    member = np.repeat([True, False], sizes)
    shared, u = rng.normal(size=member.size), rng.random(member.size)
    scores = []
    for second in (False, True):
        own = rng.normal(size=member.size)
        drawn = np.sqrt(alike) * shared + np.sqrt(1 - alike) * own
        if case == "few members exposed":
            drawn += 6 * (member & (u < (0.07 if second else 0.15)))
        elif case == "other members exposed":
            drawn += 6 * (member & ((u > 0.85) if second else (u < 0.1)))
        elif case == "a step at the threshold":
            # The TPR at 1 % FPR has all of them or none, as the threshold falls.
            step = (2.4 if second else 2.0) + 0.02 * shared
            drawn = np.where(member & (u < 0.3), step, drawn)
        elif case == "masked to two values":
            drawn += 1.2 * member
            drawn = (drawn > 0.5).astype(float) if second else drawn
        else:
            drawn = (drawn + (0.8 if second else 0.3) * member > -2).astype(float)
        scores.append(drawn)
    return member, scores


def truth(name, case, draw=draw):
    """The difference of the figures, on records without end."""
    rng = np.random.default_rng(0)
    member, scores = draw(rng, (1_000_000, 1_000_000), case, 0.0)
    metric = get_metric(name)
    return metric.value(member, scores[1]) - metric.value(member, scores[0])


def measure(draw, case, truths, sizes, alike, draws):
    """A row for each figure that so many non-members resolve."""
    rng = np.random.default_rng(1)
    pairing = Pairing("records", "")
    found: dict[str, list] = {
        name: [] for name in truths if sizes[1] >= get_metric(name).needed_nonmembers
    }
    for _ in range(draws):
        member, scores = draw(rng, sizes, case, alike)
        one, other = (
            Evidence(
                membership=member,
                scores={"a": s.astype(float)},
                max_fprs=RATES,
                confidence_level=0.95,
            )
            for s in scores
        )
        for name, ends in found.items():
            metric = get_metric(name)
            figures = [
                Figure(
                    *("a", name, metric.value(member, s)),
                    *metric.interval(member, s),
                )
                for s in scores
            ]
            ends.append(of_figures(pairing, (one, other), metric, *figures))
    rows = []
    for name, ends in found.items():
        low, high = np.array(ends).T
        above = (low > truths[name] + 1e-9).mean()
        below = (high < truths[name] - 1e-9).mean()
        rows.append(
            {
                "case": case,
                "records": f"{sizes[0]:,} / {sizes[1]:,}",
                "correlation": f"{alike:g}",
                "figure": name,
                "truth": f"{truths[name]:.4f}",
                "covers %": f"{100 * (1 - above - below):.1f}",
                "too high %": f"{100 * above:.1f}",
                "too low %": f"{100 * below:.1f}",
                "width": f"{(high - low).mean():.4f}",
            }
        )
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=300)
    draws = parser.parse_args().draws
    rows, hard = [], []
    names = [metric.name for metric in metrics_at(RATES)]
    for case in CASES:
        truths = {name: truth(name, case) for name in names}
        for sizes in SIZES:
            for alike in CORRELATIONS:
                rows += measure(draw, case, truths, sizes, alike, draws)
    for case in HARD:
        truths = {name: truth(name, case, draw_hard) for name in names}
        for sizes in HARD_SIZES:
            hard += measure(draw_hard, case, truths, sizes, 0.97, draws)
    every = rows + hard
    least = min(float(row["covers %"]) for row in every)
    worst = max(
        float(row[side]) for row in every for side in ("too high %", "too low %")
    )
    text = (
        f"Nominally 95 %, and 2.5 % missed on a side; {draws} draws are within "
        f"{100 * np.sqrt(0.05 * 0.95 / draws):.1f} points (one binomial error), a side "
        f"within {100 * np.sqrt(0.025 * 0.975 / draws):.1f}. Of {len(every)} cells the "
        f"lowest covers in {least:.1f} %, and the largest miss on a side is "
        f"{worst:.1f} %. Most intervals are wider than they have to be: only the AUC "
        "gains much by equal records, and a TPR behind fewer than 10 accused "
        "non-members is taken at the worst. Records are members / non-members.\n\n"
        f"{table(rows)}\n\n## Hard cases\n\n{table(hard)}"
    )
    save(
        "compare_coverage",
        "How often intervals of a difference of two models hold the truth",
        text,
        {"cases": rows, "hard cases": hard},
    )


if __name__ == "__main__":
    main()
