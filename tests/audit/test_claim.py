"""Bounds of differential privacy in a report, a claim beside them, and precision."""

import numpy as np
import pytest
from sklearn.datasets import make_classification
from sklearn.model_selection import ShuffleSplit, cross_validate
from sklearn.tree import DecisionTreeClassifier

from skmia.audit import AuditReport, Guard, audit_cv
from skmia.audit._evidence import Evidence
from skmia.audit._privacy import epsilon_bound, mu_bound
from skmia.metrics import epsilon_lower_bound, mu_lower_bound, ppv_at_prior, tpr_ceiling

MEMBER = np.arange(2000) < 1000


def scores_of(*shifts, seed=0, member=MEMBER):
    rng = np.random.default_rng(seed)
    return {
        f"attack {i}": rng.normal(size=member.size) + shift * member
        for i, shift in enumerate(shifts)
    }


def report_of(*shifts, **kwargs):
    return AuditReport(MEMBER, scores_of(*shifts), **kwargs)


def test_the_bounds_know_of_the_choice():
    """Each of two attacks has half of the error."""
    privacy = report_of(2.0, 1.0).to_dict()["privacy"]
    scores = scores_of(2.0, 1.0)
    for name, bound in (("epsilon", epsilon_lower_bound), ("mu", mu_lower_bound)):
        expected = {
            attack: bound(MEMBER, values, confidence_level=0.975, random_state=0)
            for attack, values in scores.items()
        }
        assert privacy[name] == {
            "value": max(expected.values()),
            "attack": "attack 0",
        }
    assert 1 < privacy["mu"]["value"] < 2
    assert (privacy["unit"], privacy["delta"], privacy["runs"]) == ("row", 0.0, "one")


def test_persons_count_once():
    """Twenty equal rows of each of 50 and 50 persons, and nothing leaks."""
    member, persons = np.arange(100) < 50, np.repeat(np.arange(100), 20)
    above = {True: 0, False: 0}
    for seed in range(10):
        scores = np.repeat(scores_of(0.0, seed=seed, member=member)["attack 0"], 20)
        for known in above:
            evidence = Evidence(
                membership=np.repeat(member, 20),
                scores={"a": scores},
                max_fprs=(0.1,),
                confidence_level=0.95,
                persons=persons if known else None,
            )
            above[known] += epsilon_bound(evidence).value > 0
    assert above[True] <= 1
    assert above[False] >= 6  # the wrong reading
    report = AuditReport(evidence.membership, {"a": scores}, groups=persons)
    assert report.to_dict()["privacy"]["unit"] == "person"
    assert report.check_claim(epsilon=1.0).unit == "person"


def test_too_few_records_for_a_bound():
    report = AuditReport([1, 0, 0], {"a": [1, 2, 3]}, max_fprs=[0.5])
    privacy = report.to_dict()["privacy"]
    assert privacy["epsilon"] is None
    assert privacy["mu"] is None
    claim = report.check_claim(mu=1)
    assert claim.bound is None
    assert not claim.contradicted
    assert "too few records" in claim.summary()


@pytest.mark.parametrize("name", ["unmoved_shadows", "blind_classifier"])
def test_no_bound_of_figures_that_are_not_of_the_model(name):
    report = report_of(3.0, guards=[Guard(name, "warning", "No measure.")])
    assert report.to_dict()["privacy"] is None
    assert "Differential privacy" not in report.summary()
    claim = report.check_claim(epsilon=0.1)
    assert claim.void
    assert not claim.contradicted
    assert "say nothing about the claim" in " ".join(claim.summary().split())


def test_a_claim_that_cannot_hold():
    report = report_of(2.0)
    claim = report.check_claim(mu=1.0)
    assert claim.contradicted
    assert [c.max_fpr for c in claim.ceilings] == [0.1, 0.01, 0.001]
    for ceiling in claim.ceilings:
        assert ceiling.ceiling == tpr_ceiling(ceiling.max_fpr, mu=1.0)
        alone = report.strongest(f"tpr@{ceiling.max_fpr}")
        assert ceiling.value == alone.value
        # Four figures share the error.
        assert ceiling.low <= alone.low
        assert alone.high <= ceiling.high
        assert ceiling.contradicted == (ceiling.low > ceiling.ceiling)
    assert "The audit contradicts the claim" in claim.summary()
    assert "too high" in claim.summary()


