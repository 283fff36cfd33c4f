"""How far a long run is, and about how long the rest takes, where somebody sees it.

A bar on a terminal and in a notebook. Where output goes to a file, a bar would fill it:
there are lines, one for each stage, and one a minute in long stages. Without `verbose`
nothing is written, but runs of more than a minute tell the logger ``"skmia"``, which is
silent itself unless logging is set up.
"""

import logging
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from tqdm.auto import tqdm

from skmia.utils._text import duration

_LOGGER = logging.getLogger("skmia")
# Seconds between two lines on one stage, and before the first line of a log.
_EVERY = 60
# What tqdm itself has found out.
_IN_NOTEBOOK = any(kind.__module__ == "tqdm.notebook" for kind in tqdm.__mro__)

# Stages differ in length: no rate is told from them.
_OF_STAGES = "{l_bar}{bar}| {n_fmt}/{total_fmt} [{elapsed}{postfix}]"


def shows_bar(verbose: int) -> bool:
    """Whether a progress bar is wanted, and can be seen as one."""
    is_terminal = sys.stderr is not None and sys.stderr.isatty()
    return verbose == 1 and (is_terminal or _IN_NOTEBOOK)


class Progress:
    """How many of the parts of a run are over, and how long the others take.

    Parameters
    ----------
    name : str
        What runs.
    total : int
        Number of parts.
    done : int
        Those that were there before.
    verbose : int
        0 for the logger alone; 1 for a bar where it can be seen, else lines; above 1
        lines in any case.
    within : Progress or None
        Of what this is a part: it tells of this one too.
    in_stages : bool
        Whether parts differ in length.
    """

    def __init__(
        self,
        name: str,
        total: int,
        done: int,
        verbose: int,
        within: "Progress | None",
        in_stages: bool,
    ) -> None:
        self.name, self.total, self.done = name, total, done
        self.stage = ""
        # Seconds that follow for each part of a run within this one.
        self.later = 0.0
        self._verbose, self._within = verbose, within
        self._told = time.monotonic()
        self._bar: Any = None
        if shows_bar(verbose):
            own = {"bar_format": _OF_STAGES, "miniters": 0} if in_stages else {}
            self._bar = tqdm(
                total=total,
                initial=done,
                desc=name,
                leave=True if in_stages else None,
                **own,
            )

    def update(self, n: int = 1, left: float | None = None) -> None:
        """Count `n` parts that are over; the others take about `left` seconds."""
        self.done += n
        if self._bar is not None:
            self._bar.update(n)
        if self._within is not None:
            self._within._tell_part(self, left)
        elif self._bar is None and self._is_time():
            self._write(f"{self.name}: {self._state(left)}")

    def expect(self, total: int) -> None:
        """Set how many parts there are."""
        self.total = total
        if self._bar is not None:
            self._bar.total = total

    def enter(self, stage: str) -> None:
        """Show that a stage begins, and that the one before is over."""
        self.done += bool(self.stage)
        over, self.stage = bool(self.stage), stage
        if self._bar is not None:
            self._bar.set_postfix_str("", refresh=False)
            self._bar.update(int(over))
            self._bar.set_description(f"{self.name}: {stage}" if stage else self.name)
        elif stage and (self._verbose or self._is_time()):
            self._write(f"{self.name}: {stage} ({self.done + 1} of {self.total})")

    def close(self) -> None:
        """Leave what is shown as it is."""
        if self._bar is not None:
            self._bar.close()

    def _tell_part(self, part: "Progress", left: float | None) -> None:
        """Show how far a run within this one is, and what both take from here."""
        if left is not None:
            left += part.total * self.later
        if self._bar is not None:
            if left is not None:
                # The first is shown at once, however soon after the bar was drawn.
                first = not self._bar.postfix
                self._bar.set_postfix_str(_about(left), refresh=first)
            self._bar.update(0)
        elif self._is_time():
            self._write(f"{self.name}: {part.name} {part._state(left)}")

    def _state(self, left: float | None) -> str:
        state = f"{self.done} of {self.total}"
        return state if left is None else f"{state}, {_about(left)}"

    def _is_time(self) -> bool:
        return time.monotonic() - self._told >= _EVERY

    def _write(self, text: str) -> None:
        self._told = time.monotonic()
        if not self._verbose:
            _LOGGER.info(text)
        elif sys.stderr is not None:
            tqdm.write(text, file=sys.stderr)


def _about(seconds: float) -> str:
    return f"about {duration(seconds)} left"


_current: ContextVar[Progress | None] = ContextVar("skmia_progress", default=None)


@contextmanager
def progress(
    name: str, total: int, verbose: int, *, done: int = 0, in_stages: bool = False
) -> Iterator[Progress]:
    """Show the progress of what runs inside; within another run, as a part of it."""
    within = _current.get()
    if within is not None and verbose and not within._verbose:
        within = None  # it would hide what is asked for here
    shown = Progress(name, total, done, verbose, within, in_stages)
    token = _current.set(shown)
    try:
        yield shown
    finally:
        _current.reset(token)
        shown.close()
