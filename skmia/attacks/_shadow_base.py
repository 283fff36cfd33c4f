"""ShadowAttack: the template of the attacks that compare with shadow models."""

import warnings
from abc import abstractmethod

import numpy as np

from skmia.attacks._base import MembershipAttack
from skmia.shadows import ShadowSignals, auto_train_size, fit_shadows
from skmia.shadows._fit import DEFAULT_SIGNALS, iter_models
from skmia.signals import MEMBER_SIGN, SATURATED_LOGIT, SIGNALS
from skmia.utils._labels import check_labels
from skmia.utils._response import class_probabilities
from skmia.utils._rows import hash_rows, match_rows
from skmia.utils._validation import check_integer, check_option, check_real

# Signals that shadows stored in other units may hold too: close to the end is at it.
_SATURATED = 0.999 * SATURATED_LOGIT


class ShadowAttack(MembershipAttack):
    """Base class of the attacks that need shadow models.

    It fits them or takes those that it is given, finds the rows of a later call in
    the pool by content, and asks the kept models about rows that are not there. A
    subclass turns the signals into scores, through ``_fit_shadow_attack``,
    ``_score_pool`` and ``_score_unknown``.
    """

    def _check_params(self):
        check_option(self.signal, "signal", tuple(SIGNALS))
        check_real(self.max_fpr, "max_fpr", 0, 1, closed="neither")
        if isinstance(self.train_size, str):
            check_option(self.train_size, "train_size", ("auto",))
        else:
            check_real(self.train_size, "train_size", 0, 1, closed="neither")
        if self.shadows is None:
            # Each shadow is a target in turn, without its twin: two must be left.
            check_integer(self.n_shadows, "n_shadows", 4)
        elif not isinstance(self.shadows, ShadowSignals):
            raise TypeError(
                "The 'shadows' parameter must be a ShadowSignals or None. Got "
                f"{type(self.shadows).__name__} instead; make one of plain arrays "
                "with ShadowSignals(signals, member)."
            )
        elif self.shadows.n_shadows < 4:
            raise ValueError(
                "The 'shadows' parameter must hold at least 4 shadow models. "
                f"Got {self.shadows.n_shadows} instead."
            )

    def _fit_attack(self, target, X, params, random_state):
        n = len(target.columns)
        if target.precomputed:
            self._hashes = self._x_hashes = None
        else:
            self._hashes = hash_rows(X, target.labels)
            self._x_hashes = hash_rows(X)
        if self.shadows is not None:
            shadows = self._check_given(n)
        else:
            shadows = self._fit_own(target, X, params, random_state)
        self.shadows_ = shadows
        # "Out" means that no copy of the record was seen.
        self._member = (
            shadows.member
            if self._hashes is None
            else _any_copy(shadows.member, self._hashes)
        )
        if self._member.all():
            raise ValueError(
                "The 'shadows' parameter has every record in every shadow, so that "
                "nothing tells what a non-member looks like. Pass shadows that leave "
                "records out."
            )
        values = MEMBER_SIGN[self.signal] * shadows.get(self.signal)
        self._bound, self._limit = _saturation(values)
        self._fit_shadow_attack(self._soften(values), self._member)

    def _fit_own(self, target, X, params, random_state):
        if target.precomputed:
            raise ValueError(
                "With estimator='precomputed' there is nothing to fit shadow models "
                "with. Pass shadows=ShadowSignals(signals, member), whose records are "
                "the rows of X in the same order."
            )
        train_size = self.train_size
        if train_size == "auto":
            train_size = (
                0.5
                if target.membership is None
                else auto_train_size(target.membership, self.n_shadows)
            )
        return fit_shadows(
            self.estimator,
            X,
            target.labels,
            n_shadows=self.n_shadows,
            train_size=train_size,
            signals=tuple(dict.fromkeys((*DEFAULT_SIGNALS, self.signal))),
            n_jobs=self.n_jobs,
            random_state=random_state,
            keep_models=self.keep_models,
            verbose=self.verbose,
            cache_dir=self.cache_dir,
            params=params,
        )

    def _check_given(self, n):
        shadows = self.shadows
        if shadows.n_records != n:
            raise ValueError(
                f"The 'shadows' parameter has signals of {shadows.n_records} records, "
                f"but X has {n} rows. Pass the pool that the shadows were asked about."
            )
        known = shadows.record_hashes
        if (
            known is not None
            and self._hashes is not None
            and not np.array_equal(known, self._hashes)
        ):
            differ = int((known != self._hashes).sum())
            raise ValueError(
                "The 'shadows' parameter was made from other records: the content of "
                f"{differ} of {n} rows of X and y differs. Pass the same rows in the "
                "same order."
            )
        return shadows

    def _soften(self, values):
        """Saturated values pulled in, to just beyond the largest that are not.

        A forest's probability of exactly 1 is not infinitely surer than 0.99. Left
        at the clip, a few such values inflate every mean and spread: on Location-30
        they took LiRA's TPR at 0.1 % FPR on a random forest from 1.00 to 0.03.
        """
        beyond = np.abs(values) >= self._bound
        return np.where(beyond, np.copysign(self._limit, values), values)

    def _score(self, X, y):
        proba, columns = self._answers(X, y)
        values = self._soften(
            MEMBER_SIGN[self.signal] * SIGNALS[self.signal](proba, columns)
        )
        if self._target.precomputed:
            return self._score_pool(values, self._precomputed_rows(columns, y))
        rows = np.full(len(values), -1)
        if y is not None:
            # The pool was asked about true labels; a predicted one is another record.
            labels = check_labels(y, len(values), type(self).__name__)
            rows = match_rows(hash_rows(X, labels), self._hashes)
        unknown = int((rows < 0).sum())
        if not unknown:
            return self._score_pool(values, rows)
        if unknown < len(rows) and not self._one_scale():
            warnings.warn(
                f"{unknown} of {len(rows)} rows are not in the pool that the shadow "
                "models were fitted on. All rows of this call are scored offline, from "
                "the shadows that have not seen them; these scores and those of calls "
                "within the pool are on different scales.",
                UserWarning,
                stacklevel=4,
            )
        return self._ask_models(X, columns, values, rows)

    def _precomputed_rows(self, columns, y):
        pool = self._target.columns
        if len(columns) != len(pool):
            raise ValueError(
                "With estimator='precomputed' and given shadows, the rows of X are the "
                f"shadows' {len(pool)} records in the same order. Got {len(columns)} "
                "rows instead."
            )
        if y is None:
            raise ValueError(
                "With estimator='precomputed', y must be passed: the shadows' signals "
                "are those of the true classes."
            )
        if differ := int((columns != pool).sum()):
            raise ValueError(
                "With estimator='precomputed' and given shadows, y is that of fit, row "
                f"by row. Got {differ} of {len(pool)} rows with another class instead; "
                "pass the records in the order of fit."
            )
        return np.arange(len(pool))

    def _ask_models(self, X, columns, values, rows):
        """Score offline, from what the kept models say of `X`."""
        if self.shadows_.models is None:
            raise ValueError(
                "Some rows are not in the pool that the shadow models were fitted on, "
                "or came without labels, and the models were not kept. Pass rows of "
                "the pool with their labels, or fit the attack with keep_models=True "
                "(or with shadows of fit_shadows(..., keep_models=True))."
            )
        said = np.stack(
            [
                SIGNALS[self.signal](
                    class_probabilities(model, X, self._target.classes), columns
                )
                for model in iter_models(self.shadows_)
            ]
        )
        seen = np.zeros(said.shape, dtype=bool)
        # The same features under another label count as seen: the model knows them.
        by_features = _any_copy(self.shadows_.member, self._x_hashes)
        for member, where in (
            (by_features, match_rows(hash_rows(X), self._x_hashes)),
            (self._member, rows),
        ):
            known = where >= 0
            seen[:, known] = member[:, where[known]]
        said = self._soften(MEMBER_SIGN[self.signal] * said)
        return self._score_unknown(values, said, ~seen)

    @abstractmethod
    def _fit_shadow_attack(self, values, member):
        """Learn from signals and membership, both (n_shadows, n_records)."""

    @abstractmethod
    def _score_pool(self, values, rows):
        """Scores and offset of the target's `values` on the pool's `rows`."""

    @abstractmethod
    def _score_unknown(self, values, said, out):
        """Scores and offset from what the shadows `said` where they are `out`."""

    @abstractmethod
    def _one_scale(self):
        """Whether rows inside and outside of the pool are scored alike."""


def _saturation(values):
    """The magnitude from which values are pulled in, and the one they get.

    They get half a step (log 2) more than the largest of `values` that is not
    saturated. Where some are, that is the end of the scale for a target as well;
    where none is, only a target's own saturated values are pulled in.
    """
    magnitude = np.abs(values)
    saturated = magnitude >= _SATURATED
    limit = float(magnitude[~saturated].max(initial=0.0)) + float(np.log(2))
    return limit if saturated.any() else _SATURATED, limit


def _any_copy(member, hashes):
    """`member`, true where any record of the same content is."""
    order = np.argsort(hashes, kind="stable")
    starts = np.flatnonzero(np.r_[True, np.diff(hashes[order]) != 0])
    if len(starts) == len(hashes):
        return member
    by_content = np.logical_or.reduceat(member[:, order], starts, axis=1)
    group = np.empty(len(hashes), dtype=np.intp)
    group[order] = np.repeat(np.arange(len(starts)), np.diff(np.r_[starts, len(order)]))
    return by_content[:, group]
