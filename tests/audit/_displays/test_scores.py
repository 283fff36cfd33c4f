"""Histograms of scores as a picture."""

import numpy as np
import pytest
from matplotlib import pyplot as plt
from numpy.testing import assert_allclose
from sklearn.naive_bayes import GaussianNB

from _helpers import noisy_rows
from skmia.attacks import LossThresholdAttack
from skmia.audit import AuditReport, MembershipScoreDisplay


def test_what_is_drawn_of_a_report(report, tmp_path):
    display = MembershipScoreDisplay.from_report(report)
    counts = report.to_dict()["histograms"]["attack 1"]  # with the largest AUC
    sides = {"members": display.members_, "nonmembers": display.nonmembers_}
    for side, patch in sides.items():
        heights, edges, _ = patch.get_data()
        assert_allclose(heights, np.array(counts[side]) / 80)
        assert_allclose(edges, counts["edges"])
    assert display.ax_.get_xlabel() == "Score of attack 1"
    labels = [text.get_text() for text in display.ax_.get_legend().get_texts()]
    assert labels == ["Members", "Non-members"]
    # Without colour: one is filled, the other hatched.
    assert display.nonmembers_.get_hatch()
    assert not display.members_.get_hatch()
    report.to_json(tmp_path / "report.json")
    again = AuditReport.from_json(tmp_path / "report.json")
    redrawn = MembershipScoreDisplay.from_report(again, attack="attack 0", ax=plt.gca())
    assert redrawn.ax_ is plt.gca()
    assert redrawn.name == "attack 0"
    with pytest.raises(ValueError, match=r"'attack' .* Got 'no' instead"):
        MembershipScoreDisplay.from_report(report, attack="no")


def test_predictions_with_far_ends_on_a_logarithmic_axis():
    rng = np.random.RandomState(0)
    member = np.repeat([True, False], 500)
    scores = rng.normal(size=1000)
    scores[:3] = 1000
    display = MembershipScoreDisplay.from_predictions(member, scores, log=True)
    assert tuple(display.open_ends) == (False, True)
    assert [text.get_text()[0] for text in display.ax_.texts] == ["≥"]
    assert display.ax_.get_yscale() == "log"
    # Three in 500 are in sight.
    assert display.members_.get_data().values[-1] == pytest.approx(3 / 500)
    assert display.ax_.get_ylim()[0] < 1 / 500
    assert sum(display.members) == sum(display.nonmembers) == 500


def test_an_estimator_and_styles():
    X, y = noisy_rows(120)
    attack = LossThresholdAttack(GaussianNB(), random_state=0).fit(X, y)
    display = MembershipScoreDisplay.from_estimator(
        attack,
        X,
        y,
        attack.membership_,
        members_kwargs={"edgecolor": "k"},
        nonmembers_kwargs={"hatch": ".."},
        despine=True,
    )
    assert display.ax_.get_xlabel() == "Score of LossThresholdAttack"
    assert display.nonmembers_.get_hatch() == ".."
    assert not display.ax_.spines["right"].get_visible()


def test_scores_of_several_models_say_what_they_are_in():
    display = MembershipScoreDisplay(
        edges=[0, 1, 2], members=[1, 3], nonmembers=[2, 2], scale="spread", name="a"
    ).plot()
    assert "spreads of each model's non-members" in display.ax_.get_xlabel()
    assert_allclose(display.members_.get_data().values, [0.25, 0.75])


def test_a_report_draws_itself(report):
    roc, scores, risk = report.plot(scale="linear").axes
    assert roc.get_xscale() == "linear"
    assert scores.get_xlabel() == "Score of attack 1"
    assert risk.get_xlabel() == "p-value among the scores of non-members"
