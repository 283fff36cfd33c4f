"""The distribution of the records' risk as a picture."""

import numpy as np
import pytest
from matplotlib import pyplot as plt
from numpy.testing import assert_allclose
from scipy.stats import norm
from sklearn.naive_bayes import GaussianNB

from _helpers import noisy_rows
from skmia.attacks import LossThresholdAttack
from skmia.audit import AuditReport, RecordRiskDisplay, audit_classifier
from skmia.metrics import membership_p_values, tpr_at_fpr_interval


@pytest.fixture(scope="module")
def with_shadows():
    X, y = noisy_rows(200)
    return audit_classifier(
        GaussianNB().fit(X[:100], y[:100]),
        X[:100],
        y[:100],
        X[100:],
        y[100:],
        shadows=8,
        max_fprs=(0.1, 0.01),
        random_state=0,
    )


def test_separations_of_a_report_and_of_its_file(with_shadows, tmp_path):
    display = RecordRiskDisplay.from_report(with_shadows, max_fpr=0.1)
    risk = with_shadows.to_dict()["risk"]
    counts = risk["separation"]
    heights, edges, _ = display.members_.get_data()
    assert_allclose(heights, np.array(counts["members"]) / 100)
    assert_allclose(edges, counts["edges"])
    # What would be there if no record leaked: normal, with the error of an estimate.
    expected = display.chance_level_.get_data().values
    at = np.clip([0.0, 0.5], edges[0], edges[-1])
    inside = (edges[:-1] >= at[0]) & (edges[1:] <= at[1])
    share = np.diff(norm.cdf(at / counts["error"]))[0]
    assert_allclose(expected[inside].sum(), share)
    assert expected.sum() == pytest.approx(1)
    found = next(
        of
        for of in risk["at_fpr"]
        if of["attack"] == risk["attack"] and of["max_fpr"] == 0.1
    )
    assert f"at 10 % FPR: {found['exposed']:.3g} %" in display.ax_.get_title("left")
    with_shadows.to_json(tmp_path / "report.json")
    again = RecordRiskDisplay.from_report(
        AuditReport.from_json(tmp_path / "report.json"), max_fpr=0.1, ax=plt.gca()
    )
    assert again.ax_ is plt.gca()
    assert again.members == display.members


def test_the_upper_axis_is_the_chance_of_being_found():
    """A record with d' = 2.33 is found at 1 % FPR in half of the trainings."""
    display = RecordRiskDisplay(
        edges=np.arange(-3, 8), members=[0, 0, 5, 9, 5, 1, 0, 0, 1, 0], error=0.7
    ).plot()
    ticks = display.chance_axis_.get_xticks()
    labels = [label.get_text() for label in display.chance_axis_.get_xticklabels()]
    at = dict(zip(labels, ticks, strict=True))
    assert at["50 %"] == pytest.approx(norm.isf(0.01))
    assert at["90 %"] == pytest.approx(norm.isf(0.01) + norm.ppf(0.9))
    assert at["1 %"] == pytest.approx(0)
    assert display.ax_.get_title("left") == ""


def test_without_shadows_it_is_p_values(report):
    display = RecordRiskDisplay.from_report(report)
    assert display.quantity == "p_value"
    assert display.unit == "person"  # since it was told whose the rows are
    risk = report.to_dict()["risk"]
    assert display.members == risk["p_values"]["members"]
    assert display.chance_axis_ is None
    assert_allclose(display.chance_level_.get_data().values, 1 / 20)
    with pytest.raises(ValueError, match=r"'quantity' .* Got 'separation' instead"):
        RecordRiskDisplay.from_report(report, quantity="separation")
    with pytest.raises(ValueError, match=r"'quantity' .* Got 'd' instead"):
        RecordRiskDisplay.from_report(report, quantity="d")


def test_predictions():
    rng = np.random.RandomState(0)
    member = np.repeat([True, False], 200)
    scores = rng.normal(size=400) + member
    display = RecordRiskDisplay.from_predictions(
        member, scores, max_fpr=0.1, confidence_level=0.8, log=True
    )
    p_values = membership_p_values(member, scores)[member]
    assert sum(display.members) == 200
    assert display.members[0] == (p_values < 0.05).sum()
    ends = tpr_at_fpr_interval(member, scores, 0.1, confidence_level=0.8)
    assert_allclose(display.exposed[1:], ends)
    assert display.ax_.get_yscale() == "log"
    few = RecordRiskDisplay.from_predictions([1, 1, 0, 0], [3, 2, 1, 0])
    assert few.exposed is None  # 1 % of two non-members is nobody


def test_an_estimator_and_styles():
    X, y = noisy_rows(120)
    attack = LossThresholdAttack(GaussianNB(), random_state=0).fit(X, y)
    display = RecordRiskDisplay.from_estimator(
        attack,
        X,
        y,
        attack.membership_,
        members_kwargs={"linewidth": 3},
        plot_chance_level=False,
        despine=True,
    )
    assert display.members_.get_linewidth() == 3
    assert display.chance_level_ is None
    assert not display.ax_.spines["right"].get_visible()
