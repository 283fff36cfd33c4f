"""What private fits on the same rows have spent, added up as they come."""

import contextlib
import json
import math
import os
import tempfile
import threading
import weakref
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO, Self

from skmia.defenses._private._accounting import ADD_REMOVE, NEIGHBORS
from skmia.defenses._private._composition import (
    PrivacyLoss,
    check_loss,
    compose_privacy,
    total_epsilon,
)
from skmia.exceptions import PrivacyBudgetError
from skmia.utils import check_integer, check_option, check_real

# Of this process, by the path of their file: what is unpickled where it was pickled is
# the same accountant.
_KNOWN: "weakref.WeakValueDictionary[str, PrivacyAccountant]" = (
    weakref.WeakValueDictionary()
)
_MAKING = threading.RLock()
# Of every file: one that was emptied is not one that nothing was ever written to.
_FIRST_LINE = b'"What private fits have spent, one a line."\n'


class PrivacyAccountant:
    """Add up what private fits on the same rows spend, and stop at a ceiling.

    One accountant belongs to one set of rows. Passed as `accountant` it is charged by
    every fit, the candidates and folds of a search included: `clone` and copies hand
    on the accountant itself, and workers in other processes charge it through a file.
    A fit that would exceed the ceiling raises, before a row is looked at.

    Parameters
    ----------
    epsilon : float, default=inf
        Ceiling of the privacy loss at `delta`, of all fits together.
    delta : float, default=1e-5
        The delta that totals are read at.
    path : str or path-like, default=None
        File that keeps what was spent, to be charged by later sessions as well. Made
        where there is none; an empty one has lost its records, and is an error. With
        None, what was spent is forgotten with the accountant,
        and a file for workers is made, and removed again, where there is need of one.

    Attributes
    ----------
    spent : tuple of PrivacyLoss
        What each fit has spent.

    See Also
    --------
    DifferentialPrivacyClassifier : Is charged to it.
    skmia.model_selection.privacy_budget : What a search has spent on any one row, which
        is less: no row is in all folds.

    Notes
    -----
    The total is the smaller of two that hold even where later budgets are decided on by
    earlier results: the sum of all epsilons, and the total of all fits as Gaussian
    differential privacy, ``mu = sqrt(sum of mu squared)``, in which an epsilon with
    delta = 0 counts as ``mu = 2 Phi^-1(exp(epsilon) / (1 + exp(epsilon)))``.

    The total is for the neighbours and the group size that its fits are for. They have
    to be the same for all: half a guarantee for ten rows of a person and half of one
    for a single row are no guarantee for ten. Nor can two fits with a `random_state` be
    added up, whose noise may be the same.

    A fit that fails on the rows stays charged: a failure is an answer, too. Shadow
    models of attacks and audits are not charged, since nobody is given them; what an
    audit reports is read from the rows without noise, and is covered by no budget. Nor
    are the scores of a search, see :func:`skmia.model_selection.privacy_budget`.

    A search with ``error_score=nan`` goes on without the candidates that the ceiling
    stops; ``error_score="raise"`` ends it.

    An accountant without `path` that was pickled with a model, and is loaded after the
    process that made it has ended, has lost its records and raises in place of starting
    anew.

    References
    ----------
    Rogers, Roth, Ullman and Vadhan, "Privacy Odometers and Filters", NeurIPS 2016.

    Smith and Thakurta, "Fully Adaptive Composition for Gaussian Differential Privacy",
    2022, arXiv:2210.17520.

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from sklearn.model_selection import cross_val_score
    >>> from sklearn.naive_bayes import GaussianNB
    >>> from skmia.defenses import DifferentialPrivacyClassifier, PrivacyAccountant
    >>> accountant = PrivacyAccountant(epsilon=8.0)
    >>> clf = DifferentialPrivacyClassifier(GaussianNB(), accountant=accountant)
    >>> _ = cross_val_score(clf, *load_breast_cancer(return_X_y=True), cv=3)
    >>> len(accountant.spent), round(accountant.total().epsilon, 1)
    (3, 1.8)
    """

    def __init__(
        self,
        epsilon: float = math.inf,
        delta: float = 1e-5,
        *,
        path: str | os.PathLike[str] | None = None,
    ) -> None:
        self.epsilon = check_real(epsilon, "epsilon", 0, math.inf, closed="right")
        self.delta = check_real(delta, "delta", 0, 1, closed="left")
        self._lock = threading.RLock()
        self._in_memory: list[_Record] = []
        self._process = os.getpid()
        self._path = None if path is None else os.path.abspath(os.fspath(path))
        if self._path is not None:
            with contextlib.suppress(FileExistsError), open(self._path, "xb") as file:
                file.write(_FIRST_LINE)
            self._read()  # raises for a file of another kind
            with _MAKING:
                _KNOWN.setdefault(self._path, self)

    @property
    def spent(self) -> tuple[PrivacyLoss, ...]:
        """What each fit has spent."""
        return tuple(record.loss for record in self._read())

    def total(self, delta: float | None = None) -> PrivacyLoss:
        """Compute what all fits together have spent.

        Parameters
        ----------
        delta : float, default=None
            The delta that epsilon is read at; None takes that of the accountant.

        Returns
        -------
        PrivacyLoss
            A tuple (epsilon, delta, mu); `mu` is None where some fit has none.
        """
        at = self.delta if delta is None else delta
        return compose_privacy(self.spent, delta=at)

    def spend(
        self,
        epsilon: float,
        delta: float = 0.0,
        mu: float | None = None,
        *,
        neighbors: str = ADD_REMOVE,
        group_size: int = 1,
        seeded: bool = False,
    ) -> None:
        """Charge one fit, or raise where the total would exceed the ceiling.

        Parameters
        ----------
        epsilon, delta : float
            The privacy loss of the fit.
        mu : float, default=None
            The same as Gaussian differential privacy, where all of it is.
        neighbors : {"add_remove", "replace"}, default="add_remove"
            What the loss is for.
        group_size : int, default=1
            Rows of one person that the loss is for.
        seeded : bool, default=False
            Whether the noise of the fit follows from a `random_state`.

        Raises
        ------
        PrivacyBudgetError
            Where the ceiling would be exceeded, or the fit cannot be added to those
            before; nothing is charged then. And where the records are out of reach.
        """
        new = _Record.of(epsilon, delta, mu, neighbors, group_size, seeded)
        with self._lock:
            if self._path is None:
                self._check_process()
                self._check(self._in_memory, new)
                self._in_memory.append(new)
                return
            with self._opened() as file:
                self._check(_records_in(file, self._path), new)
                file.write(new.line())

    def _check(self, records: list["_Record"], new: "_Record") -> None:
        """Raise where a fit may not be charged."""
        for before in records:
            if before.guarantee != new.guarantee:
                raise PrivacyBudgetError(
                    "A fit cannot be added up with those that its PrivacyAccountant "
                    f"was charged with: they were for {before.guarantee}, and it is "
                    f"for {new.guarantee}. Take the same 'neighbors' and 'group_size' "
                    "for all fits. The rows were not looked at."
                )
        if new.seeded and any(before.seeded for before in records):
            raise PrivacyBudgetError(
                "A fit with a random_state cannot be added up with another one: with "
                "the same noise in both, what differs between them has none. Leave "
                "random_state at None. The rows were not looked at."
            )
        self._check_ceiling([record.loss for record in records], new.loss)

    def _check_ceiling(self, losses: list[PrivacyLoss], new: PrivacyLoss) -> None:
        after = total_epsilon([*losses, new], self.delta)
        if after > self.epsilon * (1 + 1e-9):
            raise PrivacyBudgetError(
                f"A fit with epsilon={new.epsilon:g} and delta={new.delta:g} would "
                f"exceed the ceiling of its PrivacyAccountant: {len(losses)} fits have "
                f"spent epsilon={total_epsilon(losses, self.delta):.4g} of "
                f"{self.epsilon:g}, and with this one it would be {after:.4g}, at "
                f"delta={self.delta:g}. The rows were not looked at."
            )

    def _read(self) -> list["_Record"]:
        with self._lock:
            if self._path is None:
                self._check_process()
                return list(self._in_memory)
            with self._opened() as file:
                return _records_in(file, self._path)

    def _check_process(self) -> None:
        if os.getpid() != self._process:
            raise PrivacyBudgetError(
                "This PrivacyAccountant was copied into another process as it was "
                "forked, where nothing would be added to the original. Give it a "
                "'path', for a file that both can charge."
            )

    @contextlib.contextmanager
    def _opened(self) -> Iterator[BinaryIO]:
        """The file of records, for this process alone."""
        assert self._path is not None
        try:
            file = open(self._path, "r+b")  # noqa: SIM115
        except OSError as error:
            raise PrivacyBudgetError(
                f"The records of this PrivacyAccountant, {self._path!r}, cannot be "
                f"opened ({error.strerror}): what was spent before is not known. Those "
                "of an accountant without 'path' are gone with the process that made "
                "it, and are not on other machines. Make one with a 'path' that all "
                "can reach."
            ) from error
        with file:
            _lock(file)
            yield file
            file.flush()
            os.fsync(file.fileno())

    def _share(self) -> str:
        """Move the records into a file that other processes find, and return it."""
        with self._lock:
            if self._path is not None:
                return self._path
            self._check_process()
            number, path = tempfile.mkstemp(prefix="skmia-accountant-", suffix=".jsonl")
            with open(number, "wb") as file:
                file.write(_FIRST_LINE)
                file.writelines(record.line() for record in self._in_memory)
            self._path = path
            with _MAKING:
                _KNOWN[path] = self
            weakref.finalize(self, _remove, path, self._process)
            return path

    def __sklearn_clone__(self) -> Self:
        """Return the accountant itself: copies of a classifier share it.

        Returns
        -------
        self : object
            The accountant.
        """
        return self

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: Any) -> Self:
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        return _attached, (self._share(), self.epsilon, self.delta)

    def __repr__(self) -> str:
        where = "" if self._path is None else f", path={self._path!r}"
        return (
            f"PrivacyAccountant(epsilon={self.epsilon:g}, delta={self.delta:g}{where})"
        )


