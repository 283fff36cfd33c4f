"""The command line: ``skmia audit`` and ``skmia demo``.

Exit status: 0 done, 1 a limit of ``--fail-above`` is exceeded, 2 wrong input (one line
on standard error), 3 an unforeseen failure (with its traceback), 130 interrupted.
"""

import importlib
import importlib.util
import math
import sys
import tempfile
import traceback
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import skmia
from skmia.cli._contained import (
    MEMORY_SHARE,
    TIME_LIMIT,
    follow_parent,
    limit_resources,
    run_contained,
)
from skmia.cli._messages import (
    EXIT_INPUT,
    EXIT_INTERRUPTED,
    PACKAGES,
    boundary,
    install_hint,
    one_line,
    printable,
    say,
)

if TYPE_CHECKING:
    import typer

EXIT_LIMIT, EXIT_FAILURE = 1, 3

_MAX_FPRS = (0.1, 0.01, 0.001)

# What is done before an audit, with its limits on memory and time. A status that it
# returns stands for the audit.
Prepare = Callable[[float | None, float], int | None]


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line, with audits in a process of their own.

    Parameters
    ----------
    argv : sequence of str, default=None
        The arguments; those of the process where it is None.

    Returns
    -------
    int
        The exit status.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    start = partial(run_contained, "skmia.cli.run_child()", arguments)
    return run(arguments, prepare=lambda memory, seconds: start(seconds))


def run_child() -> int:
    """Run the command line as the process that an audit has of its own."""
    follow_parent()

    def prepare(memory: float | None, seconds: float) -> None:
        # Before the bound is set, since they take memory of their own.
        for name in ("skmia.audit", *PACKAGES[1:], "skops.io", "pyarrow.parquet"):
            importlib.import_module(name)
        limit_resources(memory, seconds)

    return run(sys.argv[1:], prepare=prepare)


def run(argv: Sequence[str], *, prepare: Prepare | None = None) -> int:
    """Run the command line in this process.

    Parameters
    ----------
    argv : sequence of str
        The arguments.
    prepare : callable, default=None
        What to do before an audit, with its limits on memory and time. A status that
        it returns stands for the audit.

    Returns
    -------
    int
        The exit status.
    """
    lacking = [name for name in PACKAGES if importlib.util.find_spec(name) is None]
    if lacking:
        say("error", install_hint(lacking))
        return EXIT_INPUT
    import typer

    # A terminal that cannot show a character of a report must not cost the report.
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="replace")
    # Its own class is not public in every release.
    usage_error: Any = typer.BadParameter.__mro__[2]
    try:
        status = make_app(prepare)(
            list(argv),
            prog_name="skmia",
            standalone_mode=False,
        )
    except usage_error as error:
        message = one_line(error.format_message()).rstrip(".")
        say("error", f"{message} (see 'skmia --help')")
        return EXIT_INPUT
    except (KeyboardInterrupt, typer.Abort):
        say("error", "interrupted")
        return EXIT_INTERRUPTED
    except Exception:
        traceback.print_exc()
        return EXIT_FAILURE
    return status if isinstance(status, int) else 0


