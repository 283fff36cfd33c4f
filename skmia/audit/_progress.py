"""Which stage an audit is in: one bar for the whole of it."""

from collections.abc import Callable
from contextvars import ContextVar
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from tqdm.auto import tqdm

# Stages differ in length: no rate is told from them.
_FORMAT = "{l_bar}{bar}| {n_fmt}/{total_fmt} [{elapsed}]"

_P = ParamSpec("_P")
_R = TypeVar("_R")


class _Stages:
    """The bar of one audit."""

    def __init__(self, bar: Any) -> None:
        self.bar = bar
        self.has_begun = False

    def enter(self, stage: str) -> None:
        self.bar.update(int(self.has_begun))
        self.bar.set_description(f"audit: {stage}" if stage else "audit")
        self.has_begun = True


# Of the audit that runs here. Figures and guards are functions of the evidence alone,
# and nobody hands a bar on to them.
_stages: ContextVar[_Stages | None] = ContextVar("skmia_audit_stages", default=None)


def with_progress(audit: Callable[_P, _R]) -> Callable[_P, _R]:
    """Show a bar while `audit` runs, where its `verbose` is above 0."""

    @wraps(audit)
    def run(*args: _P.args, **kwargs: _P.kwargs) -> _R:
        if not kwargs.get("verbose"):
            return audit(*args, **kwargs)
        with tqdm(desc="audit", total=1, bar_format=_FORMAT) as bar:
            stages = _Stages(bar)
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
        stages.bar.total = n


def enter_stage(stage: str) -> None:
    """Show what begins here; what was shown before is over."""
    if (stages := _stages.get()) is not None:
        stages.enter(stage)
