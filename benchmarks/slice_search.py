"""Whether `AuditReport.where_it_leaks` finds a memorised slice, and nothing else.

On a made-up survey of 6,000 persons and eight columns, with one slice of 4 % that is
memorised and without one: by audits of real models, and by scores that are made up.

    python benchmarks/slice_search.py [--seeds 20] [--sets 200]
"""

import argparse
import warnings

import numpy as np
from _results import save, table
from _survey import even_scores, fit_survey, make_survey, young_and_died
from threadpoolctl import threadpool_limits

from skmia.audit import AuditReport, audit_classifier

N = 6000
COLUMNS = tuple(make_survey(1, np.random.default_rng(0)))


def by_model(seed, planted):
    """The slices that an audit of a model finds, and the survey."""
    rng = np.random.default_rng(seed)
    survey = make_survey(N, rng)
    noisy = young_and_died(survey)
    if not planted:
        # As many labels are coins, whoever's they are; and what the model has learnt
        # of has nothing to do with the survey.
        noisy = rng.random(N) < noisy.mean()
    model, X, labels, member = fit_survey(survey, noisy, rng, use_survey=planted)
    sides = member, ~member
    report = audit_classifier(
        model,
        *(part for side in sides for part in (X[side], labels[side])),
        attacks=["lira"],
        shadows=8,
        max_fprs=(0.01,),
        random_state=seed,
    )
    return report.where_it_leaks(tuple(survey[side] for side in sides)), survey


def by_scores(seed, planted):
    """The same from scores: three in four of the slice's members are far above."""
    rng = np.random.default_rng(seed)
    survey = make_survey(N, rng)
    member = np.arange(N) < N // 2
    scores = even_scores(member, rng)
    if planted:
        known = member & young_and_died(survey) & (rng.random(N) < 0.75)
        scores += 4 * known
    report = AuditReport(member, {"lira": scores}, max_fprs=(0.01,))
    return report.where_it_leaks(survey), survey


def by_odd_persons(seed, planted):
    """Three in four of the slice's persons are far above, members or not."""
    rng = np.random.default_rng(seed)
    survey = make_survey(N, rng)
    member = np.arange(N) < N // 2
    odd = young_and_died(survey) & (rng.random(N) < 0.75)
    scores = even_scores(member, rng) + 4 * odd
    report = AuditReport(member, {"lira": scores}, max_fprs=(0.05,))
    return report.where_it_leaks(survey), survey


def names_slice(found, survey):
    """Whether one of the first three is the slice: its columns, and its persons."""
    truth = young_and_died(survey)
    for each in found.slices[:3]:
        named = {name for name in COLUMNS if name in each.rule.split(" and not (")[0]}
        if named == {"age", "died"} and "died = yes" in each.rule:
            inside = holds(each.rule, survey)
            if (inside & truth).sum() / (inside | truth).sum() >= 0.7:
                return True
    return False


def holds(rule, survey):
    """The records that a rule over ages and deaths means, read as it is written."""
    inside = (survey.died == "yes").to_numpy(copy=True)
    for part in rule.split(" and not (")[0].split(" and "):
        words = part.split()
        if words[0] == "age":
            bound = float(words[2])
            inside &= survey.age < bound if words[1] == "<" else survey.age >= bound
        elif len(words) == 5:  # 18 <= age < 36
            inside &= (survey.age >= float(words[0])) & (survey.age < float(words[4]))
    return np.asarray(inside)


CASES = {
    "a model that memorised the slice": (by_model, True, "seeds"),
    "a model with as many memorised, anywhere": (by_model, False, "seeds"),
    "scores, slice exposed by 75 %": (by_scores, True, "sets"),
    "scores, no slice": (by_scores, False, "sets"),
    "slice above the threshold, members or not": (by_odd_persons, False, "sets"),
}


def measure(numbers):
    results, lines = {}, []
    for k, (name, (make, planted, which)) in enumerate(CASES.items()):
        n = numbers[which]
        asked = [make(1000 * k + seed, planted) for seed in range(n)]
        hit = sum(names_slice(*each) for each in asked)
        first = [each[0].slices[0].rule for each in asked if each[0].slices]
        nothing = n - len(first)
        results[name] = {
            "sets": n,
            "slice among the first three": hit,
            "nothing found": nothing,
            "first rules": first,
        }
        lines.append(
            {
                "survey": name,
                "sets": n,
                "slice among the first three": f"{hit} of {n}" if planted else "",
                "nothing found": f"{nothing} of {n}",
            }
        )
        print(lines[-1], flush=True)
    text = (
        f"Surveys of {N:,} persons, half of them members. The slice is `age < 36 and "
        "died = yes`, 4 % of them. It is counted as found where one of the first three "
        "rules is about these two columns and no other, and the persons it means are "
        "seven in ten of those who are in either.\n\nThe models are 20 extremely "
        "randomised trees with labels that follow a symptom but for 4 % of the "
        "persons, who have those of a coin: the slice, or any. The one that memorises "
        "the slice is given ages in bands of 18 years. They are audited by "
        f"LiRA with 8 shadows, at 1 % FPR.\n\n{table(lines)}"
    )
    return text, results


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--sets", type=int, default=200)
    numbers = vars(parser.parse_args())
    with warnings.catch_warnings(), threadpool_limits(1):
        warnings.simplefilter("ignore")
        text, results = measure(numbers)
    save("slice_search", "Slices that are found where one is there", text, results)


if __name__ == "__main__":
    main()
