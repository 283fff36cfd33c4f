"""AuditReport from scores made by hand: figures, tables, text, JSON, gates."""

import json
import os
import re
import sys

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from skmia import metrics
from skmia.audit import AuditReport, Figure, Guard

# Ten members and ten non-members. By hand: of the 100 pairs the member is ahead in
# 10+10+10+10+10+8+5+5+2+0 and the two are tied in one (60 against 60).
MEMBERS = [99, 98, 97, 96, 95, 80, 55, 52, 25, 5]
NONMEMBERS = [90, 85, 70, 65, 60, 50, 40, 30, 20, 10]
SIDES = np.repeat([True, False], 10)


def report_of(**kwargs):
    scores = kwargs.pop("scores", {"hand": [*MEMBERS, *NONMEMBERS]})
    kwargs.setdefault("max_fprs", (0.1, 0.01))
    return AuditReport(SIDES, scores, **kwargs)


def random_report(n_members=300, n_nonmembers=200, seed=0, **kwargs):
    rng = np.random.default_rng(seed)
    member = np.repeat([True, False], [n_members, n_nonmembers])
    scores = {
        "weak": rng.normal(size=member.size) + 0.2 * member,
        "strong": rng.normal(size=member.size) + 1.0 * member,
    }
    return AuditReport(member, scores, **kwargs), member, scores


def test_figures_by_hand():
    report = report_of()
    figures = {figure.metric: figure for figure in report.figures}
    wins = [10, 10, 10, 10, 10, 8, 5, 5, 2, 0]
    brute = [sum(m > n for n in NONMEMBERS) for m in MEMBERS]
    assert brute == wins
    assert figures["auc"].value == sum(wins) / 100
    # Above 90 lie five members and no non-member; one more non-member, still five.
    assert figures["tpr@0.1"].value == 0.5
    assert figures["advantage"].value == 0.5
    assert figures["tpr@0.01"] == Figure("hand", "tpr@0.01", None, None, None, False)


def test_ties_count_one_half():
    rates = np.array([0.5], dtype=np.float32)
    report = AuditReport([1, 1, 0, 0], {"a": [2, 1, 1, 0]}, max_fprs=rates)
    assert report.worst("auc") == ("a", 0.875)
    assert report.worst("tpr@0.5") == ("a", 1.0)


def test_figures_are_those_of_metrics():
    report, member, scores = random_report(confidence_level=0.9)
    frame = report.to_frame().set_index(["attack", "metric"])
    for name, values in scores.items():
        expected = {
            "auc": (
                roc_auc_score(member, values),
                metrics.roc_auc_interval(member, values, confidence_level=0.9),
            ),
            "advantage": (
                metrics.membership_advantage(member, values),
                metrics.membership_advantage_interval(
                    member, values, confidence_level=0.9
                ),
            ),
            "tpr@0.1": (
                (values[member] > np.sort(values[~member])[-21]).mean(),
                metrics.tpr_at_fpr_interval(member, values, 0.1, confidence_level=0.9),
            ),
            "tpr@0.01": (
                (values[member] > np.sort(values[~member])[-3]).mean(),
                metrics.tpr_at_fpr_interval(member, values, 0.01, confidence_level=0.9),
            ),
        }
        for metric, (value, interval) in expected.items():
            row = frame.loc[(name, metric)]
            assert row["value"] == pytest.approx(value, abs=1e-12)
            assert (row["low"], row["high"]) == tuple(interval)
            assert row["low"] <= row["value"] <= row["high"]
            assert row["resolvable"]


