"""Hashes of the tables of one call, each computed when it is first asked for.

An audit, its shadow models and every attack match the same rows by content. Nobody
hands hashes on to all of them, so a table is known again as the very object that it is.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmia._tables._value_bits import Hashes

# By the identity of a table: the table, which must not be freed meanwhile, and its
# hashes, or how they are to be had.
_Known = dict[int, tuple[Any, Hashes | Callable[[], Hashes]]]
_known: ContextVar[_Known | None] = ContextVar("skmia_known_hashes", default=None)


@contextmanager
def hashing_once() -> Iterator[None]:
    """Hash each of the tables that are named by `hash_once` once, in this context.

    Nobody may write in them meanwhile: models get rows of their own.
    """
    if _known.get() is not None:
        yield
        return
    token = _known.set({})
    try:
        yield
    finally:
        _known.reset(token)


def hash_once(
    X: Any,
    hashes: Callable[[], Hashes],
    *,
    part: Any = None,
    rows: NDArray[np.intp] | None = None,
) -> None:
    """Keep what `hashes` returns for `X`; of `part`, which has its `rows`, it follows.

    Does nothing outside of `hashing_once`.
    """
    known = _known.get()
    if known is None:
        return
    known.setdefault(id(X), (X, hashes))
    if part is not None and part is not X:
        known[id(part)] = part, lambda: _hashes_of(known, X)[rows]


def known_hashes(X: Any) -> Hashes | None:
    """Return hashes of the rows of `X`, for the caller to write in; None if unknown."""
    known = _known.get()
    if known is None or id(X) not in known:
        return None
    return _hashes_of(known, X).copy()


def _hashes_of(known: _Known, X: Any) -> Hashes:
    table, hashes = known[id(X)]
    if callable(hashes):
        hashes = hashes()
        known[id(X)] = table, hashes
    return hashes
