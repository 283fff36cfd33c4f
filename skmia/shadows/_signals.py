"""The arrays that every attack works on."""

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit

from skmia._models import Saturation
from skmia._tables import Queries, any_copy, as_rows
from skmia.shadows._counterfactual import (
    Counterfactual,
    bounds_of,
    check_given,
    fill_unknown,
    scale_gaps,
)
from skmia.shadows._design import find_complements
from skmia.shadows._signal_arrays import check_member, check_signals, optional_array
from skmia.shadows._signal_files import read_file, write_file
from skmia.signals import SIGNALS
from skmia.utils import check_integer, check_option

# Signals that are functions of the stored logit.
_OF_LOGIT: dict[str, Callable[[NDArray[np.float32]], NDArray[np.float32]]] = {
    "loss": lambda logit: np.logaddexp(np.float32(0), -logit),
    "confidence": expit,
}
#: What fit_shadows stores: all others.
STORED = tuple(name for name in SIGNALS if name not in _OF_LOGIT)


class ShadowSignals:
    """Hold every record's signals under shadow models, and who was trained on what.

    :func:`fit_shadows` makes one; so can anyone who has shadow models of their own,
    from plain arrays. One set serves any number of attacks on the same pool.

    Parameters
    ----------
    signals : dict of str to array-like of shape (n_shadows, n_records)
        A signal (see :mod:`skmia.signals`) of every record under every shadow, at
        least ``"logit"``. Stored as float32; infinities become the saturated logit.
    member : array-like of bool of shape (n_shadows, n_records)
        True where the record was in the shadow's training set.
    record_hashes : array-like of uint64 of shape (n_records,), default=None
        Content of each record, as :func:`fit_shadows` records it. With it, an attack
        can tell that it was given the shadows of other rows.
    n_missing_classes : int, default=0
        How many times a shadow's training set lacked a class, over all shadows.
        The column of that class is 0 for every record.
    fit_seconds, predict_seconds : array-like of shape (n_shadows,), default=None
        Time that each shadow took, measured in its worker.
    models : list of estimators, default=None
        The fitted shadows, where they were kept. Never written to a file.
    queries : Queries, default=None
        Which perturbed copies of a record the answers are means over, as
        :func:`fit_shadows` records it. None for the record alone.
    other : dict of str to array-like of shape (n_shadows, n_records), default=None
        A signal of every record on the side that the shadow was *not* fitted on: of a
        member as if fitted without it and its copies, of another as if with them.
        Without `counterfactual` it is compared with what the shadows show.
    counterfactual : Counterfactual, default=None
        Where `other` comes from, or why there is none.
    other_sides : list, default=None
        The closed forms of kept models, as :func:`fit_shadows` keeps them.

    Attributes
    ----------
    signals : dict of str to ndarray of float32
        As given.
    member : ndarray of bool
        As given.
    n_shadows, n_records : int
        The shape.
    complements : ndarray of int of shape (n_shadows,)
        Each shadow's complement, fitted on all other records; -1 where it has none.
    queries : Queries or None
        As given, with `n_queries`, `perturb`, `noise`, `flip_rate` and `seed`. An
        attack asks the target about the same copies.
    inside, outside : mapping of str to ndarray of shape (n_shadows, n_records)
        A signal of every record under every shadow, as if fitted with the record, and
        as if without it: one of the two is observed. Made where it is asked for, also
        of signals that follow from the logit. Empty without `other`.
    other : dict of str to ndarray of float32
        As given; empty without.
    counterfactual_ : Counterfactual
        As given.

    Raises
    ------
    ValueError
        Where shapes differ, ``"logit"`` is missing, or a signal is NaN; where `other`
        without `counterfactual` is infinite, or contradicts what the shadows show.

    See Also
    --------
    fit_shadows : Fit shadow models, and reduce them to such arrays.
    skmia.attacks.ShadowAttack : The base of the attacks that take them.

    Examples
    --------
    >>> from skmia.shadows import ShadowSignals
    >>> shadows = ShadowSignals(
    ...     {"logit": [[2.0, -1.0], [0.5, 3.0]]}, [[True, False], [False, True]]
    ... )
    >>> shadows
    ShadowSignals(n_shadows=2, n_records=2, signals=['logit'])
    >>> shadows.complements
    array([1, 0])
    """

    def __init__(
        self,
        signals: Mapping[str, ArrayLike],
        member: ArrayLike,
        *,
        record_hashes: ArrayLike | None = None,
        n_missing_classes: int = 0,
        fit_seconds: ArrayLike | None = None,
        predict_seconds: ArrayLike | None = None,
        models: list[Any] | None = None,
        queries: Queries | None = None,
        other: Mapping[str, ArrayLike] | None = None,
        counterfactual: Counterfactual | None = None,
        other_sides: list[Any] | None = None,
    ) -> None:
        self.member = check_member(member)
        self.signals = check_signals(signals, self.member.shape)
        n_shadows, n_records = self.member.shape
        self.record_hashes = optional_array(
            record_hashes, np.uint64, n_records, "record_hashes"
        )
        self.n_missing_classes = check_integer(
            n_missing_classes, "n_missing_classes", 0
        )
        self.fit_seconds = optional_array(
            fit_seconds, np.float64, n_shadows, "fit_seconds"
        )
        self.predict_seconds = optional_array(
            predict_seconds, np.float64, n_shadows, "predict_seconds"
        )
        if models is not None and len(models) != n_shadows:
            raise ValueError(
                f"The 'models' parameter must hold one model per shadow, {n_shadows}. "
                f"Got {len(models)} instead."
            )
        self.models = models
        if not isinstance(queries, Queries | None):
            raise TypeError(
                "The 'queries' parameter must be the queries of other shadows, or "
                f"None. Got {queries!r} instead."
            )
        self.queries = queries
        self.other = {} if not other else check_signals(other, self.member.shape)
        if counterfactual is None:
            if other:
                self._check_other(other)
            why_not = "" if self.other else "these shadows came without one"
            counterfactual = Counterfactual(used=bool(self.other), why_not=why_not)
        elif counterfactual.used != bool(self.other):
            counterfactual = replace(counterfactual, used=bool(self.other))
        self.counterfactual_ = counterfactual
        self._other_sides = other_sides if self.other else None

    def _check_other(self, other: Mapping[str, ArrayLike]) -> None:
        """Judge an other side that nothing tells the origin of."""
        for name, values in other.items():
            # Row by row: all of them in double precision are twice the signals.
            rows = (np.asarray(row, dtype=np.float64) for row in np.asarray(values))
            if any(np.isinf(row).any() for row in rows):
                raise ValueError(
                    f"The 'other' parameter has infinities in {name!r}. Compute it "
                    "with skmia.signals, which keeps probabilities of 0 and 1 finite."
                )
        distinct = np.arange(self.n_records)
        if self.record_hashes is not None:
            distinct = np.unique(self.record_hashes, return_index=True)[1]
        check_given(self.other, self.signals, self._inside, distinct)

    @property
    def inside(self) -> Mapping[str, NDArray[np.float32]]:
        """Signals as if every shadow had been fitted with every record."""
        return _Side(self, True)

    @property
    def outside(self) -> Mapping[str, NDArray[np.float32]]:
        """Signals as if no shadow had been fitted with any record."""
        return _Side(self, False)

    @property
    def _inside(self) -> NDArray[np.bool_]:
        """Which records, or copies of them, each shadow was fitted on."""
        if self.record_hashes is None:
            return self.member
        return any_copy(self.member, self.record_hashes)

    @property
    def n_shadows(self) -> int:
        """Number of shadow models."""
        return self.member.shape[0]

    @property
    def n_records(self) -> int:
        """Number of records in the pool."""
        return self.member.shape[1]

    @property
    def complements(self) -> NDArray[np.intp]:
        """Each shadow's complement, fitted on all other records; -1 for none."""
        return find_complements(self.member)

    def __repr__(self) -> str:
        shape = f"n_shadows={self.n_shadows}, n_records={self.n_records}"
        asked = f", n_queries={self.queries.n_queries}" if self.queries else ""
        return f"ShadowSignals({shape}, signals={sorted(self.signals)}{asked})"

    def __sklearn_clone__(self) -> "ShadowSignals":
        # Nothing writes into the arrays, so clones of an attack share them.
        return self

    def get(self, name: str) -> NDArray[np.float32]:
        """One signal, derived from the stored ones where that is exact.

        The loss and the confidence are functions of the logit.

        Parameters
        ----------
        name : str
            A name of :data:`skmia.signals.SIGNALS`.

        Returns
        -------
        ndarray of float32 of shape (n_shadows, n_records)
            The stored array itself where there is one: do not write into it.

        Raises
        ------
        ValueError
            Where the signal was not stored.
        """
        if name in self.signals:
            return self.signals[name]
        if name in _OF_LOGIT:
            return _OF_LOGIT[name](self.signals["logit"])
        check_option(name, "name", tuple(SIGNALS))
        raise ValueError(
            f"The signal {name!r} was not stored with these shadows, which have "
            f"{sorted(self.signals)}. Give its array to ShadowSignals, or take the "
            "shadows of fit_shadows, which have all."
        )

    def signal_of(
        self, name: str, proba: ArrayLike, y: ArrayLike
    ) -> NDArray[np.float32]:
        """Compute one signal of another model's answers, as those of the shadows are.

        Shadows are kept in single precision. A target that answers just as they do has
        just their values, and no rounding error ranks its records or accuses them.

        Parameters
        ----------
        name : str
            A name of :data:`skmia.signals.SIGNALS`.
        proba : array-like of shape (n_records, n_classes)
            Predicted probabilities.
        y : array-like of shape (n_records,)
            Column of each record's class.

        Returns
        -------
        ndarray of float32 of shape (n_records,)
            Rounded, or derived from the rounded logit, as :meth:`get` does.
        """
        derived = name in _OF_LOGIT and name not in self.signals
        values = SIGNALS["logit" if derived else name](proba, y).astype(np.float32)
        return _OF_LOGIT[name](values) if derived else values

    def other_side_of(
        self, k: int, X: Any, y: ArrayLike
    ) -> dict[str, NDArray[np.float32]]:
        """Work out what a kept shadow would say, had it been fitted with each row.

        Of rows outside of the pool, which no shadow was fitted on: what it answers is
        their outside value, and this is their inside one.

        Parameters
        ----------
        k : int
            Number of the shadow.
        X : array-like, frame or sparse matrix of shape (n_rows, n_features)
            The rows.
        y : array-like of shape (n_rows,)
            Column of each row's class, as for :meth:`signal_of`.

        Returns
        -------
        dict of str to ndarray of float32 of shape (n_rows,)
            The signals of `other`.

        Raises
        ------
        ValueError
            Where the models were not kept, or have no closed form.
        """
        if self._other_sides is None:
            raise ValueError(
                "These shadows do not tell the other side of rows outside of their "
                "pool: they were not kept, or have no closed form. Make them with "
                "ShadowModels(counterfactual=True, keep_models=True)."
            )
        kept = self._other_sides[k]
        observed, inside = kept.both(as_rows(X), np.asarray(y))
        factors = self.counterfactual_.factor or {}
        nobody = np.zeros(len(observed["logit"]), dtype=bool)
        # As of the pool's records that the shadow was not fitted on.
        outside = ~self._inside[k]
        for name, values in inside.items():
            pool, own = self.signals[name], observed[name]
            factor = factors.get(name, (1.0, 1.0))
            ends = Saturation.of(pool, self.other[name])
            own, values = ends.soften(own), ends.soften(values).copy()
            scale_gaps(values, own, nobody, factor, bounds_of(pool))
            others = ends.soften(self.other[name][k, outside]), values
            alike = ends.soften(pool[k, outside]), own
            both = np.concatenate(others)[None], np.concatenate(alike)[None]
            filled = fill_unknown(*both, np.zeros(both[0].shape, dtype=bool))
            inside[name] = ends.harden(filled[0, -len(own) :]) if len(own) else values
        return inside

    @property
    def tells_other_sides(self) -> bool:
        """Whether :meth:`other_side_of` can be asked about rows outside of the pool."""
        return self._other_sides is not None

    def to_npz(self, path: str | os.PathLike[str]) -> None:
        """Write the arrays to one file, whole or not at all; the models are left out.

        Parameters
        ----------
        path : path-like
            The file, ``.npz`` by custom.
        """
        write_file(self, path)

    @classmethod
    def from_npz(cls, path: str | os.PathLike[str]) -> "ShadowSignals":
        """Read what :meth:`to_npz` wrote; no code in the file is run.

        Parameters
        ----------
        path : path-like
            The file.

        Returns
        -------
        ShadowSignals
            Without models.

        Raises
        ------
        ValueError
            Where the file is truncated or is none of ours.
        """
        return read_file(path, cls)


class _Side(Mapping[str, NDArray[np.float32]]):
    """Signals on one side of every record, put together where they are asked for."""

    def __init__(self, shadows: ShadowSignals, inside: bool) -> None:
        self._shadows = shadows
        self._is_inside = inside

    def __getitem__(self, name: str) -> NDArray[np.float32]:
        shadows = self._shadows
        if name not in shadows.other and name in _OF_LOGIT and shadows.other:
            return _OF_LOGIT[name](self["logit"])
        observed = shadows._inside == self._is_inside
        return np.where(observed, shadows.signals[name], shadows.other[name])

    def __iter__(self) -> Iterator[str]:
        return iter(self._shadows.other)

    def __len__(self) -> int:
        return len(self._shadows.other)