def test_frame_is_tidy():
    frame = random_report()[0].to_frame()
    assert list(frame.columns) == [
        "attack",
        "metric",
        "value",
        "low",
        "high",
        "chance",
        "resolvable",
        "unit",
    ]
    expected = [metrics.get_metric(name).chance for name in frame["metric"]]
    assert frame["chance"].tolist() == expected
    metric = [m.name for m in metrics.metrics_at((0.1, 0.01, 0.001))]
    assert {"auc", "advantage", "tpr@0.1", "tpr@0.01", "tpr@0.001"} <= set(metric)
    assert list(frame["metric"]) == metric * 2
    assert list(frame["attack"]) == ["weak"] * len(metric) + ["strong"] * len(metric)
    assert frame["resolvable"].dtype == bool
    assert (frame.dtypes[["value", "low", "high"]] == np.float64).all()
    missing = frame["metric"] == "tpr@0.001"
    assert frame.loc[missing, ["value", "low", "high"]].isna().all(axis=None)
    assert frame.loc[~missing, ["value", "low", "high"]].notna().all(axis=None)
    assert (frame["resolvable"] == ~missing).all()


@pytest.mark.parametrize("rate", [0.001, 0.01, 0.07, 0.1, 0.3, 1 / 3, 0.0003])
def test_resolvable_from_the_number_that_is_named(rate):
    rng = np.random.default_rng(0)

    def value(n_nonmembers):
        member = np.repeat([True, False], [20, n_nonmembers])
        report = AuditReport(
            member, {"a": rng.normal(size=member.size)}, max_fprs=[rate]
        )
        return report, report.figures[-1]

    report, figure = value(1)
    assert not figure.resolvable
    needed = re.search(r"needs ([\d,]+) non-members, has 1\b", report.summary())
    needed = int(needed.group(1).replace(",", ""))
    assert needed == np.ceil(1 / rate - 1e-6)
    assert value(needed)[1].resolvable
    if needed > 2:
        assert not value(needed - 1)[1].resolvable


def test_worst_is_the_highest_over_attacks():
    report, member, scores = random_report()
    name, value = report.worst("auc")
    assert name == "strong"
    assert value == pytest.approx(roc_auc_score(member, scores["strong"]))
    assert report.worst("advantage")[0] == "strong"


def test_worst_refuses_what_has_no_meaning():
    report = random_report()[0]
    with pytest.raises(ValueError, match=r"needs 1,000 non-members, and there are 200"):
        report.worst("tpr@0.001")
    with pytest.raises(ValueError, match=r"one of \['auc', .*'tpr@0.1', 'tpr@0.01'"):
        report.worst("tpr@0.05")
    with pytest.raises(ValueError, match="Got 'AUC' instead"):
        report.worst("AUC")


def test_summary_says_all_and_not_more():
    report, _, _ = random_report(
        estimator="Pipeline(StandardScaler, SVC)",
        accuracy=(0.987, 0.91),
        shadows={"n_shadows": 16, "train_size": 0.6},
        guards=[Guard("shared_rows", "warning", "Seven rows are in both.", 7)],
    )
    text = report.summary()
    auc = report.figures[0]
    assert "Pipeline(StandardScaler, SVC)" in text
    assert re.search(r"\n  members +300 rows, model accuracy 0.987\n", text)
    assert re.search(r"\n  non-members +200 rows, model accuracy 0.910\n", text)
    assert re.search(
        r"\n  shadows +16 models, each trained on 60 % of the rows\n", text
    )
    line = rf"\n  AUC +{auc.value:.3f} +\[{auc.low:.3f}, {auc.high:.3f}\] +0.5\n"
    assert re.search(line, text)
    tpr = next(f for f in report.figures if f.metric == "tpr@0.1")
    line = rf"TPR at 10 % FPR +{100 * tpr.value:.2f} % +\[{100 * tpr.low:.2f} %, "
    assert re.search(line, text)
    unresolved = "not resolvable (needs 1,000 non-members, has 200)"
    assert text.count(f"TPR at 0.1 % FPR    {unresolved}") == 2
    assert "Scores that were given to the report" in text
    # What makes a figure misleading comes before the first of them.
    places = ["Warnings", "Seven rows are in both.", "  members ", "\nNotes"]
    assert [text.index(what) for what in places] == sorted(map(text.index, places))
    assert "does not prove that the model is safe" in text
    assert "wrongly accusing at most x % of the non-members" in " ".join(text.split())
    assert "nan" not in text.lower()
    assert "None" not in text
    assert max(map(len, text.splitlines())) <= 80