def _attached(path: str, epsilon: float, delta: float) -> PrivacyAccountant:
    """The accountant with these records, in whatever process."""
    with _MAKING:
        known = _KNOWN.get(path)
        if known is not None and (known.epsilon, known.delta) == (epsilon, delta):
            return known
        made = PrivacyAccountant(epsilon, delta)
        made._path = path  # not made anew where it is gone
        _KNOWN.setdefault(path, made)
        return made


@dataclass(frozen=True)
class _Record:
    """What one fit was charged with."""

    loss: PrivacyLoss
    neighbors: str
    group_size: int
    seeded: bool

    @classmethod
    def of(
        cls,
        epsilon: float,
        delta: float,
        mu: float | None,
        neighbors: str,
        group_size: int,
        seeded: bool,
    ) -> Self:
        """Checked."""
        return cls(
            check_loss(epsilon, delta, mu),
            check_option(neighbors, "neighbors", NEIGHBORS),
            check_integer(group_size, "group_size", 1),
            bool(seeded),
        )

    @property
    def guarantee(self) -> str:
        """What it is for, as parameters."""
        return f"neighbors={self.neighbors!r} and group_size={self.group_size}"

    def line(self) -> bytes:
        """For the file."""
        values = [*self.loss, self.neighbors, self.group_size, self.seeded]
        return json.dumps(values).encode() + b"\n"


def _records_in(file: BinaryIO, path: str) -> list[_Record]:
    """All records; the file is left at its end."""
    file.seek(0)
    try:
        first, *lines = file.read().splitlines(keepends=True)
        if first != _FIRST_LINE or not all(line.endswith(b"\n") for line in lines):
            raise ValueError
        return [_Record.of(*json.loads(line)) for line in lines]
    except (ValueError, TypeError) as error:
        raise PrivacyBudgetError(
            f"The file {path!r} does not hold the records of a PrivacyAccountant, or "
            "is damaged or empty: what was spent before is not known. Where nothing "
            "was, pass a 'path' where there is no file yet."
        ) from error


def _remove(path: str, process: int) -> None:
    if os.getpid() == process:
        with contextlib.suppress(OSError):
            os.unlink(path)


def _lock(file: BinaryIO) -> None:
    """Wait for the file; it is given back where it is closed."""
    try:
        import fcntl
    except ImportError:  # Windows
        import msvcrt

        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_LOCK, 1)  # type: ignore[attr-defined]
    else:
        fcntl.flock(file, fcntl.LOCK_EX)
