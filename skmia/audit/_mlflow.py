"""A report in a run of MLflow."""

import re
import tempfile
from pathlib import Path
from typing import Any

from skmia.audit._report import AuditReport
from skmia.utils import import_optional


def log_to_mlflow(report: AuditReport, *, prefix: str = "skmia") -> None:
    """Log the figures and the forms of a report to the active run of MLflow.

    A metric for each resolvable figure of each attack, with the ends of its interval,
    and for the strongest; the verdict as a tag; the report as text, JSON and HTML. Of a
    report whose figures are no measure of the model, or worse than guessing, none is
    logged as a metric: in a chart they look safe, and it has no room for the reason.
    MLflow starts a run where none is active.

    Parameters
    ----------
    report : AuditReport
        What to log. No record is.
    prefix : str, default="skmia"
        Begins the name of each metric and tag, such as ``"skmia/lira/auc"`` and
        ``"skmia/strongest/tpr_at_fpr_0.01_high"``; the folder of the files.

    Raises
    ------
    TypeError
        If `report` is no report.
    ValueError
        If two attacks would be called the same: MLflow takes letters, digits and a
        few marks in names, and the others are replaced.
    ImportError
        If MLflow is not installed.

    See Also
    --------
    AuditReport.to_json : The file that is logged.

    Examples
    --------
    >>> from skmia.audit import AuditReport, log_to_mlflow
    >>> report = AuditReport([True] * 20 + [False] * 20, {"loss": [*range(40)]})
    >>> import mlflow  # doctest: +SKIP
    >>> with mlflow.start_run():  # doctest: +SKIP
    ...     log_to_mlflow(report)
    """
    if not isinstance(report, AuditReport):
        raise TypeError(
            "The 'report' parameter must be an AuditReport. "
            f"Got {type(report).__name__} instead."
        )
    mlflow = import_optional("mlflow", "log_to_mlflow")
    contents = report.to_dict()
    verdict = contents["verdict"]
    warnings = [g["name"] for g in contents["guards"] if g["severity"] == "warning"]
    metrics = {f"{prefix}/n_warnings": float(len(warnings))}
    if verdict["kind"] not in ("void", "below_chance"):
        metrics |= _metrics(contents, prefix)
    tags = {
        f"{prefix}/verdict": verdict["kind"],
        f"{prefix}/verdict_text": verdict["sentences"][0],
        f"{prefix}/warnings": ", ".join(warnings),
    }
    # All forms are there before the first is logged.
    with tempfile.TemporaryDirectory() as folder:
        files = Path(folder)
        (files / "report.txt").write_text(f"{report.summary()}\n", encoding="utf-8")
        report.to_json(files / "report.json")
        report.to_html(files / "report.html")
        mlflow.log_metrics(metrics)
        mlflow.set_tags(tags)
        mlflow.log_artifacts(folder, artifact_path=prefix)


def _metrics(contents: dict[str, Any], prefix: str) -> dict[str, float]:
    """Every end of every figure, by a name that MLflow takes."""
    by_name: dict[str, str] = {}
    metrics = {}
    for where in ("figures", "strongest"):
        for figure in contents[where]:
            attack = "strongest" if where == "strongest" else figure["attack"]
            name = re.sub(r"[^\w. :-]", "_", attack, flags=re.ASCII)
            if by_name.setdefault(name, attack) != attack or (
                where == "figures" and name == "strongest"
            ):
                raise ValueError(
                    f"The attack {attack!r} would be called {name!r} in MLflow, as "
                    "another is. Give the attacks names that differ in letters and "
                    "digits, other than 'strongest'."
                )
            per = "_per_person" * (figure["unit"] == "person" and where == "figures")
            metric = figure["metric"].replace("@", "_at_fpr_") + per
            for end in ("value", "low", "high"):
                if figure["resolvable"]:
                    key = f"{prefix}/{name}/{metric}" + f"_{end}" * (end != "value")
                    metrics[key] = float(figure[end])
    return metrics