def make_app(prepare: Prepare | None = None) -> "typer.Typer":
    """Build the typer application; here, since typer is an optional package."""
    import typer

    app = typer.Typer(
        help="Membership inference audits of scikit-learn classifiers.",
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )

    def show_version(value: bool) -> None:
        if value:
            print(f"skmia {skmia.__version__}")
            raise typer.Exit()

    @app.callback()
    def root(
        version: Annotated[
            bool,
            typer.Option(
                "--version",
                help="Show the version and exit.",
                callback=show_version,
                is_eager=True,
            ),
        ] = False,
    ) -> None:
        pass

    Jobs = Annotated[
        int, typer.Option(help="Shadow models fitted at a time; -1 for all cores.")
    ]
    Seed = Annotated[int, typer.Option(help="The same seed, the same report.")]

    @app.command()
    def audit(
        model: Annotated[
            Path, typer.Argument(help="A fitted classifier: .skops, .joblib or .pkl.")
        ],
        members: Annotated[
            Path, typer.Option(help="The rows it was trained on: .csv or .parquet.")
        ],
        nonmembers: Annotated[
            Path, typer.Option(help="Rows of the same source it was not trained on.")
        ],
        target: Annotated[str, typer.Option(help="The column of labels.")],
        attacks: Annotated[
            list[str] | None,
            typer.Option(
                metavar="NAME,...",
                help="The attacks, such as loss,lira; 'all' for every one, 'default' "
                "for the strongest. Repeatable.",
            ),
        ] = None,
        max_fpr: Annotated[
            list[float] | None,
            typer.Option(
                metavar="FPR",
                help="A false positive rate, as a fraction, at which the true positive "
                f"rate is read: {', '.join(map(str, _MAX_FPRS))} where none is given. "
                "Repeatable.",
            ),
        ] = None,
        shadows: Annotated[int, typer.Option(help="Number of shadow models.")] = 16,
        refit_search: Annotated[
            bool,
            typer.Option(
                "--refit-search",
                help="Let each shadow of a search, such as GridSearchCV, search for "
                "itself; by default they are copies of what the search chose.",
            ),
        ] = False,
        jobs: Jobs = 1,
        seed: Seed = 0,
        json: Annotated[
            Path | None, typer.Option(help="Write the report to this file.")
        ] = None,
        fail_above: Annotated[
            list[str] | None,
            typer.Option(
                metavar="METRIC=LIMIT",
                help="Exit with status 1 if the worst attack may read more: auc=0.6, "
                "advantage=0.2 or tpr@0.01=0.05 (the FPR as a fraction). Repeatable.",
            ),
        ] = None,
        compare: Annotated[
            str,
            typer.Option(
                metavar="upper|value",
                help="What --fail-above compares: the upper end of the figure's "
                "interval, or the figure itself, which chance takes below a limit.",
            ),
        ] = "upper",
        drop: Annotated[
            list[str] | None,
            typer.Option(metavar="COLUMN", help="Leave a column out. Repeatable."),
        ] = None,
        group_column: Annotated[
            str | None,
            typer.Option(
                metavar="COLUMN",
                help="The person, patient or customer that each row belongs to, where "
                "some have several rows. The column is no feature.",
            ),
        ] = None,
        text: Annotated[
            list[str] | None,
            typer.Option(
                metavar="COLUMN",
                help="Keep a column of a .csv as it is written: '007' stays '007', "
                "'NA' is no missing value. Repeatable.",
            ),
        ] = None,
        missing: Annotated[
            list[str] | None,
            typer.Option(
                metavar="FIELD",
                help="Another field of a .csv that stands for a missing value, such "
                "as '?'. Repeatable.",
            ),
        ] = None,
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
            Path | None,
            typer.Option(
                help="Keep finished shadows here; an audit that was stopped "
                "goes on where it was."
            ),
        ] = None,
        memory_limit: Annotated[
            float | None,
            typer.Option(
                metavar="GB",
                help="What a process of the audit may take; by default "
                f"{MEMORY_SHARE:.0%} of the machine's memory.",
            ),
        ] = None,
        time_limit: Annotated[
            float,
            typer.Option(metavar="SECONDS", help="What the audit may take."),
        ] = TIME_LIMIT,
    ) -> None:
        """Attack a fitted classifier and report what its predictions leak.

        The columns have to be those the model was fitted on, and the target. The
        fields of a .csv are read as pandas reads them by itself, for both files
        together: what looks like a number is one, and "", "NA", "None" and the like are
        missing.
        """
        with boundary():
            _check_positive("--memory-limit", memory_limit)
            _check_positive("--time-limit", time_limit)
            status = None if prepare is None else prepare(memory_limit, time_limit)
        if status is not None:
            raise typer.Exit(status)
        with boundary():
            from skmia.audit import audit_classifier
            from skmia.cli._csv import read_tables
            from skmia.cli._limits import exceeds, parse_limits
            from skmia.cli._model_errors import shadows_at_fault
            from skmia.cli._model_files import load_model
            from skmia.cli._model_inputs import check_answers, match_model
            from skmia.cli._options import parse_attacks, parse_max_fprs
            from skmia.shadows import ShadowModels
            from skmia.utils import check_option

            limits = parse_limits(fail_above or ())
            check_option(compare, "--compare", ("upper", "value"))
            names = parse_attacks(attacks or ["default"])
            max_fprs = parse_max_fprs(max_fpr or _MAX_FPRS)
            if json is not None:
                _check_output(json, (model, members, nonmembers))
            classifier = load_model(
                model, trusted=trust or (), trust_pickle=trust_pickle
            )
            tables = read_tables(
                members,
                nonmembers,
                target=target,
                group=group_column,
                drop=drop or (),
                text=text or (),
                missing=missing or (),
            )
            groups = None
            if group_column is not None:
                groups = tables[0].pop(group_column), tables[1].pop(group_column)
            sides = match_model(classifier, tables, target, (members, nonmembers))
            if hasattr(classifier, "predict"):
                check_answers(classifier, sides[::2])
            for metric, _ in limits:
                # Before the shadows are fitted; rows in both tables are left out later.
                metric.check_resolvable(len(tables[1]))
                if groups is not None:
                    metric.check_resolvable(groups[1].nunique(), "non-member persons")
            rates = {metric.max_fpr for metric, _ in limits if metric.max_fpr}
            with shadows_at_fault():
                report = audit_classifier(
                    classifier,
                    *sides,
                    attacks=names,
                    max_fprs=sorted({*max_fprs, *rates}, reverse=True),
                    shadows=ShadowModels(
                        shadows, refit_search=refit_search, cache_dir=cache_dir
                    ),
                    groups=groups,
                    n_jobs=jobs,
                    random_state=seed,
                    verbose=_verbosity(),
                )
            # Whatever becomes of one of the two, the other is not lost.
            try:
                if json is not None:
                    report.to_json(json)
            finally:
                print("\n".join(map(printable, report.summary().splitlines())))
            status = EXIT_LIMIT if exceeds(report, limits, compare) else 0
        raise typer.Exit(status)

    @app.command()
    def demo(jobs: Jobs = 2, seed: Seed = 0) -> None:
        """Audit an over-fitted and a regularised forest, side by side."""
        from skmia.cli._demo import run_demo

        with boundary():
            print(run_demo(n_jobs=jobs, random_state=seed, verbose=_verbosity()))

    return app


def _check_positive(option: str, value: float | None) -> None:
    if value is not None and not 0 < value < math.inf:
        raise ValueError(f"{option} must be a number above 0. Got {value} instead.")


def _check_output(path: Path, inputs: Sequence[Path]) -> None:
    """Raise now if the report could not be written at the end."""
    if path.exists() and not path.is_file():
        raise ValueError(f"--json {path} is not a regular file")
    if any(path.exists() and i.exists() and path.samefile(i) for i in inputs):
        raise ValueError(f"--json {path} would overwrite an input file")
    if not path.parent.is_dir():
        raise ValueError(f"--json {path}: there is no folder {path.parent}")
    try:
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".skmia."):
            pass
    except OSError as error:
        raise ValueError(
            f"--json {path} cannot be written: {error.strerror}"
        ) from error


def _verbosity() -> int:
    return int(sys.stderr.isatty())
