"""Results of later questions on the page: a part for each that there is."""

import pytest

from _helpers.pages import EVIL, Page, hostile_report
from skmia.audit import Policy, compare

PARTS = ("decision", "subgroups", "slices", "structure", "claim", "comparison")


@pytest.fixture(scope="module")
def page(path):
    return Page(path.read_text("utf-8"))


def sections_of(page):
    return [attributes["id"] for attributes in page.of("section")]


def test_every_section_has_its_part(page):
    found = sections_of(page)
    assert [part for part in found if part in PARTS] == list(PARTS)
    links = [attributes["href"][1:] for attributes in page.of("a")]
    assert set(PARTS) <= set(links)


def test_a_report_without_them_has_none(tmp_path):
    path = tmp_path / "report.html"
    hostile_report(names=["loss"]).to_html(path)
    page = Page(path.read_text("utf-8"))
    assert not set(PARTS) & set(sections_of(page))
    assert "Not in this report. Add the structural checks to it." in page.text


def test_groups_are_shown_with_what_guessing_gives(report, page):
    subgroups = next(s for s in report.to_dict()["sections"] if "groups" in s)
    for group in subgroups["groups"]:
        assert group["name"] in "".join(page.texts)
        for key in ("tpr", "tpr_low", "tpr_high", "fpr"):
            assert f"{100 * group['figures'][key]:.1f} %" in page.text


def test_groups_too_small_to_judge_are_named(tmp_path):
    report = hostile_report(n=100, names=["loss"])
    small = ["small" if i % 50 == 0 else "large" for i in range(200)]
    path = tmp_path / "report.html"
    report.including(report.subgroups({"size": small}, min_named=1)).to_html(path)
    assert "size = small 2 members, 2 others not judged:" in Page(path.read_text()).text
    # Two people are told by the name of their group, which has to be asked for.
    report.including(report.subgroups({"size": small})).to_html(path)
    text = Page(path.read_text()).text
    assert "size = small" not in text
    assert "1 group of fewer than 10 records 2 members, 2 others not judged" in text


def test_a_decision_is_with_the_verdict_and_with_its_reasons(report, page):
    decision = report.decide(Policy(max_auc=0.6, max_tpr={0.01: 0.02}))
    assert decision.outcome == "refuse"
    assert page.text.index(f"Decision by the policy {EVIL} : refuse.") < (
        page.text.index("Before you rely on the figures")
    )
    for ruling in decision.rulings:
        assert ruling.reason in page.text


def test_two_reports_are_shown_with_their_differences(tmp_path):
    leaking, defended = (
        hostile_report(names=["loss"], shift=shift) for shift in (2.0, 0.0)
    )
    comparison = compare(leaking, defended, names=("before", EVIL))
    path = tmp_path / "report.html"
    defended.including(comparison).to_html(path)
    page = Page(path.read_text("utf-8"))
    shown = "".join(page.texts)
    assert f"Second: {EVIL}" in shown
    *cautions, verdict = (
        sentence.replace(" %", "\N{NO-BREAK SPACE}%") for sentence in comparison.opening
    )
    assert verdict.startswith("The second leaks less")
    assert cautions
    for sentence in cautions:
        assert shown.index(sentence) < shown.index(verdict)
    auc = comparison.strongest("auc")
    assert f"{auc.value:+.3f}{auc.low:+.3f} to {auc.high:+.3f}" in shown


def test_two_of_a_kind_have_places_of_their_own(tmp_path):
    report = hostile_report(n=100, names=["loss"])
    path = tmp_path / "report.html"
    report.including(
        report.decide(Policy(max_auc=0.6)), report.decide(Policy(max_auc=0.99))
    ).to_html(path)
    found = sections_of(Page(path.read_text("utf-8")))
    assert {"decision", "decision-2"} <= set(found)
