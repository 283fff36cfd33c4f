"""The ROC of attacks as a picture: what is drawn, from where, and how it reads."""

import sys

import numpy as np
import pytest
from matplotlib import pyplot as plt
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from numpy.testing import assert_allclose
from sklearn.naive_bayes import GaussianNB

from _helpers import noisy_rows
from skmia.attacks import LossThresholdAttack
from skmia.audit import AuditReport, MembershipRocDisplay
from skmia.metrics import roc_auc, roc_band, tpr_ceiling

ONE = np.array([0.01, 1])


def legend_of(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


def test_what_is_drawn_of_a_report(report):
    display = MembershipRocDisplay.from_report(report)
    curves = report.to_dict()["curves"]
    for line, curve in zip(display.line_, curves.values(), strict=True):
        assert_allclose(line.get_xdata(), curve["fpr"][1:])
        assert_allclose(line.get_ydata(), curve["tpr"][1:])
    ax = display.ax_
    assert ax.get_xscale() == ax.get_yscale() == "log"
    assert_allclose(*display.chance_level_.get_data())
    aucs = [f.value for f in report.figures if f.metric == "auc" and f.unit == "row"]
    assert legend_of(ax) == [
        f"attack 0 (AUC {aucs[0]:.2f})",
        f"attack 1 (AUC {aucs[1]:.2f})",
        "Guessing",
        "95 % interval, rate by rate",
    ]
    assert display.figure_ is ax.figure


def test_what_a_promise_allows_is_drawn_with_what_was_found(report, tmp_path):
    assert MembershipRocDisplay.from_report(report).allowed_ == []
    more = report.including(report.check_claim(mu=0.5), report.check_claim(epsilon=1))
    # The report knows of persons, and so the claims are for a person.
    assert MembershipRocDisplay.from_report(more).allowed_ == []
    display = MembershipRocDisplay.from_report(more, unit="person")
    for line, promise in zip(
        display.allowed_, ({"mu": 0.5}, {"epsilon": 1.0}), strict=True
    ):
        assert_allclose(line.get_ydata(), tpr_ceiling(line.get_xdata(), **promise))
    named = ["Allowed by mu = 0.5", "Allowed by epsilon = 1"]
    assert [name for name in legend_of(display.ax_) if name in named] == named
    more.to_html(tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text()
    assert all(name in page for name in named)


def test_rates_below_one_nonmember_are_marked(report):
    display = MembershipRocDisplay.from_report(report)
    ax = display.ax_
    marked = display.unresolved_.get_window_extent()
    assert_allclose(
        ax.transData.inverted().transform(marked)[:, 0],
        [ax.get_xlim()[0], 1 / 80],
        rtol=1e-6,
    )
    assert ax.get_xlim()[0] < 1 / 80
    assert "less than 1 of 80" in ax.texts[0].get_text()
    assert min(display.line_[0].get_xdata()) == pytest.approx(1 / 80)


def test_the_band_is_that_of_the_report(report):
    display = MembershipRocDisplay.from_report(report, scale="linear")
    curve = report.to_dict()["curves"]["attack 1"]
    corners = display.band_[1].get_paths()[0].vertices
    for at, low, high in zip(curve["fpr"], curve["low"], curve["high"], strict=True):
        ends = corners[np.isclose(corners[:, 0], at), 1]
        assert_allclose([ends.min(), ends.max()], [low, high], atol=1e-6)
    assert display.ax_.get_xscale() == "linear"
    assert display.line_[0].get_xdata()[0] == 0
    without = MembershipRocDisplay.from_report(
        report, plot_band=False, plot_chance_level=False
    )
    assert without.band_ == []
    assert without.chance_level_ is None
    assert len(legend_of(without.ax_)) == 2


def test_a_file_is_drawn_alike(report, tmp_path):
    report.to_json(tmp_path / "report.json")
    again = AuditReport.from_json(tmp_path / "report.json")
    drawn, redrawn = map(MembershipRocDisplay.from_report, (report, again))
    for one, other in zip(drawn.line_, redrawn.line_, strict=True):
        np.testing.assert_array_equal(one.get_xydata(), other.get_xydata())


def test_persons_and_some_of_the_attacks(report):
    display = MembershipRocDisplay.from_report(
        report, attacks=["attack 1"], unit="person"
    )
    assert display.n_nonmembers == 40
    curve = report.to_dict()["person_curves"]["attack 1"]
    assert_allclose(display.line_.get_ydata(), curve["tpr"][1:])


def test_what_is_refused():
    alone = AuditReport([True] * 9 + [False] * 9, {"a": [*range(18)]})
    with pytest.raises(ValueError, match="'unit' parameter must be 'row'"):
        MembershipRocDisplay.from_report(alone, unit="person")
    with pytest.raises(ValueError, match=r"'attacks' .* Got 'b' instead"):
        MembershipRocDisplay.from_report(alone, attacks=["b"])
    with pytest.raises(ValueError, match=r"'scale' .* Got 'probit' instead"):
        MembershipRocDisplay.from_report(alone, scale="probit")
    with pytest.raises(ValueError, match=r"'tpr' .* 2 curves. Got 1 instead"):
        MembershipRocDisplay(fpr=[ONE, ONE], tpr=[ONE]).plot()
    with pytest.raises(ValueError, match=r"'curve_kwargs' .* 2 curves. Got 1 instead"):
        MembershipRocDisplay(fpr=[ONE, ONE], tpr=[ONE, ONE]).plot(curve_kwargs=[{}])
    with pytest.raises(ValueError, match=r"'groups' .* on one side only"):
        MembershipRocDisplay.from_predictions([1, 0], [1, 0], groups=["a", "a"])


@pytest.mark.parametrize("persons", [False, True])
def test_predictions(persons):
    rng = np.random.RandomState(0)
    member = np.repeat([True, False], [120, 60])
    scores = rng.normal(size=180) + member
    groups = np.arange(180) // 3 if persons else None
    display = MembershipRocDisplay.from_predictions(
        member, scores, groups=groups, confidence_level=0.8, name="mine"
    )
    band = roc_band(member, scores, display.fpr[0], confidence_level=0.8, groups=groups)
    assert_allclose(display.low[0], band.low, atol=1e-5)
    assert legend_of(display.ax_)[0] == f"mine (AUC {roc_auc(member, scores):.2f})"
    assert legend_of(display.ax_)[-1].startswith("80 %")
    several = MembershipRocDisplay.from_predictions(
        member, {"a": scores, "b": -scores}, confidence_level=0.8, ax=plt.gca()
    )
    assert several.ax_ is plt.gca()
    assert len(several.line_) == 2


def test_an_estimator():
    X, y = noisy_rows(120)
    attack = LossThresholdAttack(GaussianNB(), random_state=0).fit(X, y)
    display = MembershipRocDisplay.from_estimator(attack, X, y, attack.membership_)
    area = roc_auc(attack.membership_, attack.score_samples(X, y))
    assert legend_of(display.ax_)[0] == f"LossThresholdAttack (AUC {area:.2f})"


def test_styles_of_all_and_of_each(report):
    display = MembershipRocDisplay.from_report(
        report,
        name=["one", "other"],
        curve_kwargs=[{"c": "k"}, {"lw": 4}],
        band_kwargs={"alpha": 0.9},
        chance_level_kw={"ls": "-"},
        despine=True,
    )
    assert display.line_[0].get_color() == "k"
    assert display.line_[1].get_linewidth() == 4
    assert display.band_[0].get_alpha() == 0.9
    assert display.chance_level_.get_linestyle() == "-"
    assert not display.ax_.spines["top"].get_visible()
    assert legend_of(display.ax_)[0].startswith("one (AUC")
    same = MembershipRocDisplay.from_report(report, curve_kwargs={"color": "k"})
    assert {line.get_color() for line in same.line_} == {"k"}


def test_curves_of_ones_own():
    display = MembershipRocDisplay(fpr=[0, 0.5, 1], tpr=[0, 0.8, 1]).plot()
    assert display.band_ == []
    assert display.unresolved_ is None
    assert display.line_.get_xdata().tolist() == [0.5, 1]


def contrast(color, ground):
    """Of WCAG 2."""
    levels = []
    for one in (color, ground):
        rgb = np.array(to_rgb(one))
        linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
        levels.append(linear @ [0.2126, 0.7152, 0.0722] + 0.05)
    return max(levels) / min(levels)


@pytest.mark.parametrize("style", ["default", "dark_background"])
def test_up_to_eight_curves_are_told_apart_without_colour_too(style):
    with plt.style.context(style):
        display = MembershipRocDisplay(fpr=[ONE] * 8, tpr=[ONE] * 8).plot()
        ground = plt.rcParams["axes.facecolor"]
    looks = [
        (line.get_color(), str(line._dash_pattern), line.get_marker())
        for line in display.line_
    ]
    assert all(len(set(each)) == 8 for each in zip(*looks, strict=True))
    assert min(contrast(color, ground) for color, *_ in looks) > 2


@pytest.mark.parametrize("scale", ["log", "linear"])
@pytest.mark.parametrize(("width", "height"), [(3.9, 5), (8, 6)])
@pytest.mark.parametrize("n_curves", [1, 8])
def test_the_legend_covers_no_curve(n_curves, width, height, scale):
    rng = np.random.RandomState(0)
    fpr = np.linspace(0, 1, 51)
    tprs = [np.sort(np.r_[0, rng.beta(1, 1 + i / 3, 49), 1]) for i in range(n_curves)]
    _, ax = plt.subplots(figsize=(width, height), layout="constrained")
    display = MembershipRocDisplay(
        fpr=[fpr] * n_curves,
        tpr=[np.maximum(tpr, fpr) for tpr in tprs],
        name=[f"shadow_classifier {i}" for i in range(n_curves)],
        n_nonmembers=50,
    ).plot(ax, scale=scale)
    figure = display.figure_
    figure.canvas.draw()
    box = ax.get_legend().get_window_extent()
    for line in display.line_ if n_curves > 1 else [display.line_]:
        corners = ax.transData.transform(line.get_xydata())
        steps = np.linspace(0, 1, 50)[:, None, None]
        between = corners[:-1] + steps * np.diff(corners, axis=0)
        assert not box.count_contains(between.reshape(-1, 2))
    # Nor is it outside of the picture.
    page = figure.bbox.padded(1)
    assert page.containsx(box.x0)
    assert page.containsx(box.x1)
    assert page.containsy(box.y0)


def test_names_are_shown_as_they_are():
    names = ["$x$ and $y$", "_hidden", "<script>"]
    display = MembershipRocDisplay(fpr=[ONE] * 3, tpr=[ONE] * 3, name=names)
    display.plot(Figure(layout="constrained").subplots())
    shown = [text.replace(r"\$", "$").strip() for text in legend_of(display.ax_)]
    assert shown[:3] == names


def test_only_drawing_needs_matplotlib(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    display = MembershipRocDisplay(fpr=[0, 1], tpr=[0, 1])
    with pytest.raises(ImportError, match=r"needs matplotlib.*'skmia\[report\]'"):
        display.plot()
