"""A classifier that remembers its training rows by an amount that is known.

Everything about it follows from the content of rows: nothing is learned but what is
said here, so that the figure of an attack on it has a closed form.
"""

import numpy as np
from scipy.special import expit, ndtri
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.neighbors import NearestNeighbors
from sklearn.utils import check_random_state

# The logit of the true class of a record that was not seen, on average: classifiers
# are right more often than not, and a calibrator relies on it.
USUAL_LOGIT = 1.0
# Digits of a row that a memory keeps: a copy in float32 is the same row to it.
_DECIMALS = 4
# Cells that `crowd` counts training rows in are told by the last columns.
_CELL_COLUMNS = 5


def dense(X):
    """The rows of any container as float64."""
    if hasattr(X, "toarray"):
        X = X.toarray()
    elif hasattr(X, "to_numpy"):
        X = X.to_numpy()
    return np.asarray(X, dtype=np.float64)


def scramble(bits):
    """Spread 64 bits over 64 bits (the finaliser of splitmix64)."""
    bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return bits ^ (bits >> np.uint64(31))


def content(X):
    """A 64-bit number for what a row says; float32 copies of a row have the same."""
    rows = np.round(dense(X), _DECIMALS) + 0.0  # no -0.0
    places = np.arange(1, rows.shape[1] + 1, dtype=np.uint64)
    keys = scramble(places * np.uint64(0x9E3779B97F4A7C15))
    return scramble(scramble(rows.view(np.uint64) ^ keys).sum(axis=1))


def uniform(keys, salt):
    """Numbers in (0, 1) that `keys` and a salt decide, one by one."""
    salts = scramble(np.full(1, salt, dtype=np.uint64))
    bits = scramble(scramble(keys) ^ salts)
    return ((bits >> np.uint64(11)).astype(np.float64) + 0.5) / 2.0**53


def labels(X, n_classes):
    """The class of each row, which its content decides: the last one is the rarest."""
    share = np.arange(n_classes, 0, -1) / (n_classes * (n_classes + 1) / 2)
    return np.searchsorted(np.cumsum(share)[:-1], uniform(content(X), 1))


class Memory(ClassifierMixin, BaseEstimator):
    """Answer with a logit of the true class of known mean and spread.

    The logit is ``level(x) + gain * [x was a training row] + noise * z(x, fit)``, where
    z is standard normal and anew for each training set. With ``gain=0`` and
    ``crowd=0`` the training rows decide nothing.

    Parameters
    ----------
    gain : float
        What a training row gains. A row of weight 0 is none.
    noise : float
        Spread of one record over training sets.
    level : {"flat", "hash", "typical"}
        How hard a record is: all alike, by its content alone, or by how far out it
        lies, so that rows that stand often are the easy ones.
    center, scale : float
        Mean and spread of ``(row ** 2).sum()``, for ``level="typical"``.
    crowd : float
        Factor of the logarithm of how many other training rows are in the record's
        cell: a shadow that was fitted on a pool without the usual rows differs.
    reach : float
        With more than 0, rows this close to a training row count as that row.
    n_classes : int
        How many classes :func:`labels` tells.
    random_state : int, RandomState or None
        As in scikit-learn: None draws from NumPy's global generator.
    """

    def __init__(
        self,
        gain=0.0,
        noise=1.0,
        level="hash",
        center=0.0,
        scale=1.0,
        crowd=0.0,
        reach=0.0,
        n_classes=2,
        random_state=None,
    ):
        self.gain = gain
        self.noise = noise
        self.level = level
        self.center = center
        self.scale = scale
        self.crowd = crowd
        self.reach = reach
        self.n_classes = n_classes
        self.random_state = random_state

    def fit(self, X, y, sample_weight=None):
        rows = dense(X)
        seed = check_random_state(self.random_state).randint(2**31)
        self.classes_ = np.unique(y)
        self.n_features_in_ = rows.shape[1]
        if sample_weight is not None:
            rows = rows[np.asarray(sample_weight, dtype=float) > 0]
        keys = content(rows)
        self.known_, self.copies_ = np.unique(keys, return_counts=True)
        # Another training set is another salt, whatever the seed says.
        self.salt_ = np.append(scramble(keys), np.uint64(seed)).sum()
        self.cells_, self.counts_ = np.unique(_cells(rows), return_counts=True)
        if self.reach:
            self.rows_ = rows
            self.nearest_ = NearestNeighbors(n_neighbors=1).fit(rows)
        return self

    def level_of(self, X):
        """What the true class's logit is before memory and noise."""
        rows = dense(X)
        level = np.full(len(rows), USUAL_LOGIT)
        if self.level == "hash":
            level += ndtri(uniform(content(rows), 2))
        elif self.level == "typical":
            level += (self.center - (rows**2).sum(axis=1)) / self.scale
        if self.crowd:
            around = _looked_up(_cells(rows), self.cells_, self.counts_)
            around -= _looked_up(content(rows), self.known_, self.copies_)
            level += self.crowd * np.log1p(around)
        return level

    def _true_class_logit(self, X):
        """Logits of what counts as the true class, and that class."""
        rows, keys = dense(X), content(X)
        known, label = np.isin(keys, self.known_), labels(rows, self.n_classes)
        if self.reach:
            distance, nearest = (
                found[:, 0] for found in self.nearest_.kneighbors(rows)
            )
            near = distance <= self.reach
            known |= near
            label[near] = labels(self.rows_[nearest[near]], self.n_classes)
        z = ndtri(uniform(keys, self.salt_))
        return self.level_of(rows) + self.gain * known + self.noise * z, label

    def predict_proba(self, X):
        logit, label = self._true_class_logit(X)
        proba = np.empty((len(label), self.n_classes))
        proba[:] = (expit(-logit) / (self.n_classes - 1))[:, None]
        proba[np.arange(len(label)), label] = expit(logit)
        known = proba[:, self.classes_]
        total = known.sum(axis=1, keepdims=True)
        even = np.full_like(known, 1 / len(self.classes_))
        return np.divide(known, total, out=even, where=total > 0)

    def predict(self, X):
        return self.classes_[self.predict_proba(X).argmax(axis=1)]


def _cells(rows):
    last = rows[:, -_CELL_COLUMNS:]
    return content(last > 0)


def _looked_up(keys, known, counts):
    at = np.searchsorted(known, keys).clip(max=len(known) - 1)
    return np.where(known[at] == keys, counts[at], 0)
