"""A blind classifier: do members and non-members differ without any model.

Where a classifier that never sees the model tells the two sets apart, an attack may
do no more than that, and its figures are no measure of what the model leaks [1]_.

References
----------
.. [1] D. Das, J. Zhang and F. Tramèr, "Blind baselines beat membership inference
   attacks for foundation models", 2024. https://arxiv.org/abs/2406.16201
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.stats import mannwhitneyu
from sklearn.ensemble import HistGradientBoostingClassifier

from skmia._models import few_threads
from skmia._tables import (
    Persons,
    draw_units,
    encode_columns,
    hash_rows,
    person_means,
    take_rows,
)
from skmia.audit._evidence import Evidence
from skmia.audit._guards._base import Guard
from skmia.metrics import roc_auc, roc_auc_interval

_MAX_ROWS = 4000
_MIN_ROWS = 40  # of either set, after repeats: fewer make no fold worth a fit
_MAX_COLUMNS = 256
_N_FOLDS = 5
_MAX_BINS = 255
_MIN_AUC = 0.55
# What depends on several columns may be found from the rows of one fold and not from
# those of another: so many are looked at in any case.
_FIRST_LOOK = 2
_SURE = 0.998  # one side of an interval of this level is wrong once in a thousand


def blind_classifier(evidence: Evidence) -> Iterator[Guard]:
    """Cross-validate a boosted-tree model that has the rows and not the target.

    At most 4,000 rows, drawn with the seed, as even between the sets as there are rows;
    equal rows and those of a person stay in one fold, so that nothing is recognised
    that was memorised. Persons are compared by the mean over their rows. It stops after
    a fold where the rest could hardly make a difference of it.
    """
    if evidence.X is None or evidence.labels is None:
        return
    seed = evidence.seed
    # Of several models all entries together: what is the same for all of them and
    # tells members from non-members tells which records are the one more often.
    rows = _draw_rows(evidence.membership, np.random.default_rng(seed))
    records = rows if evidence.record is None else evidence.record[rows]
    X, y = take_rows(evidence.X, records), evidence.labels[rows]
    membership = evidence.membership[rows]
    persons = None if evidence.persons is None else evidence.persons[rows]
    order = evidence.order
    hashes = hash_rows(X) if order is None else order.hashes[rows]
    groups = np.unique(hashes, return_inverse=True)[1]
    if persons is not None:
        groups = draw_units(hashes, persons)
    distinct = min(np.unique(groups[side]).size for side in (membership, ~membership))
    if distinct < _MIN_ROWS:
        what = "rows" if persons is None else "persons"
        message = (
            "Whether members and non-members differ without the model was not checked: "
            f"that takes {_MIN_ROWS} different {what} on either side, and one side has "
            f"{distinct}."
        )
        yield Guard("blind_classifier", "note", message, distinct)
        return
    columns, names = encode_columns(X)
    label = np.unique(y, return_inverse=True)[1].astype(np.float64)
    scores = _out_of_fold_scores(columns, label, membership, groups, persons, seed)
    if scores is None:
        return
    sides, scores = _of_persons(membership, scores, persons)
    auc = roc_auc(sides, scores)
    low, high = roc_auc_interval(
        sides, scores, confidence_level=evidence.confidence_level
    )
    if not (low > 0.5 and auc > _MIN_AUC):
        return
    name, alone = _most_telling(columns, names, label, membership)
    message = (
        "A plain classifier that never sees the model tells members from non-members "
        f"with AUC {auc:.3f} [{low:.3f}, {high:.3f}] ({name} alone: "
        f"{alone:.3f}). The two sets seem to come from different sources, times or "
        "filters. Then the figures mix that with what the model leaks; compare members "
        "with rows that were held out at random."
    )
    yield Guard("blind_classifier", "warning", message, int(rows.size), auc)


def _draw_rows(
    membership: NDArray[np.bool_], rng: np.random.Generator
) -> NDArray[np.intp]:
    sides = np.flatnonzero(membership), np.flatnonzero(~membership)
    if membership.size <= _MAX_ROWS:
        return np.arange(membership.size)
    # Half of the rows from either side; what one side lacks, the other may take.
    n = [side.size for side in sides]
    half = _MAX_ROWS // 2
    sizes = [min(n[i], max(half, _MAX_ROWS - n[1 - i])) for i in (0, 1)]
    drawn = [
        rng.choice(side, size, replace=False)
        for side, size in zip(sides, sizes, strict=True)
    ]
    return np.sort(np.concatenate(drawn))


def _out_of_fold_scores(
    columns: Any,
    label: NDArray[np.float64],
    membership: NDArray[np.bool_],
    groups: NDArray[np.intp],
    persons: Persons | None,
    seed: int,
) -> NDArray[np.float64] | None:
    """Scores by models that did not learn from the row; None once all is in vain."""
    scores = np.empty(membership.size)
    fold = _deal_folds(membership, groups, np.random.default_rng(seed))
    for k in range(_N_FOLDS):
        train, test = np.flatnonzero(fold != k), np.flatnonzero(fold == k)
        chosen = _differing_columns(columns, membership, train)
        known = _design(columns, label, train, chosen)
        # Binning fails on a column without any value, or whose values are elsewhere.
        has_value = ~np.isnan(known).all(axis=0)
        known = known[:, has_value]
        # No class_weight: it would change no rank and make the binning slow.
        model = HistGradientBoostingClassifier(
            max_iter=50,
            max_leaf_nodes=15,
            max_bins=_n_bins(known),
            early_stopping=False,
            random_state=seed,
        )
        with few_threads(len(train)):
            model.fit(known, membership[train])
            held_out = _design(columns, label, test, chosen)[:, has_value]
            proba = model.predict_proba(held_out)
        scores[test] = proba[:, 1]
        done = fold <= k
        of = None if persons is None else persons[done]
        more = _FIRST_LOOK <= k + 1 < _N_FOLDS
        if more and _is_in_vain(membership[done], scores[done], of):
            return None
    return scores


def _is_in_vain(
    membership: NDArray[np.bool_],
    scores: NDArray[np.float64],
    persons: Persons | None,
) -> bool:
    """Whether the folds so far leave hardly a chance of an AUC that is worth a word.

    Sets that differ so much fall below by chance in at most one look of a thousand, and
    sets that do not are mostly seen not to after two or three folds of the five. No
    warning is given on a look, so that there are no more false ones.
    """
    sides, scores = _of_persons(membership, scores, persons)
    if sides.all() or not sides.any():
        return False
    return roc_auc_interval(sides, scores, confidence_level=_SURE)[1] < _MIN_AUC


def _of_persons(
    membership: NDArray[np.bool_],
    scores: NDArray[np.float64],
    persons: Persons | None,
) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """Membership and scores, of each person where rows are of persons."""
    if persons is None:
        return membership, scores
    first, means = person_means(scores, persons)
    return membership[first], means


def _n_bins(X: NDArray[np.float64]) -> int:
    """As many bins as a column has values, where all have few.

    The trees are the same with more, and every split then costs a multiple: all bins of
    all columns are gone through, empty ones as well.
    """
    ordered = np.sort(X, axis=0)
    # Missing values, which have a bin of their own, are last, and none equals another.
    changes = (ordered[1:] != ordered[:-1]) & ~np.isnan(ordered[1:])
    return int(np.clip(1 + changes.sum(axis=0).max(), 2, _MAX_BINS))


def _deal_folds(
    membership: NDArray[np.bool_], groups: NDArray[np.intp], rng: np.random.Generator
) -> NDArray[np.intp]:
    """Deal whole groups to the folds in turn, alike ones one after the other.

    scikit-learn's splitter of this kind weighs every group against all folds: as long
    as all of the fits together.
    """
    groups = np.unique(groups, return_inverse=True)[1]
    n_members = np.bincount(groups, membership)
    n_others = np.bincount(groups, ~membership)
    fold = np.empty(len(n_members), dtype=np.intp)
    order = np.lexsort((rng.random(len(fold)), n_others, n_members))
    fold[order] = np.arange(len(fold)) % _N_FOLDS
    return fold[groups]


def _differing_columns(
    columns: Any, membership: NDArray[np.bool_], train: NDArray[np.intp]
) -> NDArray[np.intp]:
    """Return the columns whose means differ most on the training rows.

    It keeps a wide table, such as a bag of words, from being made dense as a whole.
    """
    n_columns = columns.shape[1]
    if n_columns <= _MAX_COLUMNS:
        return np.arange(n_columns)
    rows, members = columns[train], membership[train]
    if sparse.issparse(rows):
        variance = rows.power(2).mean(axis=0) - rows.mean(axis=0) ** 2
        spread = np.sqrt(np.maximum(variance, 0))
    else:
        rows = np.nan_to_num(rows)
        spread = rows.std(axis=0)
    mean = rows[members].mean(axis=0), rows[~members].mean(axis=0)
    distance = np.abs(mean[0] - mean[1]) / np.where(spread > 0, spread, 1)
    return np.argsort(-distance, kind="stable")[:_MAX_COLUMNS]


def _design(
    columns: Any,
    label: NDArray[np.float64],
    rows: NDArray[np.intp],
    chosen: NDArray[np.intp],
) -> NDArray[np.float64]:
    part = columns[rows][:, chosen]
    dense = part.toarray() if sparse.issparse(part) else part
    return np.column_stack([dense, label[rows]])


def _most_telling(
    columns: Any,
    names: list[str],
    label: NDArray[np.float64],
    membership: NDArray[np.bool_],
) -> tuple[str, float]:
    """Name the column that separates the sets best by order alone, with its AUC."""
    everything = np.arange(membership.size)
    chosen = _differing_columns(columns, membership, everything)
    design = _design(columns, label, everything, chosen)
    # Missing values rank lowest, so that missingness counts as a difference.
    design = np.where(np.isnan(design), -np.inf, design)
    sides = design[membership], design[~membership]
    wins = mannwhitneyu(*sides, axis=0, method="asymptotic").statistic
    auc = wins / (len(sides[0]) * len(sides[1]))
    auc = np.maximum(auc, 1 - auc)
    best = int(np.argmax(auc))
    name = "the label" if best == len(chosen) else names[chosen[best]]
    return name, float(auc[best])
