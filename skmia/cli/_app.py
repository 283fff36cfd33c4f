"""The command line: audits, reports, comparisons and the demonstration.

Exit status: 0 done, or to be released by the policy; 1 not to be released, or no
verdict of a comparison; 2 wrong input (one line on standard error); 3 an unforeseen
failure (with its traceback); 130 interrupted.
"""

import importlib
import importlib.util
import sys
import traceback
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import skmia
from skmia.cli._contained import follow_parent, limit_resources, run_contained
from skmia.cli._limits import Prepare
from skmia.cli._messages import (
    EXIT_INPUT,
    EXIT_INTERRUPTED,
    PACKAGES,
    install_hint,
    one_line,
    say,
)

if TYPE_CHECKING:
    import typer

EXIT_FAILURE = 3


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
        status = make_app()(
            list(argv),
            prog_name="skmia",
            standalone_mode=False,
            obj=prepare,
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


def make_app() -> "typer.Typer":
    """Build the typer application; here, since typer is an optional package."""
    import typer

    from skmia.cli._audit import audit
    from skmia.cli._compare import compare
    from skmia.cli._demo import demo
    from skmia.cli._report import report
    from skmia.cli._scores import audit_scores

    app = typer.Typer(
        help="Membership inference audits of scikit-learn classifiers.",
        epilog="Exit status: 0 done, or to be released by the policy; 1 not to be "
        "released; 2 wrong input; 3 unforeseen failure; 130 interrupted.",
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

    # Short enough to stand whole in the list of commands.
    app.command(short_help="Attack a fitted model, and report what leaks.")(audit)
    short = "Report on probabilities or scores alone."
    app.command("audit-scores", short_help=short)(audit_scores)
    short = "Show a report again, and hold it against a policy."
    app.command(short_help=short)(report)
    app.command(short_help="Set two reports side by side.")(compare)
    app.command()(demo)
    return app
