"""The rows of a recommendation: those it is chosen by, and those it is checked on."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmia._tables import (
    Copies,
    Hashes,
    Persons,
    Queries,
    as_rows,
    check_alignment,
    check_metadata,
    draw_units,
    has_no_weight,
    hash_rows,
    n_rows,
    slice_metadata,
    take_rows,
)
from skmia.shadows import draw_design
from skmia.utils import check_labels, check_two_classes, encode_groups

# Perturbed copies of a record that a model is asked about where it masks its outputs.
_N_QUERIES = 8
# Part of the rows that private models of persons learn from, at least.
_KEPT = 0.9
# Rows of the choice and of the check, of which about half are members of each model.
_FEWEST_ROWS = 10


@dataclass(frozen=True)
class Rows:
    """All rows that have a weight, and which of them the choice does not look at.

    Attributes
    ----------
    X, y, columns, classes
        The rows, their labels, and these as positions in the sorted classes.
    persons : ndarray of int or None
        Whose they are.
    params : dict
        Metadata of the fit.
    hashes : ndarray of uint64
        Content of each, its label included.
    check : ndarray of bool
        The rows that a choice is checked on. Models are fitted on halves of all rows;
        what they say of these is left out while candidates are compared.
    seed : int
        Of the perturbed copies.
    """

    X: Any
    y: NDArray
    columns: NDArray[np.intp]
    classes: NDArray
    persons: Persons | None
    params: dict[str, Any]
    hashes: Hashes
    check: NDArray[np.bool_]
    seed: int

    @cached_property
    def copies(self) -> Copies:
        """Perturbed copies of the rows, the same for all models."""
        queries = Queries.checked(_N_QUERIES, "auto", 0.1, 0.05, self.seed)
        return Copies(queries, self.X)

    @property
    def group_size(self) -> int | None:
        """Rows of a person that a private model learns from; None without persons.

        Nine in ten of all rows stay. Noise grows with this number, so that a few
        persons with many rows do not decide.
        """
        if self.persons is None:
            return None
        lengths = np.bincount(self.persons)
        sizes = np.unique(lengths[lengths > 0])
        kept = np.minimum(lengths, sizes[:, None]).sum(axis=1)
        return int(sizes[np.argmax(kept >= _KEPT * len(self.persons))])


def make_rows(
    X: Any,
    y: Any,
    groups: Any,
    params: Mapping[str, Any] | None,
    check_size: float,
    random_state: np.random.RandomState,
) -> Rows:
    """Check the rows, and draw those that the choice does not look at."""
    X = as_rows(X)
    n = n_rows(X)
    labels = check_labels(y, n, "recommend_defense")
    metadata = check_metadata(params, n)
    check_alignment(X, {"y": y, "groups": groups} | metadata)
    persons = None if groups is None else encode_groups(groups, n)[0]
    positions = np.flatnonzero(~has_no_weight(metadata, n))
    if not len(positions):
        raise ValueError(
            f"Every row of X ({n}) has a sample_weight of 0: no model can be trained. "
            "Pass rows with a weight."
        )
    if len(positions) < n:
        X, labels = take_rows(X, positions), labels[positions]
        metadata = slice_metadata(metadata, positions, n)
        persons = None if persons is None else persons[positions]
    classes, columns = np.unique(labels, return_inverse=True)
    check_two_classes(classes, "recommend_defense")
    hashes = hash_rows(X, labels)
    units = draw_units(hashes, persons)
    check = draw_design(columns, 1, check_size, random_state, units=units)[0]
    n_check, n_all = int(check.sum()), len(check)
    if min(n_check, n_all - n_check) < _FEWEST_ROWS:
        raise ValueError(
            f"The 'check_size' parameter must leave {_FEWEST_ROWS} rows or more to "
            f"choose by, and {_FEWEST_ROWS} or more to check on. Got {check_size!r} "
            f"instead, which of {n_all} rows leaves {n_all - n_check} and {n_check}."
        )
    seed = int(random_state.randint(2**31))
    return Rows(X, labels, columns, classes, persons, metadata, hashes, check, seed)
