"""The quantile regression attack: a threshold for each record from non-members."""

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.base import is_regressor
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.utils import get_tags
from tqdm.auto import tqdm

from skmia._models import (
    Saturation,
    draw_seeds,
    few_threads,
    own_generators,
    seeded_clone,
)
from skmia._tables import (
    ColumnEncoder,
    Hashes,
    Persons,
    draw_units,
    hash_rows,
    match_rows,
    mix,
    take_rows,
)
from skmia.attacks._base import MembershipAttack
from skmia.attacks._nonmembers import check_has_records, nonmember_rows
from skmia.attacks._scores import upper_quantile
from skmia.attacks._target import Target
from skmia.signals import BoolArray, FloatArray, IndexArray, logit
from skmia.utils import check_integer, shows_bar

# Columns of a wide sparse X that a regressor gets which takes dense input only.
_MAX_COLUMNS = 256


class QuantileAttack(MembershipAttack):
    """Compare the target's confidence with a quantile regression on non-members.

    A regressor learns, from non-members alone, the margin that a record of these
    features and this class exceeds with probability `max_fpr` only. The margin is that
    of the logits, logit(p_y) - max over other classes of logit(p_c); the score is how
    far it lies above that quantile. So each record has a threshold of its own, a low
    one if it is hard to classify, without any shadow model. It is black-box. See the
    user guide, :doc:`/guide/attacks`.

    Parameters
    ----------
    estimator : classifier or FrozenEstimator
        The target. ``FrozenEstimator(model)`` attacks this very model; an unfitted
        classifier or Pipeline plays the membership game: a clone is fitted on half
        of each class. Not ``"precomputed"``: the regressor needs features.
    regressor : regressor, default=None
        A quantile regressor, bare or within a Pipeline; cloned, and its level is set
        to 1 - `max_fpr`: the parameter ``quantile`` (`QuantileRegressor`,
        `HistGradientBoostingRegressor`), or ``alpha`` (`GradientBoostingRegressor`).
        A ``loss`` or ``objective``, where it has one, must be ``"quantile"``. It is
        given the columns of X as numbers, those of text as codes, and the class as
        one column (two classes) or one for each class. The default is
        ``HistGradientBoostingRegressor(loss="quantile")``.
    cv : int, default=5
        Number of folds of the non-members, and of regressors: each one is fitted
        without a fold, and judges that fold.
    max_fpr : float, default=0.01
        Fraction of non-members that may be accused.
    random_state : int, RandomState or None, default=None
        Draws the members of the membership game, and seeds its target, the folds
        and the regressors.
    verbose : int, default=0
        Show a progress bar of the regressors where it is above 0.

    Attributes
    ----------
    offset_ : float
        The threshold on ``score_samples``, above which a record is called a member.
    regressors_ : list of regressor
        The fitted regressors.
    estimator_ : classifier
        The target.
    membership_ : ndarray of bool of shape (n_records,) or None
        Which rows given to `fit` the target was fitted on, where that is known.
    n_features_in_ : int
        Number of features of the target.
    feature_names_in_ : ndarray of str
        Their names, where the target knows them.

    See Also
    --------
    LossThresholdAttack : One threshold for all records, or for each class.
    LiRAAttack : Stronger, at the cost of the shadow models.

    Notes
    -----
    A regressor that judged the records it was fitted on would accuse more than
    `max_fpr` of further non-members. Here the content of a record's features decides
    which regressor judges it, and that one was fitted without any record of this
    content. This applies to the rows of `fit`, to later ones and to members alike, so
    that all are judged in the same way and a row's score does not depend on the call.
    ``offset_`` is the 1 - `max_fpr` quantile of the non-members' scores gained that
    way. The false positive rate therefore holds however poor the regressor is; a poor
    one only finds fewer members.

    Probabilities of exactly 0 and 1 are pulled in to just beyond the largest margin
    that is not saturated. Otherwise they would dominate the regression.

    Give it many non-members, several times 1 / `max_fpr` at the least, from where the
    members come from. Do not rely on it where records of a kind are few, where
    features say little about how hard a record is, or where a target answers with
    few different values, as a tree does: it is then no better than
    `LossThresholdAttack`. A low figure is no evidence of safety.

    References
    ----------
    Bertran, Tang, Roth, Kearns, Morgenstern and Wu, "Scalable Membership Inference
    Attacks via Quantile Regression", NeurIPS 2023, section 3.

    Examples
    --------
    >>> from sklearn.datasets import make_classification
    >>> from sklearn.ensemble import RandomForestClassifier
    >>> from skmia.attacks import QuantileAttack
    >>> from skmia.metrics import roc_auc
    >>> X, y = make_classification(600, flip_y=0.2, random_state=0)
    >>> forest = RandomForestClassifier(20, random_state=0)
    >>> attack = QuantileAttack(forest, max_fpr=0.05, random_state=0).fit(X, y)
    >>> roc_auc(attack.membership_, attack.score_samples(X, y)) > 0.7
    True
    >>> bool(attack.predict(X, y)[~attack.membership_].mean() <= 0.05)
    True
    """

    def __init__(
        self,
        estimator: Any,
        *,
        regressor: Any = None,
        cv: int = 5,
        max_fpr: float = 0.01,
        random_state: int | np.random.RandomState | None = None,
        verbose: int = 0,
    ) -> None:
        self.estimator = estimator
        self.regressor = regressor
        self.cv = cv
        self.max_fpr = max_fpr
        self.random_state = random_state
        self.verbose = verbose

    def _check_params(self) -> None:
        check_integer(self.cv, "cv", 2)
        check_has_records(
            self.estimator,
            type(self).__name__,
            "predicts scores from the records' features",
            "LossThresholdAttack(per_class=True) for thresholds that need none",
        )
        self._quantile_params()

    def _quantile_params(self) -> tuple[Any, dict[str, float]]:
        """The regressor's own default, and the parameters that set its quantile."""
        regressor = self.regressor
        if regressor is None:
            regressor = HistGradientBoostingRegressor(loss="quantile")
        names = quantile_parameters(regressor)
        return regressor, dict.fromkeys(names, 1 - self.max_fpr)

    def _fit_attack(
        self,
        target: Target,
        X: Any,
        params: dict[str, Any],
        random_state: np.random.RandomState,
    ) -> None:
        rows = nonmember_rows(target, X, self.max_fpr, type(self).__name__)
        columns, hashes = target.columns[rows], hash_rows(X)[rows]
        scores = margin(target.probabilities_at(X, rows), columns)
        X = take_rows(X, rows)
        self._salt = mix(draw_seeds(random_state, 1).astype(np.uint64) + np.uint64(1))
        persons = None if target.persons is None else target.persons[rows]
        fold = self._draw_folds(hashes, persons)
        regressor, quantile = self._quantile_params()
        self._models = []
        with few_threads(len(rows)):
            seeds = draw_seeds(random_state, self.cv)
            bar = tqdm(
                seeds, "quantile", disable=not shows_bar(self.verbose), leave=None
            )
            for k, seed in enumerate(bar):
                model = seeded_clone(regressor, int(seed)).set_params(**quantile)
                part = self._part(X, columns, scores, fold != k)
                with own_generators(int(seed)):
                    self._models.append(_QuantileModel(model).fit(*part))
        self.regressors_ = [model.regressor for model in self._models]
        evidence = self._evidence(X, columns, scores, fold)
        self.offset_ = upper_quantile(evidence, self.max_fpr)

    def _draw_folds(self, hashes: Hashes, persons: Persons | None) -> IndexArray:
        """Cut the scale of scrambled hashes so that the folds are even in these rows.

        Rows of a person are where the lowest of them is. What a regressor has learnt of
        one row it knows of the others: no member would have such a good guess.
        """
        places = self._places(hashes)
        if persons is not None:
            unit = np.unique(draw_units(hashes, persons), return_inverse=True)[1]
            lowest = np.full(unit.max() + 1, np.iinfo(places.dtype).max, places.dtype)
            np.minimum.at(lowest, unit, places)
            places = lowest[unit]
        different = np.unique(places)
        if len(different) < self.cv:
            what = "non-members" if persons is None else "persons among the non-members"
            raise ValueError(
                f"cv={self.cv} needs as many different {what}, and there are "
                f"{len(different)}. Pass more of them, or a smaller cv."
            )
        starts = np.arange(1, self.cv) * len(different) // self.cv
        self._cuts = different[starts]
        fold = np.searchsorted(self._cuts, places, side="right")
        # Rows that are asked about later do not say whose they are.
        self._known = None if persons is None else (hashes, fold)
        return fold

    def _places(self, hashes: Hashes) -> Hashes:
        # Not of the label: the same features under another label are known as well.
        return mix(hashes ^ self._salt)

    def _fold_of(self, X: Any) -> IndexArray:
        asked = hash_rows(X)
        fold = np.searchsorted(self._cuts, self._places(asked), side="right")
        if self._known is None:
            return fold
        hashes, folds = self._known
        known = match_rows(asked, hashes)
        return np.where(known < 0, fold, folds[known])

    def _part(
        self, X: Any, columns: IndexArray, scores: FloatArray, where: BoolArray
    ) -> tuple[Any, FloatArray, FloatArray]:
        return (
            take_rows(X, where),
            class_columns(columns[where], len(self._target.classes)),
            scores[where],
        )

    def _evidence(
        self, X: Any, columns: IndexArray, scores: FloatArray, fold: IndexArray
    ) -> FloatArray:
        """How far each score lies above its quantile, by the regressor of its fold."""
        evidence = np.empty(len(scores))
        with few_threads(len(scores)):
            for k in np.unique(fold):
                where = fold == k
                part = self._part(X, columns, scores, where)
                evidence[where] = self._models[k].evidence(*part)
        return evidence

    def _score(self, X: Any, y: Any) -> tuple[FloatArray, float]:
        proba, columns = self._answers(X, y)
        scores = margin(proba, columns)
        return self._evidence(X, columns, scores, self._fold_of(X)), self.offset_