def test_summary_without_guards():
    member = np.repeat([True, False], [200, 200])
    scores = np.random.default_rng(0).normal(size=400) + member
    text = AuditReport(member, {"a": scores}, max_fprs=[0.1]).summary()
    assert "No check that could be made found anything" in " ".join(text.split())
    assert "\nNot checked\n" in text
    assert "given no rows to look at. So not:" in " ".join(text.split())
    assert "Warnings" not in text
    assert "shadows  " not in text


def test_records_keep_the_index_and_every_score():
    index = pd.Index([f"patient-{i}" for i in range(20)], name="patient")
    labels = np.array(["ill", "well"] * 10)
    scores = [*MEMBERS, *NONMEMBERS]
    report = report_of(
        scores={"hand": scores, "back": scores[::-1]}, labels=labels, index=index
    )
    records = report.records()
    assert list(records.columns[:4]) == ["membership", "label", "hand", "back"]
    pd.testing.assert_index_equal(records.index, index)
    assert records["membership"].dtype == bool
    assert records.loc["patient-0"].tolist()[:4] == [True, "ill", 99.0, 10.0]
    assert records.loc["patient-19"].tolist()[:4] == [False, "well", 10.0, 99.0]
    assert list(report_of().records().columns[:2]) == ["membership", "hand"]


def test_records_refuse_an_ambiguous_name():
    report = report_of(scores={"membership": [*MEMBERS, *NONMEMBERS]})
    with pytest.raises(ValueError, match=r"Attacks are called \['membership'\]"):
        report.records()


def test_json_round_trip(tmp_path):
    report, _, _ = random_report(
        estimator="SVC",
        accuracy=(np.float64(0.9), 0.8),
        shadows={"n_shadows": np.int64(4), "train_size": 0.5},
        settings={"random_state": 7, "odd": float("nan"), "object": int, "t": (1, 2)},
    )
    path = tmp_path / "report.json"
    report.to_json(path)

    def refuse(constant):
        raise AssertionError(f"{constant} is no JSON")

    read = json.loads(path.read_text(encoding="utf-8"), parse_constant=refuse)
    assert read == report.to_dict()
    assert read["schema_version"] == 2
    assert read["estimator"] == "SVC"
    counts = {"members": 300, "nonmembers": 200, "models": 1}
    counts |= {"member_persons": None, "nonmember_persons": None}
    assert read["counts"] == counts
    assert read["accuracy"] == {"members": 0.9, "nonmembers": 0.8}
    assert read["shadows"] == {"n_shadows": 4, "train_size": 0.5}
    assert read["settings"] == {
        "random_state": 7,
        "odd": None,
        "object": "<class 'int'>",
        "t": [1, 2],
    }
    known = {"skmia", "scikit-learn", "numpy", "scipy", "joblib", "python"}
    assert set(read["versions"]) == known
    assert read["versions"]["numpy"] == np.__version__
    figures = [dict(figure) for figure in read["figures"]]
    chances = [figure.pop("chance") for figure in figures]
    assert tuple(Figure(**figure) for figure in figures) == report.figures
    assert chances == [figure.chance for figure in report.figures]
    unresolved = {
        "attack": "weak",
        "metric": "tpr@0.001",
        "value": None,
        "low": None,
        "high": None,
        "chance": 0.001,
        "resolvable": False,
        "unit": "row",
    }
    assert unresolved in read["figures"]
    guards = [dict(guard) for guard in read["guards"]]
    assert {guard.pop("voids") for guard in guards} == {False}
    titles = [guard.pop("title") for guard in guards]
    assert "too few non-members for a figure" in titles
    assert tuple(Guard(**guard) for guard in guards) == report.guards
    assert "unresolvable_fpr" in {guard.name for guard in report.guards}


