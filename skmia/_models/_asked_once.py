"""What one model says of one table, asked once for all who want to know.

An audit, its attacks and its guards read the same answers. A model that answers
otherwise each time then has one answer for each row, as an attacker has who asks once;
whether it does so is a question of its own (see `ask_again`), which is asked anew.
"""

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmia._models._cloning import unwrap_frozen
from skmia._tables import n_rows, take_rows


class AskedOnce:
    """Answers of a model about a table and a part of it.

    Parameters
    ----------
    model : fitted classifier
        Who is asked.
    X : array-like, frame or sparse matrix
        All rows.
    part : array-like, frame or sparse matrix
        Those at `rows`; `X` itself where these are all.
    rows : ndarray of int
        Their positions.
    """

    def __init__(self, model: Any, X: Any, part: Any, rows: NDArray[np.intp]) -> None:
        self._model, self._X, self._part, self._rows = model, X, part, rows
        self._answers: dict[Hashable, NDArray] = {}

    def is_about(self, model: Any, X: Any) -> bool:
        """Whether these are the model, frozen or not, and one of its tables."""
        return unwrap_frozen(model) is self._model and (X is self._X or X is self._part)

    def answers(self, kind: Hashable, X: Any, ask: Callable[[Any], NDArray]) -> NDArray:
        """One entry for each row of `X`, by `ask` where they are not known.

        No row is asked about twice: of all rows, those of the part are known.
        """
        of_part = self._known((kind, "part"), lambda: ask(self._part))
        if X is self._part:
            return of_part.copy()
        return self._known((kind, "all"), lambda: self._joined(of_part, ask)).copy()

    def _known(self, key: Hashable, ask: Callable[[], NDArray]) -> NDArray:
        if key not in self._answers:
            self._answers[key] = ask()
        return self._answers[key]

    def _joined(self, of_part: NDArray, ask: Callable[[Any], NDArray]) -> NDArray:
        n = n_rows(self._X)
        others = np.setdiff1d(np.arange(n), self._rows)
        of_others = ask(take_rows(self._X, others))
        kind = np.result_type(of_part, of_others)
        joined = np.empty((n, *of_part.shape[1:]), dtype=kind)
        joined[self._rows], joined[others] = of_part, of_others
        return joined


_asked: ContextVar[list[AskedOnce] | None] = ContextVar("skmia_asked", default=None)


@contextmanager
def asking_once() -> Iterator[None]:
    """Ask what `ask_once` names once, in this context."""
    if _asked.get() is not None:
        yield
        return
    token = _asked.set([])
    try:
        yield
    finally:
        _asked.reset(token)


def ask_once(model: Any, X: Any, part: Any, rows: NDArray[np.intp]) -> None:
    """Keep what `model` answers about `X`, and about its `part` at these `rows`.

    Does nothing outside of `asking_once`.
    """
    asked = _asked.get()
    if asked is not None:
        asked.append(AskedOnce(unwrap_frozen(model), X, part, rows))


def asked_once(model: Any, X: Any) -> AskedOnce | None:
    """Whatever is kept of the answers of `model` about `X`."""
    return next((one for one in _asked.get() or () if one.is_about(model, X)), None)