class _QuantileModel:
    """A quantile of the margin given the record, and all that is learned for it.

    The codes of text, the columns and the end of the scale come from its own training
    rows, so that every record it judges is new to it in every respect.
    """

    def __init__(self, regressor: Any) -> None:
        self.regressor = regressor

    def fit(self, X: Any, label: FloatArray, scores: FloatArray) -> Self:
        self._encoder = ColumnEncoder().fit(X)
        features = self._encoder.transform(X)
        self._keep = None
        if sparse.issparse(features) and not _takes_sparse(self.regressor):
            self._keep = widest_columns(features, _MAX_COLUMNS)
        # Binning fails on a column without any value.
        dense = not sparse.issparse(features)
        self._empty = np.isnan(features).all(axis=0) if dense else None
        self._saturation = Saturation.of(scores)
        self.regressor.fit(
            self._design(features, label), self._saturation.soften(scores)
        )
        return self

    def evidence(self, X: Any, label: FloatArray, scores: FloatArray) -> FloatArray:
        design = self._design(self._encoder.transform(X), label)
        return self._saturation.soften(scores) - self.regressor.predict(design)

    def _design(self, features: Any, label: FloatArray) -> Any:
        if self._keep is not None:
            features = features[:, self._keep].toarray()
        if sparse.issparse(features):
            return sparse.csr_array(sparse.hstack([features, label]))
        if self._empty is not None:
            features = np.where(self._empty, 0, features)
        return np.column_stack([features, label])


