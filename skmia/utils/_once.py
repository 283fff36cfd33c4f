"""What is worked out of the same arrays, once for all who ask for it.

Sorting the scores and counting who outscores whom take most of the time of a figure,
and a report has many figures of the same scores. Nobody hands the results on to all of
them, so arrays are known again as the very objects that they are.
"""

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import Any, TypeVar, cast

import numpy as np

# So many entries of arrays are known at a time: of more records, memory is worth more
# than time.
_MOST = 2**22

F = TypeVar("F", bound=Callable[..., Any])


class _Known:
    """Results, by a function and the identities of the arrays that it was given.

    These are kept as well: what is freed may leave its identity to another array.
    """

    def __init__(self) -> None:
        self._results: dict[tuple[Hashable, ...], tuple[Any, Any]] = {}
        self._left = _MOST

    def get(self, function: Callable[..., Any], arrays: tuple[Any, ...]) -> Any:
        key = (function, *map(id, arrays))
        if key in self._results:
            return self._results[key][1]
        result = function(*arrays)
        size = max(map(np.size, arrays))
        if size <= self._left:
            self._left -= size
            self._results[key] = arrays, result
        return result


_known: ContextVar[_Known | None] = ContextVar("skmia_known_results", default=None)


@contextmanager
def computing_once() -> Iterator[None]:
    """Work out what `once` marks once for each of the arrays, in this context.

    Nobody may write in them meanwhile.
    """
    if _known.get() is not None:
        yield
        return
    token = _known.set(_Known())
    try:
        yield
    finally:
        _known.reset(token)


def once(function: F) -> F:
    """Keep what a function of arrays returns, within `computing_once`."""

    @wraps(function)
    def run(*arrays: Any) -> Any:
        known = _known.get()
        return function(*arrays) if known is None else known.get(function, arrays)

    return cast(F, run)
