"""ShadowAttack: the template of the attacks that compare with shadow models."""

from abc import abstractmethod
from copy import copy
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from skmia._models import (
    Saturation,
    look_inside,
)
from skmia._tables import (
    Copies,
    any_copy,
    any_seen,
    check_drawn_whole,
    hash_rows,
    match_rows,
    mean_answer,
    take_rows,
)
from skmia.attacks._given_shadows import check_enough, check_same_records, same_rows
from skmia.attacks._kept_models import asking, check_kept, oriented, who_has_seen
from skmia.attacks._nonmembers import check_has_records
from skmia.attacks._scores import Comparison, blocks
from skmia.attacks._shadow_targets import BLOCK, ShadowsAsTargets
from skmia.attacks._shadow_warnings import (
    warn_of_another_fit,
    warn_of_one_sided_records,
    warn_of_uninformative_shadows,
    warn_of_unknown_rows,
)
from skmia.attacks._target import Target
from skmia.shadows import ShadowSignals, check_shadows, fit_shadows
from skmia.signals import SIGNALS, BoolArray, FloatArray, IndexArray
from skmia.utils import check_labels, check_option


class ShadowAttack(ShadowsAsTargets):
    """Compare the target with shadow models: base class of the attacks that do.

    It fits the shadows or takes those that it is given, finds the rows of a later call
    in the pool by content, asks the kept models about other rows, and takes thresholds
    from shadows used as targets, each without its complement. A new attack is a
    subclass of two methods: ``__init__`` with the parameters of the example beside its
    own, and the formula ``_offline``. See the user guide, :doc:`/guide/shadows`.

    Notes
    -----
    What a subclass may write:

    ``_signals()``
        Names of the signals that it uses; the logit by default. Values are oriented so
        that they are higher for members.
    ``_offline(x, values, out)``
        Scores of `x`, the target's values of shape (n,), given the shadows' `values`
        where they are `out`, both of shape (n_shadows, n). Where the shadows tell both
        sides of every record, there are two rows of each: with all records, and
        without any. Records come in blocks: a score must not depend on the others.
    ``_online(x, values, member)`` and ``_is_online()``
        The same from shadows that hold a record as well, where there is a formula.
    ``_check_params()``
        Checks of its own parameters, before ``super()._check_params()``.
    ``_fit_shadow_attack``, ``_score_pool``, ``_score``
        For an attack that learns something from the shadows, such as `StackedAttack`.
        What it says of shadows that it has not learnt from is kept as ``_judged``, for
        :meth:`score_shadows`: rows, membership and scores of each; or ``_plays()``
        yields it. Without, the scores of a person's rows are put together by their
        mean.

    Add a line to :data:`skmia.attacks.ATTACKS`, and audits, benchmarks and the tests
    that every attack must pass find it by its short name.

    See Also
    --------
    MembershipAttack : For attacks without shadow models.
    skmia.shadows.ShadowModels : What the ``shadows`` parameter takes.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.datasets import load_breast_cancer
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> from skmia.attacks import ShadowAttack
    >>> from skmia.metrics import roc_auc
    >>> class AboveMedianAttack(ShadowAttack):
    ...     def __init__(
    ...         self,
    ...         estimator,
    ...         *,
    ...         shadows=16,
    ...         max_fpr=0.01,
    ...         n_jobs=None,
    ...         random_state=None,
    ...         verbose=0,
    ...     ):
    ...         self.estimator = estimator
    ...         self.shadows = shadows
    ...         self.max_fpr = max_fpr
    ...         self.n_jobs = n_jobs
    ...         self.random_state = random_state
    ...         self.verbose = verbose
    ...
    ...     def _offline(self, x, values, out):
    ...         return x - np.nanmedian(np.where(out, values, np.nan), axis=0)
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> attack = AboveMedianAttack(DecisionTreeClassifier(), shadows=8, random_state=0)
    >>> scores = attack.fit(X, y).score_samples(X, y)
    >>> roc_auc(attack.membership_, scores) > 0.5
    True
    """

    # Hashes, or None for a precomputed target, which has no records.
    _hashes: Any
    _x_hashes: Any
    # Whether "auto" keeps the shadow models, to ask them about rows outside the pool.
    _asks_shadows = True

    @abstractmethod
    def __init__(self) -> None:
        """Assign the parameters; every attack has its own."""

    @property
    def needs_confidences(self) -> bool:
        """Whether a target that gives labels only cannot be attacked so.

        It can: how often the shadow models are right tells how hard a record is.
        """
        return False

    @property
    def learns_from_shadows(self) -> bool:
        """Whether more is learnt from the shadows than a formula reads off them.

        Such an attack takes long to be learnt anew without some of them.
        """
        own = type(self)._fit_shadow_attack
        return own is not ShadowAttack._fit_shadow_attack

    def _check_params(self) -> None:
        for name in self._signals():
            check_option(name, "signal", tuple(SIGNALS))
        shadows = check_shadows(self.shadows, estimator=self.estimator)
        given = isinstance(shadows, ShadowSignals)
        if shadows.queries if given else shadows.n_queries:
            check_has_records(
                self.estimator,
                type(self).__name__,
                "with n_queries asks the target about perturbed copies of the records",
                "n_queries=0, with shadows that were made so",
            )

    def _fit_attack(
        self,
        target: Target,
        X: Any,
        params: dict[str, Any],
        random_state: np.random.RandomState,
    ) -> None:
        n = len(target.columns)
        if target.precomputed:
            self._hashes = self._x_hashes = None
        else:
            # A target that cannot answer fails here, before its shadows are fitted.
            target.check_answers(X)
            self._hashes = hash_rows(X, target.labels)
            self._x_hashes = hash_rows(X)
        if isinstance(self.shadows, ShadowSignals):
            shadows = self.shadows
            check_same_records(shadows, n, self._hashes)
            if target.persons is not None:
                check_drawn_whole(shadows.member, target.persons)
        else:
            shadows = self._fit_own(target, X, params, random_state)
        # Where closed forms that there were to be have proved to be wrong.
        self.shadows_ = check_shadows(shadows)
        other = self._other_side(shadows)
        check_enough(shadows.n_shadows, bool(other))
        # What the shadows were asked about, in the same copies.
        self._copies = Copies(shadows.queries, X) if shadows.queries else None
        # "Out" means that no copy of the record, and no row of its person, was seen.
        self._member = any_seen(shadows.member, self._hashes, target.persons)
        if self._member.all():
            raise ValueError(
                "The 'shadows' parameter has every record in every shadow, so that "
                "there are no non-members to compare with. Pass shadows that leave "
                "records out."
            )
        # Contents that many persons have are in every shadow; it is no fault of these.
        drawn = target.persons is not None
        if not other:
            warn_of_one_sided_records(shadows.member if drawn else self._member)
        values = self._oriented_signals(shadows)
        warn_of_uninformative_shadows(
            list(values.values()),
            self._member,
            target.membership,
            self._hashes,
            target.persons,
        )
        self._saturation = {}
        for name in values:
            # One by one, so that no signal is held twice for longer than need be.
            both = [side[name] for side in (values, other) if side]
            saturation = self._saturation[name] = Saturation.of(*both)
            values[name] = saturation.soften(values[name])
            if other:
                other[name] = saturation.soften(other[name])
        self._compared = Comparison(values, self._member, other)
        self._fit_shadow_attack(values, self._member, random_state)

    def _signals(self) -> tuple[str, ...]:
        """Names of the signals that the attack uses."""
        return ("logit",)

    def _fit_own(
        self,
        target: Target,
        X: Any,
        params: dict[str, Any],
        random_state: np.random.RandomState,
    ) -> ShadowSignals:
        if target.precomputed:
            raise ValueError(
                "With estimator='precomputed' there is nothing to fit shadow models "
                "with. Pass shadows=ShadowSignals(signals, member), whose records are "
                "the rows of X in the same order."
            )
        models = check_shadows(
            self.shadows,
            target.membership,
            keep_models=self._asks_shadows,
            estimator=self.estimator,
            params=params,
        )
        # A search that the game has fitted is attacked as what it chose, as one that
        # was frozen is.
        _, chosen = look_inside(target.model)
        warn_of_another_fit(target.model, target.membership, params)
        return fit_shadows(
            target.model if chosen else self.estimator,
            X,
            target.labels,
            shadows=models,
            groups=target.persons,
            params=params,
            n_jobs=self.n_jobs,
            random_state=random_state,
            verbose=self.verbose,
        )

    def _other_side(self, shadows: ShadowSignals) -> dict[str, NDArray]:
        """Signals as the shadows would have answered, had they been fitted otherwise.

        All that the attack uses, or none.
        """
        if not shadows.other:
            return {}
        other = ShadowSignals(shadows.other, shadows.member)
        there = {*other.signals, "loss", "confidence"}  # which follow from the logit
        if not there.issuperset(self._signals()):
            return {}
        return self._oriented_signals(other)

    def _oriented_signals(self, shadows: ShadowSignals) -> dict[str, NDArray]:
        """Signals that the attack uses, higher for members."""
        return {s: oriented(s, shadows.get(s)) for s in self._signals()}

    def _soften(self, values: dict[str, NDArray]) -> dict[str, NDArray]:
        return {name: self._saturation[name].soften(v) for name, v in values.items()}

    def _probabilities(self, X: Any) -> NDArray[np.floating]:
        return self._target.probabilities(X, self._copies)

    def _answers_of(
        self, proba: NDArray[np.floating], columns: IndexArray
    ) -> dict[str, NDArray]:
        """Every signal of one model's answers, rounded as those of the shadows."""
        return {
            s: oriented(s, self.shadows_.signal_of(s, proba, columns))
            for s in self._signals()
        }

    def _fit_shadow_attack(
        self,
        values: dict[str, NDArray],
        member: BoolArray,
        random_state: np.random.RandomState,
    ) -> None:
        """Learn from signals by name and membership, all (n_shadows, n_records)."""
        self._read = self._signals()[0]
        self._choose()
        offline = self._offset_of(lambda x, v, m: self._offline(x, v, ~m))
        online = self._offset_of(self._formula) if self._is_online() else offline
        self.offset_, self.offline_offset_ = online, offline

    def _choose(self) -> None:
        """Choose what the user left open, on shadows used as targets."""

    def _score_pool(
        self, values: dict[str, NDArray], rows: IndexArray
    ) -> tuple[FloatArray, float]:
        """Scores and offset of the target's `values` on the pool's `rows`."""
        x, scores = values[self._read], [np.empty(0)]
        for block in blocks(len(rows), BLOCK):
            known = self._compared.rows(self._read, rows[block])
            scores.append(self._formula(x[block], *known))
        return np.concatenate(scores), self.offset_

    def _score(self, X: Any, y: Any) -> tuple[FloatArray, float]:
        proba, columns = self._answers(X, y)
        values = {
            name: own.astype(np.float64)
            for name, own in self._soften(self._answers_of(proba, columns)).items()
        }
        if self._target.precomputed:
            return self._score_pool(values, same_rows(columns, y, self._target.columns))
        rows = np.full(len(columns), -1)
        if y is not None:
            # The pool was asked about true labels; a predicted one is another record.
            labels = check_labels(y, len(columns), type(self).__name__)
            rows = match_rows(hash_rows(X, labels), self._hashes)
        unknown = int((rows < 0).sum())
        if not unknown:
            return self._score_pool(values, rows)
        both = self._ask_both_sides(X, columns, rows)
        about = None if both is None else self._about(both)
        if about is not None:
            return about._score_pool(values, np.arange(len(rows)))
        if unknown < len(rows) and self._is_online():
            warn_of_unknown_rows(unknown, len(rows))
        return self._ask_models(X, columns, values, rows)

    def _about(self, compared: Comparison) -> Self | None:
        """Return this attack on other records, of which the shadows say `compared`.

        None where it cannot be: an attack that keeps of the pool's records more than
        what the shadows say of them overrides it, or is offline for others.
        """
        if type(self)._score_pool is not ShadowAttack._score_pool:
            return None
        found = copy(self)
        found._compared = compared
        return found

    def _ask_both_sides(
        self, X: Any, columns: IndexArray, rows: IndexArray
    ) -> Comparison | None:
        """What the kept models say of `X`, as if fitted with each row and without.

        Of the pool's records at `rows`, they have said so. None where that is not known
        of every row: there is no closed form, or a row is one of the pool with another
        label, which the models may have seen.
        """
        pool, shadows = self._compared, self.shadows_
        if not (pool.two_sided and shadows.models and shadows.tells_other_sides):
            return None
        if len(np.unique(self._target.columns)) < len(self._target.classes):
            return None  # the shadows' columns are of the classes in the pool
        unknown = rows < 0
        if np.any(match_rows(hash_rows(X), self._x_hashes)[unknown] >= 0):
            return None
        new = take_rows(X, np.flatnonzero(unknown))
        own = self._answers_of_models(new, columns[unknown])
        told = [
            shadows.other_side_of(k, new, columns[unknown])
            for k in range(shadows.n_shadows)
        ]
        nobody = np.zeros((shadows.n_shadows, int(unknown.sum())), dtype=bool)
        stacked = {name: np.stack([one[name] for one in told]) for name in told[0]}
        other = self._oriented_signals(ShadowSignals(stacked, nobody))
        return pool.with_new(rows, own, self._soften(other))

    def _answers_of_models(self, X: Any, columns: IndexArray) -> dict[str, NDArray]:
        """Every signal of what the kept models answer, (n_shadows, n_rows)."""
        target = self._target
        answers = [
            self._answers_of(mean_answer(ask, X, self._copies), columns)
            for ask in asking(self.shadows_.models or (), target.model, target.classes)
        ]
        return self._soften(
            {name: np.stack([one[name] for one in answers]) for name in self._signals()}
        )

    def _ask_models(
        self, X: Any, columns: IndexArray, values: dict[str, NDArray], rows: IndexArray
    ) -> tuple[FloatArray, float]:
        """Score offline, from what the kept models answer about `X`."""
        check_kept(self.shadows_.models)
        name = self._signals()[0]
        shadow_values = self._answers_of_models(X, columns)[name]
        # The same features under another label count: the model knows them.
        alike = match_rows(hash_rows(X), self._x_hashes)
        seen = who_has_seen(
            (any_copy(self.shadows_.member, self._x_hashes), alike),
            (self._member, rows),
        )
        scores = self._offline(values[name], shadow_values, ~seen)
        return scores, self.offline_offset_
