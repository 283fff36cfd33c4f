"""compare: when it says nothing of which leaks less, and what it says before that."""

import numpy as np
import pytest
from sklearn.datasets import make_classification
from sklearn.ensemble import RandomForestClassifier

from skmia.audit import AuditReport, Comparison, Guard, audit_classifier, compare

MEMBER = np.arange(1200) < 600
NOISE = np.random.RandomState(0).normal(size=(3, 1200))
LEAKS = 1.5 * MEMBER + NOISE[0]
X, y = make_classification(1200, n_informative=6, flip_y=0.2, random_state=0)


def report(scores=LEAKS, member=MEMBER, warned=(), **changes):
    guards = [Guard(name, "warning", "Found.") for name in warned]
    own = scores if isinstance(scores, dict) else {"loss": scores}
    return AuditReport(member, own, guards=guards, **changes)


def of_file(made):
    return AuditReport._of_contents(made.to_dict())


def before_figures(found):
    """The text of a comparison up to its table, on one line."""
    lines = found.summary().splitlines()
    end = next(i for i, line in enumerate(lines) if "difference  " in line)
    return " ".join(lines[1:end])


def says_less_or_more(found):
    return any(f"leaks {word}" in before_figures(found) for word in ("less", "more"))


@pytest.fixture(scope="module")
def forests():
    """Two audits of one forest; in the second members and non-members are swapped."""
    model = RandomForestClassifier(15, random_state=0).fit(X[:600], y[:600])
    sides = (X[:600], y[:600]), (X[600:], y[600:])
    return [
        audit_classifier(model, *one, *other, attacks="loss", random_state=0)
        for one, other in (sides, sides[::-1])
    ]


@pytest.mark.parametrize("read", [lambda r: r, of_file], ids=["audits", "files"])
def test_the_same_model_with_its_sets_swapped_is_no_better(forests, read):
    for pair in (forests, forests[::-1]):
        found = compare(*map(read, pair))
        assert found.kind == "withheld"
        assert found.opening[0].startswith("No comparison:")
        assert "non-members of the other" in found.opening[0]
        assert not says_less_or_more(found)


@pytest.mark.parametrize(
    "warned", ["unmoved_shadows", "blind_classifier", "members_less_accurate"]
)
@pytest.mark.parametrize("where", [0, 1])
def test_a_warning_about_the_figures_withholds_the_verdict(warned, where):
    pair = [report(), report(NOISE[1])]
    assert compare(*pair).kind == "less"
    pair[where] = report((LEAKS, NOISE[1])[where], warned=[warned])
    found = compare(*pair)
    assert found.kind == "withheld"
    assert ("first", "second")[where] in found.void[0]
    assert not says_less_or_more(found)
    assert Comparison.from_dict(found.to_dict()) == found


def test_nothing_found_with_an_attack_below_chance():
    found = compare(report(), report({"loss": NOISE[1], "own": -LEAKS}))
    assert found.kind == "withheld"


def test_the_strongest_is_of_the_attacks_that_both_have():
    both = {"loss": 0.5 * MEMBER + NOISE[1], "lira": LEAKS}
    first, second = report(both), report(both["loss"])
    for pair in ((first, second), (of_file(first), of_file(second))):
        found = compare(*pair)
        assert found.strongest("auc").value == 0
        assert found.kind == "not_shown"
        text = before_figures(found)
        assert text.index("The first report alone has lira") < text.index("no differ")
        assert "those that both have: loss" in text
        assert "By the attacks and figures that both have, and no others" in text


def test_files_do_not_know_the_choice_among_some_attacks():
    scores = {"loss": LEAKS, "own": NOISE[1], "lira": NOISE[2]}
    few = {name: scores[name] for name in ("loss", "own")}
    assert compare(report(scores), report(few)).kind == "not_shown"
    found = compare(of_file(report(scores)), of_file(report(few)))
    assert found.kind == "withheld"
    assert "strongest attacks are not compared" in before_figures(found)


def test_no_attack_in_common():
    with pytest.raises(ValueError, match="no attack in common"):
        compare(report({"loss": LEAKS}), report({"own": LEAKS}))


def test_figures_that_one_lacks_are_named_before_the_verdict():
    weaker = 0.5 * MEMBER + NOISE[1]
    few = MEMBER | (np.arange(1200) >= 1160)
    for second in (
        report(weaker, max_fprs=(0.5,)),
        report(weaker[few], MEMBER[few]),
    ):
        text = before_figures(compare(report(), second))
        missing = text.index("TPR at 1 % FPR")
        assert text.index("The first report alone has the") < missing
        assert missing < text.index("By the attacks and figures that both have")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"shadows": {"n_shadows": 4, "train_size": 0.5}}, "no shadow models, the sec"),
        ({"groups": np.arange(1200) // 2}, "alone knew whose the rows are"),
        ({"warned": ["shared_rows"]}, "Warnings of the second report: rows on both"),
    ],
)
def test_what_differs_is_said_before_the_verdict(changes, said):
    text = before_figures(compare(report(), report(0.3 * MEMBER + NOISE[1], **changes)))
    assert text.index(said) < text.index("The second leaks less")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("case", "metric", "sizes"),
    [
        ("few", "auc", (60, 60)),
        ("step", "tpr@0.01", (1000, 150)),
        ("two values", "advantage", (100, 1000)),
    ],
)
def test_errors_that_look_more_alike_than_they_are(case, metric, sizes):
    """Misses on a side, where few records make the difference, are 2.5 % at most."""
    from skmia.audit._differences import Pairing, of_figures
    from skmia.audit._evidence import Evidence
    from skmia.audit._figures import Figure
    from skmia.metrics import get_metric

    figure = get_metric(metric)

    def draw(rng, sizes):
        member = np.repeat([True, False], sizes)
        shared, u = rng.normal(size=member.size), rng.random(member.size)
        scores = []
        for k in (0, 1):
            own = rng.normal(size=member.size)
            s = np.sqrt(0.97) * shared + np.sqrt(0.03) * own
            if case == "few":
                s = s + 6 * (member & (u < (0.15, 0.07)[k]))
            elif case == "step":
                s = np.where(member & (u < 0.3), (2.0, 2.4)[k] + 0.02 * shared, s)
            else:
                s = s + 1.2 * member
                s = (s > 0.5).astype(float) if k else s
            scores.append(s)
        return member, scores

    member, scores = draw(np.random.default_rng(0), (400_000, 400_000))
    truth = figure.value(member, scores[1]) - figure.value(member, scores[0])
    rng, missed = np.random.default_rng(1), np.zeros(2)
    n_draws = 200
    for _ in range(n_draws):
        member, scores = draw(rng, sizes)
        of = tuple(
            Evidence(
                membership=member,
                scores={"a": s},
                max_fprs=(0.1, 0.01),
                confidence_level=0.95,
            )
            for s in scores
        )
        figures = (
            Figure("a", metric, figure.value(member, s), *figure.interval(member, s))
            for s in scores
        )
        low, high = of_figures(Pairing("records", ""), of, figure, *figures)
        missed += low > truth + 1e-9, high < truth - 1e-9
    # Two binomial errors above 2.5 %.
    assert (missed / n_draws <= 0.047).all()
