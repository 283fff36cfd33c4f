"""How often lists of exposed members are wrong, where it is known who is exposed.

A member is listed wrongly where the model's training on the record has not moved its
score: it would be as high on the list had it been left out. The list promises that the
share of such members is at most the rate asked for, on average over audits.

- Scores: drawn, with a known share of members whose score is moved. Ties, sides of
  unequal sizes, members that are remembered in unlike ways, persons of several rows.
- Audits: of a classifier that remembers a known part of its training rows and answers
  for all others as if it had not seen them, with shadow models and the default attacks;
  by row, by person, and of the models of a cross-validation.

    python benchmarks/exposed_members.py [--draws 1000] [--audits 100] [--quick]
"""

import argparse
import sys
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from _results import save, table
from sklearn.model_selection import ShuffleSplit, cross_validate

from skmia.audit import audit_classifier, audit_cv
from skmia.exceptions import ExposureWarning
from skmia.metrics import exposed_members, least_false_discovery_rates, most_by_chance

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from _helpers.remembering import (
    RemembersSome,
    remembered,
    rows_to_remember,
)

FDR = 0.1
PART = 0.2


@dataclass
class Found:
    """Shares of wrong names and of exposed members that are named, one for each list.

    And whether the bound on the number of right names held.
    """

    wrong: list[float] = field(default_factory=list)
    power: list[float] = field(default_factory=list)
    length: list[int] = field(default_factory=list)
    broken: list[bool] = field(default_factory=list)

    def add(self, listed, moved, surely=0):
        """One list: who is on it, and who is exposed, of the members."""
        self.wrong.append((listed & ~moved).sum() / max(listed.sum(), 1))
        self.power.append((listed & moved).sum() / moved.sum() if moved.any() else 0)
        self.length.append(int(listed.sum()))
        self.broken.append(bool(surely > (listed & moved).sum()))

    def row(self, name, how, fdr=FDR):
        n = len(self.wrong)
        error = 100 * np.std(self.wrong) / np.sqrt(n)
        return {
            "who is exposed": name,
            "list": how,
            "lists": n,
            "named wrongly %": f"{100 * np.mean(self.wrong):.1f} ± {error:.1f}",
            "kept": "yes" if np.mean(self.wrong) <= fdr else "no",
            "exposed members named %": f"{100 * np.mean(self.power):.1f}",
            "length": f"{np.mean(self.length):.0f}",
            "empty %": f"{100 * np.mean(np.array(self.length) == 0):.0f}",
            "bound broken %": f"{100 * np.mean(self.broken):.1f}",
        }


def drawn(part=PART, shift=3.0, tied=None, lowered=0.0, n=1000, m=1000):
    """Scores of a random split of one population; `part` of it can be remembered."""

    def draw(rng):
        kept = rng.random(n + m) < part
        member = rng.permutation(n + m) < n
        scores = rng.normal(size=n + m) - lowered * kept
        scores += (shift + lowered) * (kept & member)
        if tied:
            scores = np.round(scores / tied)
        return member, scores, kept

    return draw


def persons(rng, n=600, rows=4):
    """The highest of several alike rows of each person."""
    member, scores, kept = drawn(n=n, m=n)(rng)
    own = scores[:, None] + 0.7 * rng.normal(size=(2 * n, rows))
    return member, own.max(axis=1), kept


SCORES: dict[str, Callable] = {
    "20 % of the members, 3 higher": drawn(),
    "2 % of the members, 5 higher": drawn(0.02, 5.0),
    "20 %, 1.5 higher": drawn(shift=1.5),
    "nobody": drawn(part=0.0),
    "60 %, 3 higher": drawn(0.6),
    "20 %, 3 higher; 10 distinct scores": drawn(tied=0.7),
    "20 %, 3 higher as members, 3 lower as others": drawn(lowered=3.0),
    "20 %, 3 higher; 4,000 members, 300 others": drawn(n=4000, m=300),
    "20 %, 3 higher; 300 members, 4,000 others": drawn(n=300, m=4000),
    "20 %, 3 higher; 60 members, 60 others": drawn(n=60, m=60),
    "persons of 4 rows, 20 % of them": persons,
}


def score_rows(n_draws):
    rows = []
    for name, draw in SCORES.items():
        rng, found = np.random.default_rng(0), Found()
        for _ in range(n_draws):
            member, scores, kept = draw(rng)
            listed = exposed_members(member, scores, fdr=FDR)
            surely = 0
            if listed.any():
                above = int((scores[~member] >= scores[listed].min()).sum())
                sizes = int(member.sum()), int((~member).sum())
                surely = listed.sum() - most_by_chance(*sizes, above, fdr=FDR)
            found.add(listed[member], kept[member], surely)
        rows.append(found.row(name, "one attack"))
    return rows + choice_rows(n_draws)


