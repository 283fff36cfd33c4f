"""The report in a model card of skops."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from skops.card import Card

from skmia.audit import AuditReport, Guard, Policy

SECTION = "Membership inference audit"


def _report(shift=1.0, **params):
    rng = np.random.default_rng(0)
    member = np.arange(2000) < 1000
    scores = rng.normal(size=2000) + shift * member
    return AuditReport(member, {"loss": scores}, **params)


@pytest.fixture
def card():
    return Card(LogisticRegression())


def test_card_has_the_verdict_and_every_figure_with_its_interval(card, tmp_path):
    report = _report()
    assert report.to_skops_card(card) is card
    text = card.render()
    for sentence in report.to_dict()["verdict"]["sentences"]:
        assert sentence.replace("[", "\\[").replace("]", "\\]") in text
    table = card.select(f"{SECTION}/Figures").content
    auc = report.strongest("auc")
    assert f"{auc.value:.3f}" in table
    assert f"{report.figures[0].low:.3f} to {report.figures[0].high:.3f}" in table
    assert table.count("| loss") == len(report.figures)
    card.save(tmp_path / "README.md")


def test_figures_that_are_no_measure_are_left_out(card):
    void = Guard("unmoved_shadows", "warning", "The shadows answer alike.")
    report = _report(guards=[void]).to_skops_card(card)
    assert "The shadows answer alike." in report.render()
    with pytest.raises(KeyError):
        card.select(f"{SECTION}/Figures")


def test_what_the_user_called_things_is_text(card):
    member = np.arange(40) < 20
    name = "<script>alert(1)</script> | **x**\n# y"
    AuditReport(member, {name: np.arange(40)}).to_skops_card(card)
    text = card.render()
    assert "alert(1)</script>" not in text
    assert "\\*\\*x\\*\\* # y" in text
    assert "\n# y" not in text


def test_a_decision_is_shown_and_the_section_may_be_inside_another(card):
    report = _report()
    decided = report.including(report.decide(Policy(max_auc=0.6)))
    decided.to_skops_card(card, section="Privacy/Audit")
    assert "**Refuse**" in card.select("Privacy/Audit").content


def test_persons_and_files(card, tmp_path):
    report = _report(groups=np.arange(2000) // 2)
    report.to_json(tmp_path / "report.json")
    again = AuditReport.from_json(tmp_path / "report.json")
    report.to_skops_card(card)
    other = again.to_skops_card(Card(LogisticRegression()))
    assert "per person" in other.select(f"{SECTION}/Figures").content
    for title in (SECTION, f"{SECTION}/Figures"):
        assert other.select(title).content == card.select(title).content


@pytest.mark.parametrize("card", [None, {}, LogisticRegression()])
def test_another_card(card):
    with pytest.raises(TypeError, match="'card' parameter must be a skops"):
        _report().to_skops_card(card)
