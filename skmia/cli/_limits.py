"""Limits on the memory and the time of a command that reads what others wrote."""

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

from skmia.cli._messages import boundary

if TYPE_CHECKING:
    import typer

# What is done before an audit, with its limits on memory and time. A status that it
# returns stands for the audit.
Prepare = Callable[[float | None, float], int | None]


def begin(
    context: "typer.Context", memory_limit: float | None, time_limit: float
) -> None:
    """Do what comes before an audit: by the command line, start it elsewhere."""
    import typer

    with boundary():
        check_positive("--memory-limit", memory_limit)
        check_positive("--time-limit", time_limit)
        prepare: Prepare | None = context.obj
        status = None if prepare is None else prepare(memory_limit, time_limit)
    if status is not None:
        raise typer.Exit(status)


def check_positive(option: str, value: float | None) -> None:
    """Raise where a limit is none."""
    if value is not None and not 0 < value < math.inf:
        raise ValueError(f"{option} must be a number above 0. Got {value} instead.")
