"""What a private model promises is in its report, and held against the figures."""

import math
from dataclasses import replace

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, PredefinedSplit
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

from _helpers.audits import SETS, audit
from skmia.audit import AuditReport
from skmia.audit._claim import PrivacyClaim
from skmia.audit._evidence import Evidence
from skmia.audit._promise import Promise, find_promise
from skmia.defenses import DifferentialPrivacyClassifier, PrivacyAccountant
from skmia.metrics import tpr_ceiling
from skmia.model_selection import AuditableClassifier

X_IN, Y_IN, *_ = SETS
# Knows its training rows by heart.
DEEP = DecisionTreeClassifier(random_state=0).fit(X_IN, Y_IN)


def private(epsilon=20.0, random_state=0, **params):
    return DifferentialPrivacyClassifier(
        GaussianNB(),
        epsilon=epsilon,
        delta=0.0,
        bounds=(-5.0, 5.0),
        random_state=random_state,
        **params,
    )


def report_of(model, **settings):
    return audit(model.fit(X_IN, Y_IN), attacks=["loss"], **settings)


def promise_in(report):
    (found,) = (s for s in report.sections if s.section == "claim")
    return found


def in_one_line(text):
    return " ".join(text.split())


@pytest.mark.parametrize(
    "around", [lambda clf: clf, AuditableClassifier, lambda clf: make_pipeline(clf)]
)
def test_the_promise_is_in_every_form(around, tmp_path):
    report = report_of(around(private()))
    claim = promise_in(report)
    promise = claim.promise
    assert (promise.epsilon, promise.delta) == (20.0, 0.0)
    assert (promise.mechanism, promise.neighbors) == ("naive_bayes", "add_remove")
    assert promise.group_size == 1
    text = in_one_line(report.summary())
    said = (
        "By noisy means and variances, the model was fitted for epsilon = 20 at delta "
        f"= 0 (mu = {promise.mu:.4g}), where one row is added or left out."
    )
    assert said in text
    assert "These attacks do not contradict the claim" in text
    report.to_html(tmp_path / "report.html")
    assert said in in_one_line((tmp_path / "report.html").read_text())
    report.to_json(tmp_path / "report.json")
    again = AuditReport.from_json(tmp_path / "report.json")
    assert promise_in(again) == claim
    assert again.summary() == report.summary()
    (entry,) = (s for s in again.to_dict()["sections"] if s["section"] == "claim")
    assert entry["promise"]["epsilon"] == 20.0
    assert entry["promise"]["mechanism"] == "naive_bayes"


def test_no_promise_no_section():
    report = report_of(LogisticRegression())
    assert "claim" not in {section.section for section in report.sections}


def test_rows_of_two_sets_of_fixed_size_replace_one_another():
    """Twice the promise where rows are added, and the promise where replaced."""
    added = promise_in(report_of(private(0.5)))
    replaced = promise_in(report_of(private(0.5, neighbors="replace")))
    assert (added.epsilon, replaced.epsilon) == (1.0, 0.5)
    for claim in (added, replaced):
        for ceiling in claim.ceilings:
            top = tpr_ceiling(ceiling.max_fpr, epsilon=claim.epsilon)
            assert ceiling.ceiling == pytest.approx(top)
    assert "twice as much is allowed" in in_one_line(added.summary())
    assert "twice" not in replaced.summary()
    assert "one row is replaced by another" in in_one_line(replaced.summary())


def test_a_contradiction_is_the_first_of_the_warnings():
    model = private(0.1).fit(X_IN, Y_IN)
    assert not promise_in(audit(model, attacks=["loss"])).contradicted
    model.estimator_ = DEEP
    report = audit(model, attacks=["loss"])
    claim = promise_in(report)
    assert claim.contradicted
    assert claim.bound > 0.2
    assert report.guards[0].name == "broken_promise"
    assert report.guards[0].value == claim.bound
    text = in_one_line(report.summary())
    assert "DOES NOT HOLD" in text
    assert text.index("DOES NOT HOLD") < text.index("Attack: loss")
    assert in_one_line(claim.summary()).index("contradicts") < 120


