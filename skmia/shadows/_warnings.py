"""Warnings of many fits, gathered where they are raised and given once."""

import sys
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from operator import attrgetter
from typing import Any

from skmia.exceptions import ShadowFitWarning
from skmia.utils import warn

#: How often each (category, message) was raised.
Warned = Counter[tuple[type[Warning], str]]

_of_this_fit: ContextVar[Warned] = ContextVar("_of_this_fit")


@contextmanager
def intercept() -> Iterator[Warned]:
    """Keep this process silent; yield what warns outside of any `gather`.

    ``warnings.catch_warnings(record=True)`` has one list for all threads. Here each
    warning goes to the fit in whose thread it was raised, so that it can be stored
    with that fit.
    """
    elsewhere: Warned = Counter()

    def record(message: Any, category: type[Warning], *where: Any) -> None:
        _of_this_fit.get(elsewhere)[category, str(message)] += 1

    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.showwarning = record  # type: ignore[assignment]
        yield elsewhere


@contextmanager
def gather() -> Iterator[Warned]:
    """Collect what this thread warns of, inside of `intercept`."""
    warned: Warned = Counter()
    token = _of_this_fit.set(warned)
    # scikit-learn's workers set filters anew for each task, in threads all at a time.
    # Where they are as they were, they stay: others may be raising warnings just now.
    if warnings.filters[:1] != [("always", None, Warning, None, 0)]:
        warnings.simplefilter("always")
    try:
        yield warned
    finally:
        _of_this_fit.reset(token)


def emit(warned: Warned, n_fits: int) -> None:
    """Warn once for each category, with its count, as the caller's filters say.

    A filter on the text of a message is asked about every message that was raised,
    since it would not know the one that sums them up.
    """
    counts: Counter[type[Warning]] = Counter()
    first: dict[type[Warning], str] = {}
    errors = set()
    for (category, message), count in warned.items():
        action = _action(category, message)
        if action == "ignore":
            continue
        counts[category] += count
        first.setdefault(category, message)
        if action == "error":
            errors.add(category)
    for category, count in counts.items():
        text = (
            f"{count} warning{'s' * (count > 1)} of this kind from {n_fits} shadow "
            f"fits, the first: {first[category]}"
        )
        try:
            warning = category(text)
        except TypeError:  # a category whose constructor takes more than a text
            warning = ShadowFitWarning(f"{category.__name__}: {text}")
        if category in errors:
            raise warning
        warn(warning, type(warning))


def _action(category: type[Warning], message: str) -> str:
    with warnings.catch_warnings(record=True) as shown:
        try:
            warnings.warn_explicit(message, category, "skmia", 1)
        except TypeError:
            return "show"
        except Warning:
            return "error"
    return "show" if shown else "ignore"


def to_plain(warned: Warned) -> list[list[Any]]:
    """`warned` as plain lists, for a file."""
    return [
        [category.__module__, category.__qualname__, message, count]
        for (category, message), count in warned.items()
    ]


def from_plain(rows: Iterable[Any]) -> Warned:
    """Read what `to_plain` wrote.

    Nothing is imported for it: a category of a module that is not loaded is told as
    a UserWarning.
    """
    warned: Warned = Counter()
    for module, name, message, count in rows:
        try:
            category = attrgetter(name)(sys.modules[module])
        except (AttributeError, KeyError):
            category = None
        if not (isinstance(category, type) and issubclass(category, Warning)):
            category, message = UserWarning, f"{name}: {message}"
        warned[category, message] += int(count)
    return warned