def test_json_is_written_whole_or_not_at_all(tmp_path, monkeypatch):
    report = report_of()
    with pytest.raises(FileNotFoundError):
        report.to_json(tmp_path / "missing" / "report.json")
    assert list(tmp_path.iterdir()) == []

    path = tmp_path / "report.json"
    path.write_text("older")

    def fail(*args):
        raise OSError("disk full")

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", fail)
        with pytest.raises(OSError, match="disk full"):
            report.to_json(path)
    assert path.read_text() == "older"
    assert list(tmp_path.iterdir()) == [path]

    report.to_json(os.fspath(path))
    assert json.loads(path.read_text())["counts"]["members"] == 10
    assert list(tmp_path.iterdir()) == [path]


def test_tables_without_pandas_say_what_to_install(monkeypatch):
    report = report_of()
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ImportError, match="to_frame needs pandas"):
        report.to_frame()
    with pytest.raises(ImportError, match="records needs pandas"):
        report.records()
    assert "AUC" in report.summary()
    assert report.to_dict()["figures"]


def test_arguments_are_not_modified():
    member = SIDES.copy()
    scores = {"hand": np.array([*MEMBERS, *NONMEMBERS], dtype=float)}
    report = AuditReport(member, scores, max_fprs=[0.1])
    records = report.records()
    records.loc[:, "hand"] = 0.0
    records.loc[:, "membership"] = True
    assert (member == SIDES).all()
    assert scores["hand"].tolist() == [*MEMBERS, *NONMEMBERS]
    # Nor does the report change with what it was made from.
    scores["hand"][:] = 0
    member[:] = True
    assert report.records()["hand"].tolist() == [*MEMBERS, *NONMEMBERS]
    assert report.records()["membership"].tolist() == SIDES.tolist()


def test_repr_shows_no_record():
    assert repr(report_of(estimator="SVC")) == (
        "AuditReport(SVC, n_members=10, n_nonmembers=10, worst AUC 0.700 (hand))"
    )


@pytest.mark.parametrize(
    ("kwargs", "error", "message"),
    [
        ({"scores": {}}, ValueError, "The 'scores' parameter must be a dict"),
        ({"scores": {"a": [1, 2]}}, ValueError, "Attack 'a' must give one score per"),
        (
            {"scores": {"a": [np.nan, np.inf, *range(18)]}},
            ValueError,
            "Attack 'a' gave 2 of 20 records a score that is not finite",
        ),
        ({"labels": [1]}, ValueError, "The 'labels' parameter must have one entry"),
        ({"index": [1, 2]}, ValueError, "The 'index' parameter must have one entry"),
        ({"max_fprs": 0.1}, TypeError, "'max_fprs' parameter must be a sequence"),
        ({"max_fprs": "0.1"}, TypeError, "'max_fprs' parameter must be a sequence"),
        ({"max_fprs": (0.1, 0.0)}, ValueError, r"'max_fprs' .* in \(0, 1\). Got 0.0"),
        ({"max_fprs": (1,)}, ValueError, r"'max_fprs' .* in \(0, 1\). Got 1 "),
        ({"max_fprs": ("a",)}, TypeError, "Got 'a' instead"),
        ({"confidence_level": 95}, ValueError, "'confidence_level' .* Got 95 instead"),
    ],
)
def test_errors(kwargs, error, message):
    with pytest.raises(error, match=message):
        report_of(**kwargs)


@pytest.mark.parametrize("side", [0, 1])
def test_one_side_only(side):
    with pytest.raises(ValueError, match="at least one member and one non-member"):
        AuditReport(np.full(5, side), {"a": np.arange(5)})


def test_max_fprs_are_sorted_without_repeats():
    report = report_of(max_fprs=[0.1, 0.5, np.float64(0.1)])
    assert report.max_fprs == (0.5, 0.1)
    assert report.metrics == tuple(m.name for m in metrics.metrics_at((0.5, 0.1)))


def test_names_and_scores_that_would_be_changed():
    member = [True] * 3 + [False] * 3
    with pytest.raises(TypeError, match="must be str, the names of attacks"):
        AuditReport(member, {1: range(6), "1": range(6)})
    with pytest.raises(ValueError, match="complex scores"):
        AuditReport(member, {"a": np.arange(6) * 1j})
    with pytest.raises(ValueError, match="masked scores"):
        AuditReport(member, {"a": np.ma.masked_less(np.arange(6.0), 2)})