def test_figures_that_are_no_measure_contradict_nothing():
    """The two sets differ without the model."""
    model = private(0.1).fit(X_IN, Y_IN)
    model.estimator_ = DEEP
    X_in, y_in, X_out, y_out = SETS
    moved = X_in, y_in, X_out + 100.0, y_out
    report = audit(model, moved, attacks=["loss"])
    assert promise_in(report).void
    assert "broken_promise" not in {guard.name for guard in report.guards}


def test_a_scaler_outside_voids_it():
    report = report_of(make_pipeline(StandardScaler(), private()))
    claim = promise_in(report)
    assert claim.promise.voided
    assert not claim.contradicted
    assert "voided_promise" in {guard.name for guard in report.guards}
    text = in_one_line(claim.summary())
    assert "as a whole makes no such promise: The step 'standardscaler'" in text
    assert "allowed" not in claim.summary()


def test_persons_have_more_than_the_row_that_is_promised():
    def audited(**params):
        n_in, n_out = len(SETS[1]), len(SETS[3])
        groups = np.arange(n_in) // 3, 1000 + np.arange(n_out) // 3
        return promise_in(report_of(private(**params), groups=groups))

    claim = audited()
    assert claim.unit == "person"
    assert claim.epsilon == 120.0  # three rows of a person, each left out and added
    assert "is for one row and not for a person" in in_one_line(claim.summary())
    claim = audited(group_size=3)
    assert claim.epsilon == 40.0
    assert "not for a person" not in in_one_line(claim.summary())
    assert "up to 3 rows of one person" in in_one_line(claim.summary())


def test_a_fit_that_was_told_whose_the_rows_are_promises_for_persons():
    """It has left out their rows beyond group_size, and no more is allowed."""
    persons = np.arange(len(Y_IN)) // 4
    groups = persons, 1000 + np.arange(len(SETS[3])) // 4
    model = private(group_size=2).fit(X_IN, Y_IN, groups=persons)
    claim = promise_in(audit(model, attacks=["loss"], groups=groups))
    assert claim.epsilon == 40.0
    assert "not for a person" not in in_one_line(claim.summary())


@pytest.mark.filterwarnings("ignore::skmia.exceptions.RepeatedPrivateFitWarning")
def test_a_search_promises_what_all_of_its_fits_have_spent():
    fold = PredefinedSplit(np.arange(len(Y_IN)) % 3)
    unseeded = private(0.5, None, accountant=PrivacyAccountant())
    search = GridSearchCV(unseeded, {}, cv=fold)
    claim = promise_in(report_of(search))
    assert claim.promise.epsilon == 1.5
    text = in_one_line(claim.summary())
    assert "GridSearchCV has spent that on 3 fits" in text
    assert "chose among them by exact scores is not covered" in text
    seeded = private(0.5)
    claim = promise_in(report_of(GridSearchCV(seeded, {}, cv=fold)))
    assert claim.promise.voided


def test_noise_of_a_seed_is_named():
    said = "follows from a random_state"
    assert said in in_one_line(report_of(private()).summary())
    assert said not in in_one_line(report_of(private(random_state=None)).summary())


def test_gaussian_promises_are_held_as_mu():
    def promise(mu, delta, times):
        return Promise(1.0, delta, mu, "gradient", "replace", 1, times=times)

    assert promise(0.25, 1e-5, 2).allows == {"mu": 0.5}
    assert promise(1.2, 0.0, 2).allows == {"epsilon": 2.0}
    allowed = promise(None, 1e-6, 3).allows
    assert allowed["epsilon"] == 3.0
    assert allowed["delta"] == pytest.approx(1e-6 * (1 + math.e + math.e**2))
    # 1,000 of each, told apart as two normal distributions 1 apart.
    member = np.arange(2000) < 1000
    scores = np.random.default_rng(0).normal(size=2000) + member
    evidence = Evidence(
        membership=member,
        scores={"a": scores},
        max_fprs=(0.1,),
        confidence_level=0.95,
        promise=promise(1.0, 1e-5, 1),
    )
    assert not PrivacyClaim.of_promise(evidence).contradicted
    broken = replace(evidence, promise=promise(0.4, 1e-5, 1))
    assert PrivacyClaim.of_promise(broken).contradicted


def test_models_without_parameters_promise_nothing():
    assert find_promise(lambda X: X, None) is None