def choice_rows(n_draws, n_attacks=8):
    """Eight attacks of which one finds a little: what a choice among them costs."""
    ways = {
        "an attack settled before": Found(),
        "the longest of eight lists": Found(),
        "all eight, each with its part of the error": Found(),
    }
    rng = np.random.default_rng(1)
    for _ in range(n_draws):
        n = 400
        kept = rng.random(2 * n) < 0.05
        member = rng.permutation(2 * n) < n
        scores = rng.normal(size=(n_attacks, 2 * n))
        scores[0] += 2.0 * (kept & member)
        rates = np.stack([least_false_discovery_rates(member, s) for s in scores])
        lists = rates[:, member] <= 0.3
        longest = lists[lists.sum(axis=1).argmax()]
        every = (rates[:, member] <= 0.3 / n_attacks).any(axis=0)
        for found, listed in zip(
            ways.values(), (lists[0], longest, every), strict=True
        ):
            found.add(listed, kept[member])
    rows = []
    for how, found in ways.items():
        name = "5 %, 2 higher by one of eight attacks; lists at 30 %"
        rows.append(found.row(name, how, 0.3))
    return rows


def by_row(seed, n=1200):
    rng = np.random.default_rng(seed)
    X, y = rows_to_remember(n, seed)
    member = rng.permutation(n) < n // 2
    return X, y, member, None


def by_person(seed, n=500, rows=3):
    """Rows of persons whom the model remembers whole, or not at all."""
    rng = np.random.default_rng(seed)
    X, y = rows_to_remember(n * rows, seed)
    whose = np.repeat(rng.permutation(n), rows)
    X[:, 0] = (whose + X[:, 0]) / n
    member = (rng.permutation(n) < n // 2)[whose]
    return X, y, member, whose


def audited(make, seed):
    X, y, member, whose = make(seed)
    model = RemembersSome(PART, random_state=seed).fit(X[member], y[member])
    groups = None if whose is None else (whose[member], whose[~member])
    report = audit_classifier(
        model,
        *(X[member], y[member], X[~member], y[~member]),
        groups=groups,
        max_fprs=(0.1,),
        random_state=seed,
    )
    kept = remembered(X, PART)[member]
    if whose is not None:
        names, first = np.unique(whose[member], return_index=True)
        return report, names, kept[first]
    return report, np.arange(member.sum()), kept


def audit_rows(name, make, n_audits):
    ways = {None: "the default", "lira": "lira", "loss": "loss", "all": "all attacks"}
    found = {way: Found() for way in ways}
    for seed in range(n_audits):
        report, names, kept = audited(make, seed)
        for way, of in found.items():
            listed = np.isin(names, report.exposed(FDR, attack=way).index)
            surely = report.to_dict()["risk"]["listed"]["surely"]
            of.add(listed, kept, surely if way is None else 0)
        print(name, seed, file=sys.stderr, flush=True)
    return [of.row(name, ways[way]) for way, of in found.items()]


def split_rows(n_audits):
    """Each model of a cross-validation by itself."""
    found = Found()
    for seed in range(n_audits):
        X, y = rows_to_remember(1200, seed)
        results = cross_validate(
            *(RemembersSome(PART, random_state=seed), X, y),
            cv=ShuffleSplit(8, test_size=0.5, random_state=seed),
            return_estimator=True,
            return_indices=True,
        )
        report = audit_cv(results, X, y, random_state=seed)
        listed, records = report.exposed(FDR), report.records()
        for k, of in records[records["membership"]].groupby("split"):
            own = listed.index[listed["split"] == k]
            found.add(np.isin(of.index, own), remembered(X[of.index], PART))
        print("splits", seed, file=sys.stderr, flush=True)
    return [found.row("models of a cross-validation", "the default, of each")]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=1000)
    parser.add_argument("--audits", type=int, default=100)
    parser.add_argument("--quick", action="store_true", help="no file is written")
    args = parser.parse_args()
    start = time.perf_counter()
    warnings.simplefilter("ignore", ExposureWarning)
    scores = score_rows(args.draws)
    print(table(scores), file=sys.stderr, flush=True)
    audits = [
        *audit_rows("rows", by_row, args.audits),
        *audit_rows("persons of 3 rows", by_person, max(2 * args.audits // 5, 1)),
        *split_rows(max(args.audits // 10, 1)),
    ]
    if args.quick:
        print(table(audits))
        return
    save(
        "exposed_members",
        "How often lists of exposed members are wrong",
        f"Lists at a false discovery rate of {FDR:.0%} where nothing else is said. A "
        "member is named wrongly where training on the record has not moved its score. "
        "± is one standard error over the lists; kept is whether the mean is at most "
        "the rate. The bound is on the number of right names, at 95 %: it may be "
        "broken in 5 % of the lists.\n\n"
        f"## Scores that were drawn\n\n{table(scores)}\n\n"
        "## Audits\n\nOf a classifier that remembers a fifth of its training rows, "
        "some well and some hardly, and answers for the others as if it had not seen "
        "them; 600 members and 600 others (persons: 250 and 250), 16 shadow models "
        "(cross-validation: the other models).\n\n"
        f"{table(audits)}\n\n"
        f"Took {time.perf_counter() - start:.0f} s.",
        {"scores": scores, "audits": audits},
    )


if __name__ == "__main__":
    main()
