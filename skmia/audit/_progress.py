"""Which stage an audit is in, and about how long the rest of it takes."""

from collections.abc import Callable
from contextvars import ContextVar
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from skmia.utils import Progress, progress

_P = ParamSpec("_P")
_R = TypeVar("_R")

# Seconds that an attack takes for each record and shadow, about: the default attacks
# take most of a minute for a million records and 16 shadows (benchmarks/results).
_SECONDS = 1e-6

# Of the audit that runs here. Figures and guards are functions of the evidence alone,
# and nobody hands it on to them.
_stages: ContextVar[Progress | None] = ContextVar("skmia_audit_stages", default=None)


def with_progress(audit: Callable[_P, _R]) -> Callable[_P, _R]:
    """Show the stages of `audit` while it runs, as its `verbose` says."""

    @wraps(audit)
    def run(*args: _P.args, **kwargs: _P.kwargs) -> _R:
        verbose: Any = kwargs.get("verbose", 0)
        with progress("audit", 1, int(verbose or 0), in_stages=True) as stages:
            token = _stages.set(stages)
            try:
                report = audit(*args, **kwargs)
                stages.enter("")
                return report
            finally:
                _stages.reset(token)

    return run


def expect_stages(n: int) -> None:
    """Set how many there are in all."""
    if (stages := _stages.get()) is not None:
        stages.expect(n)


def expect_attacks(n_attacks: int, n_records: int) -> None:
    """Set what will be done with each shadow model, once all of them are there."""
    if (stages := _stages.get()) is not None:
        stages.later = n_attacks * n_records * _SECONDS


def enter_stage(stage: str) -> None:
    """Show what begins here; what was shown before is over."""
    if (stages := _stages.get()) is not None:
        stages.enter(stage)
