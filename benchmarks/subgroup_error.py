"""How often `AuditReport.subgroups` finds a difference where there is none.

Many sets in which groups do not differ and the model leaks: the share of sets with one
false finding or more, which is to stay under 5 %. And how often it finds a group that
is more exposed.

    python benchmarks/subgroup_error.py [--sets 400]
"""

import argparse
import warnings

import numpy as np
from _results import save, table
from _survey import even_scores
from threadpoolctl import threadpool_limits

from skmia.audit import AuditReport
from skmia.metrics import clopper_pearson

N = 1500
SIZES = np.array([50, 60, 90, 300, 1000])


def groups_of(n, rng):
    """Groups of very different sizes; the smallest are about as small as is judged."""
    return rng.permutation(np.repeat(np.arange(len(SIZES)), SIZES))[:n]


def plain(rng):
    member = rng.permutation(np.arange(N) < N // 2)
    return member, even_scores(member, rng), groups_of(N, rng), None


def strong(rng):
    member, _, groups, _ = plain(rng)
    return member, rng.normal(size=N) + 2.5 * member, groups, None


def ties(rng):
    member, scores, groups, _ = plain(rng)
    return member, np.round(scores), groups, None


def shift(rng):
    """Groups that are not as frequent among members as among others."""
    member, scores, _, _ = plain(rng)
    shares = [[0.05, 0.05, 0.3, 0.3, 0.3], [0.05, 0.2, 0.05, 0.3, 0.4]]
    groups = [rng.choice(5, p=shares[int(side)]) for side in member]
    return member, scores, np.array(groups), None


def persons(rng):
    """Five rows a person that are alike, exposed persons with all of them."""
    n = N // 5
    person = np.repeat(np.arange(n), 5)
    member = rng.permutation(np.arange(n) < n // 2)[person]
    scores = rng.normal(size=n)[person] + 0.5 * rng.normal(size=N)
    scores += 3 * (member & (rng.random(n) < 0.15)[person])
    sizes = [60, 60, 80, n - 200]
    groups = rng.permutation(np.repeat(np.arange(4), sizes))[person]
    return member, scores, groups, person


def accused(rng):
    """One group whose members and others are above the threshold alike, by 30 %."""
    member, scores, groups, _ = plain(rng)
    scores += 9 * ((groups == 3) & (rng.random(N) < 0.3))
    return member, scores, groups, None


def exposed(rng):
    """One group of 300 of whose members 45 % stand out, in place of 15 %."""
    member, scores, groups, _ = plain(rng)
    scores += 2.5 * (member & (groups == 3) & (rng.random(N) < 0.35))
    return member, scores, groups, None


NULL = {
    "same leakage, groups of 50 to 1,000": plain,
    "AUC .96": strong,
    "tied scores": ties,
    "groups not as frequent on both sides": shift,
    "persons of five rows": persons,
}


def ask(make, seed):
    member, scores, groups, person = make(np.random.default_rng(seed))
    report = AuditReport(member, {"lira": scores}, groups=person, max_fprs=(0.05,))
    return report.subgroups({"group": groups.astype(str)})


def any_finding(result):
    return any(g.finding in ("more", "less", "mixed") for g in result.groups)


def says_more(result, name="group = 3"):
    return any(g.finding == "more" and g.name == name for g in result.groups)


def rate(found, n):
    low, high = clopper_pearson(int(found), n)
    return f"{found / n:.3f} [{low:.3f}, {high:.3f}]"


def measure(n_sets):
    results, lines = {}, []
    for k, (name, make) in enumerate(NULL.items()):
        asked = [ask(make, 10_000 * k + seed) for seed in range(n_sets)]
        found = sum(map(any_finding, asked))
        judged = np.mean([sum(g.judged for g in of.groups) for of in asked])
        results[name] = {"sets": n_sets, "with a false finding": found}
        lines.append(
            {
                "null sets": name,
                "groups judged": f"{judged:.1f}",
                "with a false finding": rate(found, n_sets),
            }
        )
        print(lines[-1], flush=True)
    n = n_sets // 4
    wrong = sum(says_more(ask(accused, 90_000 + s)) for s in range(n))
    right = sum(says_more(ask(exposed, 95_000 + s)) for s in range(n))
    results["accused alike, called more exposed"] = {"sets": n, "found": wrong}
    results["exposed, called more exposed"] = {"sets": n, "found": right}
    total = sum(results[name]["with a false finding"] for name in NULL)
    text = (
        f"Share of {n_sets} sets of {N:,} records each in which one group or more is "
        "said to differ from the rest, with a Clopper-Pearson interval, at a level of "
        f"5 %.\n\n{table(lines)}\n\nAll {n_sets * len(NULL):,} sets together: "
        f"{rate(total, n_sets * len(NULL))}.\n\nA group of 300 of which 30 % of the "
        "members and 30 % of the others are above the threshold for reasons of their "
        f"own is called more exposed in {rate(wrong, n)} of {n} sets. A group of 300 "
        "of whose members 45 % stand out, where 15 % do elsewhere, is called more "
        f"exposed in {rate(right, n)}."
    )
    return text, results


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sets", type=int, default=400)
    n_sets = parser.parse_args().sets
    with warnings.catch_warnings(), threadpool_limits(1):
        warnings.simplefilter("ignore")
        text, results = measure(n_sets)
    save("subgroup_error", "False findings of subgroups", text, results)


if __name__ == "__main__":
    main()