def margin(proba: NDArray[np.floating], columns: IndexArray) -> FloatArray:
    """Logit of the true class minus the largest logit of another one.

    Twice the logit where there are two classes; within ± 2 `SATURATED_LOGIT`.
    """
    others = np.array(proba)
    others[np.arange(len(columns)), columns] = -1
    return logit(proba, columns) - logit(proba, others.argmax(axis=1))


def class_columns(columns: IndexArray, n_classes: int) -> FloatArray:
    """The class as numbers: one column for two classes, else one for each."""
    if n_classes == 2:
        return columns[:, None].astype(np.float64)
    return (columns[:, None] == np.arange(n_classes)).astype(np.float64)


def quantile_parameters(regressor: Any) -> list[str]:
    """Names of the parameters that hold the quantile of `regressor`.

    Nested ones count, such as those of a Pipeline's last step.
    """
    known = hasattr(regressor, "get_params") and not isinstance(regressor, type)
    params = regressor.get_params() if known and is_regressor(regressor) else {}
    found = []
    for name in params:
        prefix, _, last = name.rpartition("__")
        beside = f"{prefix}__" if prefix else ""
        kind = params.get(f"{beside}loss", params.get(f"{beside}objective"))
        # An `alpha` is a quantile only where the loss says so: else it is a penalty.
        if (last == "quantile" and kind in (None, "quantile")) or (
            last == "alpha" and kind == "quantile"
        ):
            found.append(name)
    if not found:
        raise ValueError(
            "The 'regressor' parameter must be a quantile regressor: one with a "
            "'quantile' parameter, or with loss='quantile' and an 'alpha'. Got "
            f"{regressor!r} instead; HistGradientBoostingRegressor(loss='quantile') "
            "is one."
        )
    return found


def widest_columns(features: Any, n_columns: int) -> IndexArray:
    """The `n_columns` columns of a sparse matrix with the largest variance."""
    mean = features.mean(axis=0)
    variance = features.power(2).mean(axis=0) - mean**2
    return np.sort(np.argsort(-variance, kind="stable")[:n_columns])


def _takes_sparse(regressor: Any) -> bool:
    return get_tags(regressor).input_tags.sparse