def test_a_claim_that_holds_is_not_proved():
    claim = report_of(1.0).check_claim(mu=1.0)
    assert not claim.contradicted
    assert 0 < claim.bound < 1
    text = claim.summary()
    assert "does not prove it" in " ".join(text.split())
    assert "Claimed differential privacy: mu = 1\n" in text
    assert max(map(len, text.splitlines())) <= 80


def test_delta_explains_certain_leaks_of_a_few():
    """One member in 20 is named for certain: any epsilon fails, but delta = 0.1."""
    scores = scores_of(0.0)["attack 0"]
    scores[:50] = 9
    report = AuditReport(MEMBER, {"a": scores}, max_fprs=[0.01])
    assert report.check_claim(epsilon=1.0).contradicted
    assert not report.check_claim(epsilon=1.0, delta=0.1).contradicted


def test_a_claim_in_the_report_and_in_its_file(tmp_path):
    report = report_of(2.0)
    claim = report.check_claim(epsilon=1, delta=1e-5)
    more = report.including(claim)
    assert "epsilon = 1 with delta = 1e-05" in more.summary()
    more.to_json(tmp_path / "report.json")
    again = AuditReport.from_json(tmp_path / "report.json")
    assert again.summary() == more.summary()
    (entry,) = again.to_dict()["sections"]
    assert entry["section"] == "claim"
    assert entry["contradicted"]
    assert type(claim).from_dict({**claim.to_dict()}) == claim
    with pytest.raises(ValueError, match="check_claim needs the records"):
        again.check_claim(epsilon=1)


def test_claims_that_are_refused():
    with pytest.raises(ValueError, match="One of the parameters 'epsilon' and 'mu'"):
        report_of(1.0).check_claim()
    with pytest.raises(ValueError, match="'delta' parameter"):
        report_of(1.0).check_claim(epsilon=1, delta=2)


def test_precision_at_rare_members():
    """The rule at each FPR is that of `ppv_at_prior`."""
    report = report_of(2.0, 1.0)
    scores = scores_of(2.0)["attack 0"]
    found = report.to_dict()["precision"]
    assert len(found) == 9
    for entry in found:
        assert entry["chance"] == entry["prior"]
        rate = float(entry["metric"].partition("@")[2])
        expected = ppv_at_prior(MEMBER, scores, entry["prior"], max_fpr=rate)
        assert entry["value"] == pytest.approx(expected)
        assert entry["low"] <= entry["value"] <= entry["high"]
    text = report.summary()
    assert "Of those whom attack 0 accuses at 1 % false alarms" in text
    assert text.count(" of all are") == 3


def test_precision_of_guessing_is_the_prior():
    scores = np.zeros(2000)
    entries = AuditReport(MEMBER, {"a": scores}).to_dict()["precision"]
    for entry in entries:
        assert entry["value"] == pytest.approx(entry["prior"])


def test_several_models_have_one_bound():
    """The lower median over the models."""
    X, y = make_classification(600, flip_y=0.4, random_state=0)
    results = cross_validate(
        DecisionTreeClassifier(random_state=0),
        X,
        y,
        cv=ShuffleSplit(4, test_size=0.5, random_state=0),
        return_estimator=True,
        return_indices=True,
    )
    privacy = audit_cv(results, X, y, attacks=["loss"]).to_dict()["privacy"]
    assert privacy["runs"] == "several, dependent"
    assert 0 < privacy["epsilon"]["value"] < np.log(600)


@pytest.mark.slow
def test_bounds_of_attacks_that_find_mu_are_below_it():
    """Four attacks of mu = 1, or of nothing, level 0.8, 100 audits each.

    At most 20 % are above, plus 12 points: three errors. The wrong reading: the largest
    of four bounds, each at the level of one.
    """
    member = np.arange(600) < 300
    above, naive = {"epsilon": 0, "mu": 0}, 0
    for seed in range(100):
        for name, shift in (("mu", 1.0), ("epsilon", 0.0)):
            scores = scores_of(*[shift] * 4, seed=seed, member=member)
            evidence = Evidence(
                membership=member, scores=scores, max_fprs=(0.1,), confidence_level=0.8
            )
            bound = {"mu": mu_bound, "epsilon": epsilon_bound}[name](evidence)
            above[name] += bound.value > shift
            if name == "epsilon":
                naive += any(
                    epsilon_lower_bound(
                        member, values, confidence_level=0.8, random_state=0
                    )
                    for values in scores.values()
                )
    assert above["mu"] <= 32
    assert above["epsilon"] <= 32
    assert naive > above["epsilon"]
