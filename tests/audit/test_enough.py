"""Shadows that are added until there are enough: the number, and what it rests on."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.tree import DecisionTreeClassifier

from _helpers.audits import SETS
from skmia.attacks import LiRAAttack
from skmia.audit import audit_classifier, audit_learner
from skmia.audit._enough import EnoughShadows
from skmia.shadows import ShadowModels, ShadowSignals, fit_shadows

X_IN, Y_IN, X_OUT, Y_OUT = SETS
MODEL = DecisionTreeClassifier(max_depth=4, random_state=0).fit(X_IN, Y_IN)
# Scores of records, and the other way round for whoever is a member of the target.
X, Y = np.concatenate([X_IN, X_OUT]), np.concatenate([Y_IN, Y_OUT])


def audit(shadows, **options):
    options = {"attacks": ["lira", "rmia"], "random_state": 0} | options
    return audit_classifier(MODEL, *SETS, shadows=shadows, **options)


def auto(most, precision="auto", **params):
    return ShadowModels("auto", max_models=most, precision=precision, **params)


def values(report):
    return [(f.attack, f.metric, f.value, f.low, f.high) for f in report.figures]


def test_stops_where_there_are_enough_and_says_so(tmp_path):
    report = audit(auto(32, 0.9))
    assert report.shadows["n_shadows"] == 8
    about = report.to_dict()["shadows"]["auto"]
    assert about["settled"]
    assert {step["n_shadows"] for step in about["steps"]} == {8}
    assert "8 were enough" in " ".join(report.summary().split())
    report.to_html(tmp_path / "report.html")
    assert "8 were enough" in (tmp_path / "report.html").read_text()


def test_at_the_limit_the_report_says_that_leakage_is_underestimated():
    report = audit(auto(16, 1e-6))
    assert report.shadows["n_shadows"] == 16
    about = report.to_dict()["shadows"]["auto"]
    assert not about["settled"]
    assert [s["n_shadows"] for s in about["steps"] if s["metric"] == "auc"] == [8, 16]
    (guard,) = [g for g in report.guards if g.name == "too_few_shadows"]
    assert "may underestimate leakage" in guard.message
    assert "the most allowed" in " ".join(report.summary().split())


def test_at_the_limit_it_is_the_audit_of_that_many_whatever_the_jobs():
    fixed = audit(ShadowModels(16, train_size=0.5))
    made = audit(auto(16, 1e-6, train_size=0.5), n_jobs=2)
    assert values(made) == values(fixed)


def test_auto_is_short_for_shadow_models_with_defaults():
    short, full = audit("auto"), audit(ShadowModels("auto"))
    assert values(short) == values(full)
    assert short.settings["shadows"] == full.settings["shadows"]
    assert short.settings["shadows"]["max_models"] == 64


def test_shadows_that_cost_no_fit_are_not_counted():
    model = GaussianNB().fit(X_IN, Y_IN)
    report = audit_classifier(
        model, *SETS, attacks=["lira"], shadows="auto", random_state=0
    )
    assert report.shadows["n_shadows"] == 64
    assert report.shadows["auto"] == {
        "settled": True,
        "max_models": 64,
        "precision": None,
        "steps": [],
    }
    fixed = audit_classifier(model, *SETS, attacks=["lira"], random_state=0)
    assert values(report) == values(fixed)


def test_who_is_a_member_of_the_target_plays_no_part():
    # The same pool, members and non-members as they would be under another draw.
    rng = np.random.RandomState(0)
    n_of = []
    steps = []
    shadows = fit_shadows(MODEL, X, Y, shadows=16, random_state=0)
    for _ in range(3):
        order = rng.permutation(len(X))
        enough = EnoughShadows(
            {"lira": LiRAAttack(MODEL)}, None, np.arange(len(X)), (0.1,), 0.95, "auto"
        )
        enough(
            ShadowSignals(
                {k: v[:, order] for k, v in shadows.signals.items()},
                shadows.member[:, order],
                other={k: v[:, order] for k, v in shadows.other.items()},
                counterfactual=shadows.counterfactual_,
            )
        )
        steps.append([s["expected"] for s in enough.steps])
        n_of.append(enough.settled)
    # Records of equal answers take each other's places.
    assert np.ptp(steps, axis=0).max() < 1e-3
    assert len(set(n_of)) == 1


def test_what_is_missing_follows_a_known_rise():
    # Answers of a member are higher by a gain: LiRA's AUC rises with the shadows.
    rng = np.random.RandomState(0)
    member = np.zeros((64, 600), dtype=bool)
    for k in range(0, 64, 2):
        member[k] = rng.permutation(600) < 300
        member[k + 1] = ~member[k]
    hard = 3 * rng.normal(size=600)
    logit = hard + member + rng.normal(size=member.shape)
    steps = []
    for n in (8, 16, 32, 64):
        enough = EnoughShadows(
            {"lira": LiRAAttack(MODEL)},
            *(None, np.arange(600), (0.1,), 0.95, "auto"),
        )
        enough(ShadowSignals({"logit": logit[:n]}, member[:n]))
        steps.append(enough.steps[0])
    auc = np.array([s["value"] for s in steps])
    expected = np.array([s["expected"] for s in steps])
    # The limit is that of the difference of two normal answers, one higher by 1.
    limit = 0.760
    assert (np.diff(auc) > 0).all()
    assert auc[-1] < limit + 0.01
    assert expected[-1] < expected[0] / 2, expected
    assert (auc + [s["at_most"] for s in steps] > limit - 0.01).all()


@pytest.mark.parametrize(
    ("shadows", "message"),
    [
        (auto(7), "'max_models' parameter must be"),
        (auto(16, 0.0), "'precision' parameter must be"),
        (auto(16, "fine"), "'precision' parameter must be"),
        ("automatic", "'shadows' parameter must be"),
    ],
)
def test_wrong_parameters(shadows, message):
    with pytest.raises((ValueError, TypeError), match=message):
        audit(shadows)


@pytest.mark.parametrize(
    "call",
    [
        lambda: fit_shadows(MODEL, X, Y, shadows="auto"),
        lambda: LiRAAttack(MODEL, shadows="auto").fit(X, Y),
        lambda: audit_learner(LogisticRegression(), X, Y, shadows="auto"),
    ],
)
def test_elsewhere_the_number_has_to_be_given(call):
    with pytest.raises((ValueError, TypeError), match=r"must be an int|unexpected"):
        call()
