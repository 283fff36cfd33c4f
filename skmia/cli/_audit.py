"""The command ``skmia audit``: a model file and two tables become a report."""

import sys
from pathlib import Path
from typing import Annotated

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
    Jobs,
    Json,
    MaxFpr,
    MemoryLimit,
    Missing,
    PolicyName,
    Records,
    Seed,
    Sep,
    Text,
    TimeLimit,
)
from skmia.cli._contained import TIME_LIMIT
from skmia.cli._limits import begin
from skmia.cli._messages import boundary


def audit(
    context: typer.Context,
    model: Annotated[
        Path, typer.Argument(help="A fitted classifier: .skops, .joblib or .pkl.")
    ],
    members: Annotated[
        Path,
        typer.Option(help="The rows it was trained on: .csv, .csv.gz or .parquet."),
    ],
    nonmembers: Annotated[
        Path, typer.Option(help="Rows of the same source it was not trained on.")
    ],
    target: Annotated[str, typer.Option(help="The column of labels.")],
    attacks: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME,...",
            help="The attacks, such as loss,lira; 'all' for every one, 'default' for "
            "the strongest. Repeatable.",
        ),
    ] = None,
    max_fpr: MaxFpr = None,
    shadows: Annotated[
        str,
        typer.Option(
            metavar="NUMBER",
            help="Number of shadow models; 'auto' adds them until further ones would "
            "add little to the figures, or there are --max-shadows of them.",
        ),
    ] = "16",
    max_shadows: Annotated[
        int | None,
        typer.Option(
            metavar="NUMBER",
            help="Most shadow models of --shadows auto, 8 at least; 64 if not given.",
        ),
    ] = None,
    shadow_precision: Annotated[
        float | None,
        typer.Option(
            metavar="RISE",
            help="How much a figure may still rise with further shadow models, such as "
            "0.01, where --shadows auto stops; if not given, half the width of its "
            "interval or a twentieth of what attacks find, whichever is more.",
        ),
    ] = None,
    refit_search: Annotated[
        bool,
        typer.Option(
            "--refit-search",
            help="Let each shadow of a search, such as GridSearchCV, search for "
            "itself; by default they are copies of what the search chose.",
        ),
    ] = False,
    counterfactual: Annotated[
        bool,
        typer.Option(
            help="Work out what shadow models would have answered on the other side "
            "of each record, where that follows from the fitted model.",
        ),
    ] = True,
    jobs: Jobs = 1,
    seed: Seed = 0,
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
    text: Text = None,
    missing: Missing = None,
    trust: Annotated[
        list[str] | None,
        typer.Option(
            metavar="TYPE",
            help="Admit a type of your own in a .skops file, by its full name. "
            "Repeatable.",
        ),
    ] = None,
    trust_pickle: Annotated[
        bool,
        typer.Option(
            "--trust-pickle",
            help="Load a .joblib or .pkl file, which runs whatever code is in it.",
        ),
    ] = False,
    cache_dir: Annotated[
        str | None,
        typer.Option(
            metavar="FOLDER",
            help="Keep finished shadows here, a folder or a URL such as "
            "s3://bucket/folder; an audit that was stopped goes on where it was.",
        ),
    ] = None,
    memory_limit: MemoryLimit = None,
    time_limit: TimeLimit = TIME_LIMIT,
) -> None:
    """Attack a fitted classifier and report what its predictions leak.

    The columns have to be those the model was fitted on, and the target. The fields of
    a .csv are read as pandas reads them by itself, for both files together: what looks
    like a number is one, and "", "NA", "None" and the like are missing.
    """
    begin(context, memory_limit, time_limit)
    with boundary():
        from skmia.audit import audit_classifier
        from skmia.cli._fields import Dialect
        from skmia.cli._finish import finish
        from skmia.cli._gate import check_can_be_kept, level_of, make_policy, rates_of
        from skmia.cli._model_errors import shadows_at_fault
        from skmia.cli._model_files import load_model
        from skmia.cli._model_inputs import check_answers, match_model
        from skmia.cli._options import parse_attacks, parse_max_fprs, parse_shadows
        from skmia.cli._outputs import Outputs
        from skmia.cli._sides import read_sides
        from skmia.shadows import ShadowModels

        gate, policy_files = make_policy(policy, fail_above or (), compare)
        names = parse_attacks(attacks or ["default"])
        how_many = parse_shadows(shadows, max_shadows, shadow_precision)
        max_fprs = parse_max_fprs(max_fpr or MAX_FPRS)
        inputs = [model, members, nonmembers, *policy_files]
        outputs = Outputs(inputs, html, json, records)
        classifier = load_model(model, trusted=trust or (), trust_pickle=trust_pickle)
        sides = read_sides(
            members,
            nonmembers,
            target=target,
            group_column=group_column,
            by=by or (),
            drop=drop or (),
            text=text or (),
            missing=missing or (),
            dialect=Dialect(sep, encoding),
        )
        rows = match_model(classifier, sides.tables, target, (members, nonmembers))
        if hasattr(classifier, "predict"):
            check_answers(classifier, rows[::2])
        # Before the shadows are fitted; rows in both tables are left out later.
        check_can_be_kept(gate, sides.n_nonmembers)
        with shadows_at_fault():
            report = audit_classifier(
                classifier,
                *rows,
                attacks=names,
                max_fprs=sorted({*max_fprs, *rates_of(gate)}, reverse=True),
                confidence_level=level_of(gate),
                shadows=ShadowModels(
                    **how_many,
                    refit_search=refit_search,
                    counterfactual="auto" if counterfactual else False,
                    cache_dir=cache_dir,
                ),
                groups=sides.groups,
                n_jobs=jobs,
                random_state=seed,
                verbose=int(sys.stderr.isatty()),
            )
        status = finish(report, gate, outputs, sides.by)
    raise typer.Exit(status)
