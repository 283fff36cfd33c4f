"""Groups of records as a picture: a row each, with what could not be judged."""

from dataclasses import replace

import numpy as np
import pytest
from matplotlib import pyplot as plt
from numpy.testing import assert_allclose
from sklearn.naive_bayes import GaussianNB

from _helpers import noisy_rows
from skmia.attacks import LossThresholdAttack
from skmia.audit import AuditReport, SubgroupDisplay

NAMES = ["few", "north", "south"]


@pytest.fixture(scope="module")
def audited():
    """Of 2,000 records those in the south are exposed; 14 are in a group of few."""
    rng = np.random.RandomState(0)
    member = np.arange(2000) % 2 == 0
    region = np.where(np.arange(2000) < 500, "south", "north")
    region[-14:] = "few"
    scores = rng.normal(size=2000) + 3 * (member & (region == "south"))
    return AuditReport(member, {"$x$": scores}), region


def test_what_is_drawn_of_a_report_and_of_its_file(audited, tmp_path):
    report, region = audited
    found = report.subgroups({"region": region})
    report.including(found).to_json(tmp_path / "report.json")
    again = AuditReport.from_json(tmp_path / "report.json")
    for source in (report.including(found), again, again.to_dict(), found):
        display = SubgroupDisplay.from_report(source)
        assert display.subgroups == found
    ax = display.ax_
    sizes = dict(zip(*np.unique(region, return_counts=True), strict=True))
    labels = [label.get_text() for label in ax.get_yticklabels()]
    assert labels == [f"region = {name} ({sizes[name] // 2})" for name in NAMES]
    # The first row is on top.
    assert ax.get_ylim()[0] > ax.get_ylim()[1]
    drawn = {}
    for points, _, (bars,) in display.points_:
        for x, at, bar in zip(*points.get_data(), bars.get_segments(), strict=True):
            drawn[NAMES[int(at)]] = (x, *bar[:, 0])
    for group in found.groups[1:]:
        f = group.figures
        assert_allclose(
            drawn[group.name.split()[-1]], (f.tpr, f.tpr_low, f.tpr_high), atol=1e-12
        )
    accused = [group.figures.fpr for group in found.groups if group.figures]
    assert list(display.accused_.get_xdata()) == accused
    assert display.overall_line_.get_xdata() == [found.overall.tpr] * 2
    assert display.chance_level_.get_xdata() == [0.01, 0.01]


def test_small_groups_are_named_and_findings_have_markers(audited):
    report, region = audited
    found = report.subgroups({"region": region})
    assert [group.finding for group in found.groups] == ["not judged", "less", "more"]
    display = SubgroupDisplay.from_report(found)
    assert [text.get_text() for text in display.small_] == ["too small to judge"]
    assert display.small_[0].get_position()[1] == 0
    assert "few" not in [points[0].get_label() for points in display.points_]
    looks = {
        points.get_label(): (points[0].get_marker(), points[0].get_color())
        for points in display.points_
    }
    assert set(looks) == {"More exposed than the rest", "Less exposed than the rest"}
    assert all(len(set(each)) == 2 for each in zip(*looks.values(), strict=True))


def test_in_a_narrow_figure_names_stand_above_the_rows(audited):
    report, region = audited
    _, ax = plt.subplots(figsize=(3.9, 4), layout="constrained")
    found = report.subgroups({"region": region})
    display = SubgroupDisplay.from_report(found, ax=ax)
    assert display.ax_ is ax
    assert len(ax.get_yticks()) == 0
    texts = [text.get_text() for text in ax.texts]
    assert all(any(name in text for text in texts) for name in NAMES)
    display.figure_.canvas.draw()
    page = display.figure_.bbox.padded(1)
    for text in ax.texts:
        assert page.containsx(text.get_window_extent().x1)


def test_one_of_several_sections(audited):
    report, region = audited
    half = np.arange(2000) % 4 < 2
    both = report.including(
        report.subgroups({"region": region}), report.subgroups({"half": half})
    )
    display = SubgroupDisplay.from_report(both, by="half")
    assert display.subgroups.by == ("half",)
    with pytest.raises(ValueError, match=r"'by' .*'region'.*'half'.* Got None instead"):
        SubgroupDisplay.from_report(both)
    with pytest.raises(ValueError, match=r"'by' .* Got 'age' instead"):
        SubgroupDisplay.from_report(both, by="age")
    with pytest.raises(ValueError, match=r"'report' parameter must include groups"):
        SubgroupDisplay.from_report(report)


def test_predictions_are_measured_as_a_report_does(audited):
    report, region = audited
    records = report.records()
    display = SubgroupDisplay.from_predictions(
        records["membership"],
        records["$x$"],
        {"region": region},
        name="$x$",
        points_kwargs={"markersize": 9},
        accused_kwargs={"color": "k"},
        overall_kwargs={"color": "k"},
        plot_chance_level=False,
        despine=True,
    )
    asked = report.subgroups({"region": region})
    # Groups that are passed with the scores have their order.
    assert display.subgroups == replace(asked, notes=())
    assert display.chance_level_ is None
    assert display.points_[0][0].get_markersize() == 9
    with pytest.raises(ValueError, match=r"'by' .* 2000 records. Got shape \(3,\)"):
        SubgroupDisplay.from_predictions(
            records["membership"], records["$x$"], [1, 2, 3]
        )


def test_an_estimator():
    X, y = noisy_rows(240)
    attack = LossThresholdAttack(GaussianNB(), random_state=0).fit(X, y)
    display = SubgroupDisplay.from_estimator(
        attack, X, y, attack.membership_, np.where(X[:, 0] > 0, "high", "low")
    )
    assert "LossThresholdAttack" in display.ax_.get_xlabel()
    names = [group.name for group in display.subgroups.groups]
    assert names == ["group = high", "group = low"]
