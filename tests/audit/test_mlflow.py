"""A report in a run of the real MLflow, in a folder of its own."""

import json

import numpy as np
import pytest

from skmia.audit import AuditReport, Guard, log_to_mlflow

mlflow = pytest.importorskip("mlflow", reason="mlflow is not installed")


@pytest.fixture
def run(tmp_path, monkeypatch):
    # Files are enough here; a data base takes seconds to be made.
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    mlflow.set_tracking_uri((tmp_path / "runs").as_uri())
    yield tmp_path
    while mlflow.active_run():
        mlflow.end_run()


def _report(names=("loss",), **params):
    rng = np.random.default_rng(0)
    member = np.arange(2000) < 1000
    scores = rng.normal(size=2000) + member
    return AuditReport(member, dict.fromkeys(names, scores), **params)


def _log(report, **params):
    with mlflow.start_run() as active:
        log_to_mlflow(report, **params)
    return mlflow.get_run(active.info.run_id).data, active.info.run_id


def test_every_figure_and_the_verdict(run):
    report = _report()
    data, run_id = _log(report)
    for figure in report.figures:
        name = figure.metric.replace("@", "_at_fpr_")
        assert data.metrics[f"skmia/loss/{name}"] == figure.value
        assert data.metrics[f"skmia/loss/{name}_high"] == figure.high
    strongest = report.strongest("auc")
    assert data.metrics["skmia/strongest/auc_low"] == strongest.low
    assert data.tags["skmia/verdict"] == "leaks"
    path = mlflow.artifacts.download_artifacts(
        run_id=run_id, artifact_path="skmia/report.json"
    )
    with open(path) as file:
        assert json.load(file) == report.to_dict()
    names = {f.path for f in mlflow.MlflowClient().list_artifacts(run_id, "skmia")}
    assert names == {f"skmia/report.{kind}" for kind in ("txt", "json", "html")}


def test_figures_that_are_no_measure_are_no_metrics(run):
    void = Guard("unmoved_shadows", "warning", "The shadows answer alike.")
    data, _ = _log(_report(guards=[void]), prefix="audit")
    assert set(data.metrics) == {"audit/n_warnings"}
    assert data.tags["audit/verdict"] == "void"
    assert "unmoved_shadows" in data.tags["audit/warnings"]


def test_figures_below_chance_are_no_metrics(run):
    member = np.arange(2000) < 1000
    scores = np.random.default_rng(0).normal(size=2000) - member
    data, _ = _log(AuditReport(member, {"loss": scores}))
    assert data.tags["skmia/verdict"] == "below_chance"
    assert set(data.metrics) == {"skmia/n_warnings"}


def test_persons_and_names_that_mlflow_does_not_take(run):
    data, _ = _log(_report(["my (own) ättack"], groups=np.arange(2000) // 2))
    assert "skmia/my _own_ _ttack/auc" in data.metrics
    assert "skmia/my _own_ _ttack/auc_per_person" in data.metrics


@pytest.mark.parametrize("names", [("a(b", "a)b"), ("strongest",)])
def test_names_that_would_be_one(run, names):
    with pytest.raises(ValueError, match="would be called"), mlflow.start_run():
        log_to_mlflow(_report(names))


def test_figures_too_few_non_members_for_are_left_out(run):
    report = AuditReport([True] * 20 + [False] * 20, {"loss": [*range(40)][::-1]})
    data, _ = _log(report)
    assert "skmia/loss/auc" in data.metrics
    assert not [name for name in data.metrics if "tpr_at_fpr_0.001" in name]


def test_another_report():
    with pytest.raises(TypeError, match="'report' parameter must be an AuditReport"):
        log_to_mlflow({})
