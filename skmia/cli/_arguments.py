"""Options that several commands have, each with its help."""

from pathlib import Path
from typing import Annotated

import typer

from skmia.cli._contained import MEMORY_SHARE

#: Where none is given.
MAX_FPRS = ("0.1", "0.01", "0.001")

Jobs = Annotated[
    int, typer.Option(help="Shadow models fitted at a time; -1 for all cores.")
]
Seed = Annotated[int, typer.Option(help="The same seed, the same report.")]
MaxFpr = Annotated[
    list[str] | None,
    typer.Option(
        metavar="FPR,...",
        help="False positive rates, as fractions, at which the true positive rate is "
        f"read: {','.join(MAX_FPRS)} where none is given. Repeatable.",
    ),
]

# What is written.
Html = Annotated[
    Path | None,
    typer.Option(metavar="PATH", help="Write the report as one HTML file."),
]
Json = Annotated[
    Path | None,
    typer.Option(
        metavar="PATH",
        help="Write the report as JSON, which 'skmia report' reads again.",
    ),
]
Records = Annotated[
    Path | None,
    typer.Option(
        metavar="PATH",
        help="Write a row for each record to this .csv or .parquet: whether it was a "
        "member, and its scores. The list is personal data itself.",
    ),
]

# What is decided.
PolicyName = Annotated[
    str | None,
    typer.Option(
        "--policy",
        metavar="PATH|NAME",
        help="A policy: a .toml, or one of sacro, leakpro and owasp_aisvs. Exit with "
        "status 1 unless it says to release.",
    ),
]
FailAbove = Annotated[
    list[str] | None,
    typer.Option(
        metavar="METRIC=LIMIT",
        help="A policy of this limit: exit with status 1 if the worst attack may read "
        "more. auc=0.6, advantage=0.2 or tpr@0.01=0.05 (the FPR as a fraction). "
        "Repeatable.",
    ),
]
Compare = Annotated[
    str | None,
    typer.Option(
        metavar="upper|value",
        help="What --fail-above compares: the upper end of the figure's interval "
        "(default), or the figure itself, which chance takes below a limit.",
    ),
]

# How tables are read.
Drop = Annotated[
    list[str] | None,
    typer.Option(metavar="COLUMN", help="Leave a column out. Repeatable."),
]
By = Annotated[
    list[str] | None,
    typer.Option(
        metavar="COLUMN",
        help="Show the figures for each group of records that this column makes, a "
        "feature or one that --drop leaves out. Repeatable.",
    ),
]
GroupColumn = Annotated[
    str | None,
    typer.Option(
        metavar="COLUMN",
        help="The person, patient or customer that each row belongs to, where some "
        "have several rows. The column is no feature.",
    ),
]
Sep = Annotated[
    str,
    typer.Option(
        metavar="CHAR",
        help="What stands between the fields of a .csv, such as ';', or 'tab'.",
    ),
]
Encoding = Annotated[
    str, typer.Option(metavar="NAME", help="The encoding of a .csv, such as latin-1.")
]
Text = Annotated[
    list[str] | None,
    typer.Option(
        metavar="COLUMN",
        help="Keep a column of a .csv as it is written: '007' stays '007', 'NA' is no "
        "missing value. Repeatable.",
    ),
]
Missing = Annotated[
    list[str] | None,
    typer.Option(
        metavar="FIELD",
        help="Another field of a .csv that stands for a missing value, such as '?'. "
        "Repeatable.",
    ),
]

# What the work may take.
MemoryLimit = Annotated[
    float | None,
    typer.Option(
        metavar="GB",
        help="What a process of the audit may take; by default "
        f"{MEMORY_SHARE:.0%} of the machine's memory.",
    ),
]
TimeLimit = Annotated[
    float, typer.Option(metavar="SECONDS", help="What the audit may take.")
]
