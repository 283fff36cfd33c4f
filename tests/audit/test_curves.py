"""The curves and histograms of a report, as functions of what was measured."""

import json
from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose

from skmia.audit import AuditReport
from skmia.audit._curves import _rates as rates_of
from skmia.audit._curves import curves, histograms
from skmia.audit._evidence import Evidence
from skmia.audit._figures import measure
from skmia.metrics import is_resolvable, roc_band


def evidence(n=(300, 200), n_models=1, persons=False, **changes):
    rng = np.random.RandomState(0)
    one = np.repeat([True, False], n)
    membership = np.tile(one, n_models)
    scores = rng.standard_t(2, size=membership.size) + membership
    size = len(one)
    return replace(
        Evidence(
            membership=membership,
            scores={"one": scores, "steps": np.round(scores.clip(-4, 4))},
            max_fprs=(0.1, 0.01, 0.001),
            confidence_level=0.9,
            target=np.repeat(np.arange(n_models), size) if n_models > 1 else None,
            record=np.tile(np.arange(size), n_models) if n_models > 1 else None,
            persons=np.tile(np.arange(size) // 4, n_models) if persons else None,
            person_names=range(-(-size // 4)) if persons else None,
        ),
        **changes,
    )


@pytest.mark.parametrize("persons", [False, True])
@pytest.mark.parametrize("n_models", [1, 3])
def test_curves_go_through_the_figures(n_models, persons):
    """Value and interval at each rate of the figures, of every attack."""
    measured = evidence(n_models=n_models, persons=persons)
    found = curves(measured)
    for figure in measure(measured):
        if figure.metric.startswith("tpr@") and figure.resolvable:
            if figure.unit == "person":
                continue
            curve = found[figure.attack]
            at = curve["fpr"].index(float(figure.metric[4:]))
            read = curve["tpr"][at], curve["low"][at], curve["high"][at]
            assert_allclose(read, (figure.value, figure.low, figure.high), atol=1e-5)


def test_curves_of_persons_are_those_of_one_record_each():
    measured = evidence(persons=True).per_person
    found = curves(measured)["one"]
    scores = measured.scores["one"]
    band = roc_band(measured.membership, scores, found["fpr"], confidence_level=0.9)
    assert_allclose([found[key] for key in ("tpr", "low", "high")], band, atol=1e-5)


@pytest.mark.parametrize("n", [1, 3, 50, 9999, 10**7])
@pytest.mark.parametrize("n_curves", [1, 100])
def test_rates_reach_from_one_nonmember_to_all(n, n_curves):
    wanted = 0.1, 0.01, 0.001
    found = rates_of(n, wanted, n_curves)
    assert len(found) <= 200
    assert (np.diff(found) > 1e-8).all()
    assert found[0] == 0
    assert found[-1] == 1
    if n > 10:
        assert found[1] == pytest.approx(1 / n)
        assert (np.diff(np.log(found[1:])) < 1.3).all()
    for rate in wanted:
        assert (rate in found) == is_resolvable(n, rate) or rate == 0.1


@pytest.mark.parametrize("n_models", [1, 3])
def test_ends_are_around_the_curve_and_nothing_is_missing(n_models):
    for curve in curves(evidence(n_models=n_models)).values():
        fpr, tpr, low, high = (np.array(curve[key]) for key in curve)
        assert np.isfinite([fpr, tpr, low, high]).all()
        assert ((low >= 0) & (low <= tpr) & (tpr <= high) & (high <= 1)).all()
        assert (np.diff(tpr) >= 0).all()


def test_no_row_order_is_left():
    measured = evidence()
    order = np.random.RandomState(3).permutation(500)
    shuffled = replace(
        measured,
        membership=measured.membership[order],
        scores={name: scores[order] for name, scores in measured.scores.items()},
    )
    assert curves(shuffled) == curves(measured)
    assert histograms(shuffled) == histograms(measured)
    json.dumps([curves(measured), histograms(measured)])


@pytest.mark.parametrize("n", [(2, 1), (40, 60), (20_000, 30_000)])
def test_histograms_count_every_record_once(n):
    measured = evidence(n)
    for name, found in histograms(measured).items():
        edges = np.array(found["edges"])
        assert sum(found["members"]) == n[0]
        assert sum(found["nonmembers"]) == n[1]
        assert len(edges) == len(found["members"]) + 1 == len(found["nonmembers"]) + 1
        scores = measured.scores[name][measured.membership]
        inner = np.histogram(scores, edges)[0]
        assert found["members"][1:-1] == inner[1:-1].tolist()
        beyond = [edges[0] > scores.min(), edges[-1] < scores.max()]
        assert beyond <= found["open"] or not any(beyond)


def test_bins_of_heavy_tails_end_before_the_last_record():
    """Student's t with 2 degrees of freedom: a few lie a hundred times as far out."""
    measured = evidence((20_000, 30_000))
    found = histograms(measured)["one"]
    assert found["open"] == [True, True]
    assert 8 <= len(found["members"]) <= 80
    assert found["edges"][-1] < np.abs(measured.scores["one"]).max() / 4
    # And not so early that the bins at the ends are the highest.
    assert found["members"][-1] < max(found["members"]) / 10


def test_few_different_scores_have_a_bin_each():
    measured = evidence()
    found = histograms(measured)["steps"]
    values, counts = np.unique(
        measured.scores["steps"][measured.membership], return_counts=True
    )
    middles = np.array(found["edges"][:-1]) + np.diff(found["edges"]) / 2
    at = np.searchsorted(middles, values - 1e-9)
    assert_allclose(middles[at], values)
    assert np.array(found["members"])[at].tolist() == counts.tolist()
    same = evidence(scores={"same": np.full(500, 7.0)})
    assert histograms(same)["same"]["edges"] == [6.5, 7.5]
    assert histograms(same)["same"]["members"] == [300]


def test_scores_of_two_models_are_on_one_scale():
    """Each from its own non-members: ten times as large scores make no difference."""
    measured = evidence(n_models=2)
    factor = np.where(measured.target == 1, 10.0, 1.0)
    other = replace(
        measured, scores={"one": measured.scores["one"] * factor + 5 * factor}
    )
    found, expected = histograms(other)["one"], histograms(measured)["one"]
    assert found["scale"] == expected["scale"] == "spread"
    assert found["members"] == expected["members"]
    assert histograms(evidence())["one"]["scale"] == "score"


def test_a_report_has_them_when_asked_and_a_file_as_well(tmp_path):
    rng = np.random.RandomState(0)
    member = np.repeat([True, False], 60)
    report = AuditReport(
        member, {"one": rng.normal(size=120) + member}, groups=np.arange(120) // 2
    )
    report.summary()  # which needs none
    contents = report.to_dict()
    for key in ("curves", "person_curves", "histograms"):
        assert list(contents[key]) == ["one"]
    assert contents["curves"]["one"]["fpr"][1] == pytest.approx(1 / 60, rel=1e-5)
    assert contents["person_curves"]["one"]["fpr"][1] == pytest.approx(1 / 30, rel=1e-5)
    report.to_json(tmp_path / "report.json")
    again = AuditReport.from_json(tmp_path / "report.json")
    assert again.to_dict() == contents
    assert again.summary() == report.summary()


def test_few_scores_with_uneven_gaps_have_bins_of_one_width():
    scores = np.repeat([0.0, 0.01, 0.02, 5.0], 125)
    found = histograms(evidence(scores={"votes": scores}))["votes"]
    widths = np.diff(found["edges"])
    assert_allclose(widths, widths[0])
    assert sum(found["members"]) == 300
