"""How often intervals of a difference hold the truth, of two models on equal records.

Scores of the two models are drawn together, with a correlation for each record, from
normal distributions whose figures are known. The null has two models that leak alike;
in some cells the second model's scores are rounded to few values, which hides much.

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


def truth(name, case):
    """The difference of the figures, on records without end."""
    rng = np.random.default_rng(0)
    member, scores = draw(rng, (1_000_000, 1_000_000), case, 0.0)
    metric = get_metric(name)
    return metric.value(member, scores[1]) - metric.value(member, scores[0])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=300)
    draws = parser.parse_args().draws
    rows, pairing = [], Pairing("records", "")
    for case in CASES:
        truths = {m.name: truth(m.name, case) for m in metrics_at(RATES)}
        for sizes in SIZES:
            for alike in CORRELATIONS:
                rng = np.random.default_rng(1)
                found: dict[str, list] = {name: [] for name in truths}
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
                for name, ends in found.items():
                    low, high = np.array(ends).T
                    above = (low > truths[name]).mean()
                    below = (high < truths[name]).mean()
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
    within = sum(92 <= float(row["covers %"]) <= 98 for row in rows)
    text = (
        f"Nominally 95 %; {draws} draws are within "
        f"{100 * np.sqrt(0.05 * 0.95 / draws):.1f} points (one binomial error). Of "
        f"{len(rows)} cells {within} cover in 92 to 98 %. Records are members / "
        f"non-members.\n\n{table(rows)}"
    )
    save(
        "compare_coverage",
        "How often intervals of a difference of two models hold the truth",
        text,
        rows,
    )


if __name__ == "__main__":
    main()
