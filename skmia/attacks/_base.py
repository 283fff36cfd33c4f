"""MembershipAttack: the template that every attack fills in."""

from abc import ABCMeta, abstractmethod
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted

from skmia._models import MetaEstimator, forget_fit, unwrap_frozen
from skmia._tables import as_rows, check_alignment
from skmia.attacks._nonmembers import warn_of_split_persons
from skmia.attacks._target import Target, resolve_target
from skmia.signals import FloatArray, IndexArray
from skmia.utils import check_real, own_random_state


class MembershipAttack(MetaEstimator, metaclass=ABCMeta):
    """Estimate membership: base class of all attacks.

    It resolves the target and the membership, routes metadata, checks rows, and turns
    scores and thresholds into decisions and predictions. A new attack without shadow
    models is a subclass of three methods: ``__init__`` with `estimator`, `max_fpr` and
    `random_state` beside its own parameters, ``_fit_attack`` and ``_score``.

    Notes
    -----
    An attack has no ``score`` and no ``classes_``: it predicts membership, not the
    classes of ``y``. Judge it with :mod:`skmia.metrics` on ``score_samples``.

    What a subclass may write:

    ``_fit_attack(target, X, params, random_state)``
        Learns from `target`: ``target.probabilities(X)``, ``target.columns``, the
        column of each record's class, ``target.membership``, which is None where it is
        not known, and ``target.persons``, numbers, None without `groups`. Sets
        ``offset_``.
    ``_score(X, y)``
        Scores of shape (n_records,), higher for members, and the offset that belongs
        to them. ``self._answers(X, y)`` asks the target.
    ``_check_params()``
        Raises for its own parameters out of range.
    ``needs_confidences``
        A property, False where labels will do: ``target.probabilities`` of a target
        that gives labels only are 1 for its label.

    Add a line to :data:`skmia.attacks.ATTACKS`, and audits, benchmarks and the tests
    that every attack must pass find it by its short name.

    See Also
    --------
    ShadowAttack : For attacks with shadow models.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.datasets import load_breast_cancer
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> from skmia.attacks import MembershipAttack
    >>> from skmia.metrics import roc_auc
    >>> from skmia.signals import confidence
    >>> class ConfidenceAttack(MembershipAttack):
    ...     def __init__(self, estimator, *, max_fpr=0.01, random_state=None):
    ...         self.estimator = estimator
    ...         self.max_fpr = max_fpr
    ...         self.random_state = random_state
    ...
    ...     def _fit_attack(self, target, X, params, random_state):
    ...         scores = confidence(target.probabilities(X), target.columns)
    ...         self.offset_ = np.quantile(
    ...             scores[~target.membership], 1 - self.max_fpr, method="higher"
    ...         )
    ...
    ...     def _score(self, X, y):
    ...         return confidence(*self._answers(X, y)), self.offset_
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> attack = ConfidenceAttack(DecisionTreeClassifier(), random_state=0)
    >>> scores = attack.fit(X, y).score_samples(X, y)
    >>> roc_auc(attack.membership_, scores) > 0.5
    True
    """

    # They reach fit through routing without the user asking for it.
    __metadata_request__fit = {"membership": True, "groups": True}  # noqa: RUF012

    def fit(
        self,
        X: Any,
        y: Any,
        membership: Any = None,
        groups: Any = None,
        **params: Any,
    ) -> Self:
        """Learn the attack on the target.

        Parameters
        ----------
        X : array-like, frame or sparse matrix of shape (n_records, n_features)
            The attacker's records, as the target takes them; with
            ``estimator="precomputed"`` the matrix of predicted probabilities.
        y : array-like of shape (n_records,)
            Class label of each record; with ``"precomputed"`` the column of it.
        membership : array-like of bool of shape (n_records,), default=None
            Which rows a frozen or precomputed target was fitted on. Without it, all
            rows are non-members. Not to be given with an unfitted classifier, for
            which it is drawn.
        groups : array-like of shape (n_records,), default=None
            Name of the person that each row belongs to, of any hashable kind. What is
            drawn or cross-fitted is so person by person, and rows of a person who has
            another row among the members are no non-members.
        **params : dict
            Per-row metadata that the target is fitted with, such as
            ``sample_weight``; for the game and for shadow models. Routed where
            metadata routing is on. A row of weight 0 is no member.

        Returns
        -------
        self : object
            The fitted attack.

        Raises
        ------
        ValueError
            If `membership` comes with an estimator that is neither frozen nor
            precomputed: it describes one fitted model, and for a retrained one it
            would underestimate leakage. If its clones, for the game or as shadow
            models, would keep a fitted classifier inside. If `groups` leaves a person
            out or differs in length, or shadows that are given split a person.

        Warns
        -----
        FreezingWarning
            Where clones keep another part that was fitted with labels.
        OverlapWarning
            Where members have a weight of 0, or persons are on both sides.
        UninformativeShadowsWarning
            Where shadow models answer alike, or tell the target's members.
        """
        forget_fit(self)  # first: a fit that fails must not leave the last one's
        self.check_params()
        X = as_rows(X)
        own = {"y": y, "membership": membership, "groups": groups}
        check_alignment(X, own | params)
        params = self._target_params(params)
        random_state = own_random_state(self.random_state)
        target = resolve_target(
            self.estimator,
            X,
            y,
            membership,
            groups,
            params,
            random_state,
            type(self).__name__,
            needs_confidences=self.needs_confidences,
        )
        if membership is not None:  # which the game draws person by person
            warn_of_split_persons(target, type(self).__name__)
        self._target = target
        self._fit_attack(target, X, params, random_state)
        self.membership_ = target.membership
        if target.precomputed:
            self.n_features_in_ = len(target.classes)
            return self
        self.estimator_ = target.model
        self._adopt_columns(target.model)
        return self

    @property
    def needs_confidences(self) -> bool:
        """Whether a target that gives labels only cannot be attacked so.

        An attack for which labels will do overrides it. It is asked before `fit`.
        """
        return True

    def check_params(self) -> None:
        """Raise for parameters out of range.

        `fit` does so first. An audit asks all its attacks before it fits shadows.

        Raises
        ------
        TypeError, ValueError
            With the parameter, the value given and what to pass instead.
        """
        check_real(self.max_fpr, "max_fpr", 0, 1, closed="neither")
        self._check_params()

    def _target_params(self, params: dict[str, Any]) -> dict[str, Any]:
        """What of the fit metadata is for the target, and for its shadows."""
        params = self._inner_params("fit", params)
        if params and isinstance(self.estimator, str):
            raise TypeError(
                f"fit got the parameters {sorted(params)}, but with "
                "estimator='precomputed' nothing is fitted that could take them. "
                "Leave them out."
            )
        return params

    def score_samples(self, X: Any, y: Any = None) -> FloatArray:
        """Give evidence of membership, record by record.

        Comparable within one attack only.

        Parameters
        ----------
        X : array-like, frame or sparse matrix of shape (n_records, n_features)
            Records to judge.
        y : array-like of shape (n_records,), default=None
            Their class labels. Without them the predicted labels stand in, which is
            a weaker attack: a record that the target gets wrong looks like one that
            it gets right.

        Returns
        -------
        ndarray of shape (n_records,)
            Higher is more likely a member.
        """
        return self._score_and_offset(X, y)[0]

    def decision_function(self, X: Any, y: Any = None) -> FloatArray:
        """Give evidence of membership above the threshold.

        Parameters
        ----------
        X : array-like, frame or sparse matrix of shape (n_records, n_features)
            Records to judge.
        y : array-like of shape (n_records,), default=None
            Their class labels; see :meth:`score_samples`.

        Returns
        -------
        ndarray of shape (n_records,)
            ``score_samples - offset_``; above 0 means member, at the false positive
            rate that was asked for.
        """
        scores, offset = self._score_and_offset(X, y)
        return scores - offset

    def predict(self, X: Any, y: Any = None) -> NDArray[np.int_]:
        """Judge membership.

        Parameters
        ----------
        X : array-like, frame or sparse matrix of shape (n_records, n_features)
            Records to judge.
        y : array-like of shape (n_records,), default=None
            Their class labels; see :meth:`score_samples`.

        Returns
        -------
        ndarray of int of shape (n_records,)
            1 for a member, 0 for a non-member.
        """
        # Not the sign of the difference: scores close to the offset may cancel.
        scores, offset = self._score_and_offset(X, y)
        return (scores > offset).astype(int)

    def _score_and_offset(
        self, X: Any, y: Any
    ) -> tuple[FloatArray, float | FloatArray]:
        check_is_fitted(self, "membership_")  # what fit sets last
        check_alignment(X, {"y": y})
        return self._score(as_rows(X), y)

    def _answers(self, X: Any, y: Any) -> tuple[NDArray[np.floating], IndexArray]:
        """Probabilities of the target, and the column of each record's label."""
        proba = self._probabilities(X)
        if y is None:
            return proba, proba.argmax(axis=1)
        return proba, self._target.encode(y, len(proba))

    def _probabilities(self, X: Any) -> NDArray[np.floating]:
        """Probabilities of the target."""
        return self._target.probabilities(X)

    def _check_params(self) -> None:
        """Raise for parameters of the subclass out of range."""

    @abstractmethod
    def _fit_attack(
        self,
        target: Target,
        X: Any,
        params: dict[str, Any],
        random_state: np.random.RandomState,
    ) -> None:
        """Learn from the resolved target; set ``offset_``."""

    @abstractmethod
    def _score(self, X: Any, y: Any) -> tuple[FloatArray, float | FloatArray]:
        """Scores of shape (n_records,), and the offset that belongs to them."""

    def _inner(self) -> Any:
        # A frozen target is not fitted, but its shadows are, with the same metadata.
        return (
            None if isinstance(self.estimator, str) else unwrap_frozen(self.estimator)
        )

    def __sklearn_tags__(self) -> Tags:
        """Tags of an attack: it takes what its target takes, and requires labels.

        Returns
        -------
        Tags
            No estimator type: the predictions are no classes of y.
        """
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        return tags
