"""The command ``skmia audit-scores``: answers of a model that lives elsewhere."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from skmia.cli._arguments import (
    MAX_FPRS,
    By,
    Compare,
    Drop,
    Encoding,
    FailAbove,
    GroupColumn,
    Html,
    Json,
    MaxFpr,
    MemoryLimit,
    PolicyName,
    Records,
    Sep,
    TimeLimit,
)
from skmia.cli._contained import TIME_LIMIT
from skmia.cli._limits import begin
from skmia.cli._messages import boundary

if TYPE_CHECKING:
    from skmia.audit import AuditReport
    from skmia.cli._sides import Sides


def audit_scores(
    context: typer.Context,
    members: Annotated[
        Path,
        typer.Argument(help="Rows the model was trained on: .csv, .csv.gz, .parquet."),
    ],
    nonmembers: Annotated[
        Path, typer.Argument(help="Rows of the same source it was not trained on.")
    ],
    target: Annotated[
        str | None,
        typer.Option(
            metavar="COLUMN",
            help="The column of labels. Then the other columns are probabilities, "
            "called as the classes; without it they are membership scores.",
        ),
    ] = None,
    max_fpr: MaxFpr = None,
    html: Html = None,
    json: Json = None,
    records: Records = None,
    policy: PolicyName = None,
    fail_above: FailAbove = None,
    compare: Compare = None,
    by: By = None,
    group_column: GroupColumn = None,
    drop: Drop = None,
    sep: Sep = ",",
    encoding: Encoding = "utf-8",
    memory_limit: MemoryLimit = None,
    time_limit: TimeLimit = TIME_LIMIT,
) -> None:
    """Report on what a model elsewhere has said of members and of non-members.

    With --target: a probability for each class, whose column is called as the class,
    and the label. Without: a column of scores for each attack that was run elsewhere,
    the higher the more likely a member; --drop leaves out what is none.
    """
    begin(context, memory_limit, time_limit)
    with boundary():
        from skmia.cli._fields import Dialect
        from skmia.cli._finish import finish
        from skmia.cli._gate import check_can_be_kept, level_of, make_policy, rates_of
        from skmia.cli._options import parse_max_fprs
        from skmia.cli._outputs import Outputs
        from skmia.cli._sides import read_sides

        gate, policy_files = make_policy(policy, fail_above or (), compare)
        max_fprs = parse_max_fprs(max_fpr or MAX_FPRS)
        outputs = Outputs([members, nonmembers, *policy_files], html, json, records)
        sides = read_sides(
            members,
            nonmembers,
            target=target,
            group_column=group_column,
            by=by or (),
            # They are no answers of the model.
            drop=[*(drop or ()), *(name for name in by or () if name != target)],
            dialect=Dialect(sep, encoding),
        )
        check_can_be_kept(gate, sides.n_nonmembers)
        rates = sorted({*max_fprs, *rates_of(gate)}, reverse=True)
        if target is None:
            report = _of_scores(sides, rates, level_of(gate))
            status = finish(report, gate, outputs, _one_table(sides))
        else:
            sources = (members, nonmembers)
            report = _of_probabilities(sides, target, sources, rates, level_of(gate))
            status = finish(report, gate, outputs, sides.by)
    raise typer.Exit(status)


def _of_probabilities(
    sides: "Sides",
    target: str,
    sources: tuple[Path, Path],
    max_fprs: list[float],
    level: float,
) -> "AuditReport":
    from skmia.audit import audit_predictions
    from skmia.cli._model_inputs import match_labels

    columns = _numbers(sides, {target}, "a probability of the class of its name")
    answers: list[Any] = []
    for table, source in zip(sides.tables, sources, strict=True):
        answers += [table[columns], match_labels(table[target], columns, str(source))]
    return audit_predictions(
        *answers,
        classes=columns,
        groups=sides.groups,
        max_fprs=max_fprs,
        confidence_level=level,
    )


def _of_scores(sides: "Sides", max_fprs: list[float], level: float) -> "AuditReport":
    import numpy as np
    import pandas as pd

    from skmia.audit import AuditReport
    from skmia.utils import check_different_sides

    columns = _numbers(sides, set(), "scores of an attack")
    check_different_sides(
        [table[columns].to_numpy(dtype=np.float64) for table in sides.tables], "scores"
    )
    whole = pd.concat(sides.tables, ignore_index=True)
    n_members = len(sides.tables[0])
    return AuditReport(
        np.arange(len(whole)) < n_members,
        {name: whole[name] for name in columns},
        groups=None if sides.groups is None else pd.concat(sides.groups),
        max_fprs=max_fprs,
        confidence_level=level,
        estimator="scores",
    )


def _one_table(sides: "Sides") -> Any:
    import pandas as pd

    return None if sides.by is None else pd.concat(sides.by, ignore_index=True)


def _numbers(sides: "Sides", but: set[str], what: str) -> list[str]:
    columns = [name for name in sides.tables[0].columns if name not in but]
    if not columns:
        raise ValueError("the tables have no column of answers")
    for name in columns:
        if any(table[name].dtype.kind not in "iuf" for table in sides.tables):
            raise ValueError(
                f"column {name!r} must hold numbers, {what}; leave it out with --drop "
                f"{name!r} if it is none"
            )
    return columns
