"""Differential privacy: a mechanism for every learner."""

from dataclasses import replace
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import clone
from sklearn.utils.metadata_routing import MetadataRequest, MetadataRouter

from skmia.defenses._base import Defense
from skmia.defenses._private import (
    Budget,
    PrivacyLoss,
    PrivacyPromise,
    Settings,
    adapt_tags,
    check_parameters_of,
    choose_mechanism,
    note_clone,
    private_fit,
    whole_budget,
)
from skmia.defenses._tags import DefenseTags
from skmia.defenses._training import TrainingData


class DifferentialPrivacyClassifier(Defense):
    """Fit a classifier with (epsilon, delta)-differential privacy for its rows.

    The only defense here with a guarantee: whatever an attacker knows and however it
    attacks, telling which of two neighbouring data sets was trained on succeeds with
    ``TPR <= exp(epsilon) * FPR + delta``. Neighbours differ in all rows of one person,
    features and labels; `neighbors` and `group_size` say how.

    Each classifier, alone or at the end of a Pipeline, has a mechanism:

    - ``"gradient"``, gradient descent with Gaussian noise: LogisticRegression,
      MLPClassifier;
    - ``"objective"``, a random term in the objective, with ``delta=0``:
      LogisticRegression;
    - ``"boosting"``, boosting of one feature at a time: HistGradientBoostingClassifier,
      GradientBoostingClassifier, XGBClassifier, LGBMClassifier;
    - ``"naive_bayes"``, means and variances with noise: GaussianNB;
    - ``"trees"``, random splits: DecisionTreeClassifier, RandomForestClassifier;
    - ``"teachers"``, noisy votes on `X_public` of classifiers that share no row, and a
      student that learns them: any other classifier.

    A parameter of the classifier that the mechanism would drop is an error.

    Parameters
    ----------
    estimator : estimator, default=None
        Classifier or Pipeline to defend; never fitted itself, and unfitted in a pickle
        where it was fitted before. None stands for ``LogisticRegression()``.
    epsilon : float, default=1.0
        Privacy loss of the whole fit, the searches for scales included.
    delta : float, default=1e-5
        Chance that the loss is larger; to be far below one over the number of rows. 0
        takes noise that is not Gaussian, where the mechanism has it; Gaussian noise
        takes 1e-10 or more. ``"objective"`` and ``"trees"`` spend nothing of it.
    mechanism : str, default="auto"
        One of the names above. ``"auto"`` takes the first that serves the estimator,
        and teachers where `X_public` is given.
    neighbors : {"add_remove", "replace"}, default="add_remove"
        What the guarantee hides: that a row is there at all, or which one it is of all
        that could be in its place. The field counts the former. The latter costs up to
        twice as much, and makes the number of rows public.
    group_size : int, default=1
        Rows of one person at most: the guarantee is for all of them together; with
        ``neighbors="replace"``, for as many others in their place. With `groups` in
        ``fit``, rows beyond it are left out; without, it is a promise.
    bounds : "private" or tuple (least, greatest), default="private"
        Ranges of the features, as numbers or arrays of one number per feature, that
        GaussianNB, trees, boosting and a StandardScaler scale their noise to; those of
        the rows that the first of them is given. They must not be read from these
        rows; take what is known of the features in general. ``"private"`` searches
        them over a fixed grid, with noise. Those of nominal features are not looked at.
    data_norm : "private" or float, default="private"
        Greatest Euclidean norm of the rows that LogisticRegression and MLPClassifier
        are given; longer ones are shortened. Not to be read from the rows either.
    feature_types : list or dict, default=None
        What the features are, for ``"boosting"``: ``"continuous"``, ``"nominal"``, or a
        list of all categories, which must not be read from the rows. A dict has them by
        name or position. None goes by the types of the columns: text and categories of
        a frame are nominal, arrays are continuous. These types are taken as public:
        where a file is read without them, one odd value in one row makes a column of
        numbers one of text. Read files with their types given.
    bounds_fraction : "auto" or float, default="auto"
        Fraction of the budget for all private searches together, where there is one.
        ``"auto"`` is what the mechanism needs: 0.05 for ``"gradient"``, and up to 0.2
        where the budget is small; 0.2 else.
    scaler_fraction : float, default=0.2
        Fraction of the budget for the private StandardScaler of a Pipeline.
    max_sample_weight : float, default=1.0
        Weights of rows are cut to it, where the mechanism takes weights; to be decided
        on without a look at them.
    X_public : array-like, frame or sparse matrix, default=None
        Unlabelled rows like those of X that are no secret. Fewer mean less noise for
        each and less for the student to learn from. An error where all of them, or
        more than half of ten or more, are rows of X that occur once there.
    n_teachers : "auto" or int, default="auto"
        Number of teachers. More of them outvote the noise, on fewer rows each.
        ``"auto"`` is five for each unit of the noise on a vote, with five rows or more
        for each class; of the number of rows it sees a noisy one.
    accountant : PrivacyAccountant, default=None
        Is charged, and raises where its ceiling would be exceeded, before a row is
        looked at. `clone` hands on the accountant itself, so that it adds up what the
        fits of a search or a cross-validation spend. None adds up nothing.
    random_state : int, RandomState instance or None, default=None
        Seed. Whoever knows it can take the noise away again, and fits of one seed have
        the same noise, which their difference is free of: a model to be published
        needs None, where noise comes from the operating system's generator.

    Attributes
    ----------
    estimator_ : estimator
        The fitted private classifier or Pipeline, or the student.
    classes_ : ndarray of shape (n_classes,)
        Class labels. They are taken as public.
    mechanism_ : str
        The mechanism that was chosen.
    spent_epsilon_, spent_delta_ : float
        What was spent on the rows, by all steps together.
    mu_ : float
        The same as Gaussian differential privacy, or a bound on it.
    promise_ : PrivacyPromise
        What was fitted, with its neighbours: changes of parameters do not change it.
    budget_ : dict of str to float
        How it was divided: the epsilons of the parts, which add up, or their mus, whose
        squares do.
    bounds_ : tuple of ndarray
        Ranges that the noise was scaled to, where there was need of them.
    data_norm_ : float
        Norm that the noise was scaled to, where there was need of it.
    n_teachers_ : int
        Number of teachers; with `X_public`.
    noise_scale_ : float
        Standard deviation of the Gaussian noise on each count of votes, or the scale of
        the Laplace noise; with `X_public`.
    n_features_in_ : int
        Number of features, where the inner classifier knows it.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of features, where the inner classifier knows them.

    See Also
    --------
    PrivacyAccountant : Adds up what several fits on the same rows spend.
    skmia.model_selection.privacy_budget : What a search has spent on any one row.
    privacy_promise : What a model with one of these inside promises.
    skmia.metrics.epsilon_lower_bound : What an attack proves about epsilon.

    Notes
    -----
    The guarantee is for one fit. A GridSearchCV on the same rows fits many times, and
    epsilon adds up over candidates, folds and the refit. Its choice is made by exact
    scores, which no epsilon covers. Where scikit-learn clones it to fit again and again
    without an `accountant`, a RepeatedPrivateFitWarning says so.

    In a Pipeline, every step before the last must be private as well, or the guarantee
    is void. A StandardScaler is replaced by a private one. Transformers that learn
    nothing (FunctionTransformer, Normalizer, ...) stay; they must treat each row by
    itself, which is tried out on permuted and split batches. One that was fitted on
    public rows is to be passed in a FrozenEstimator. Anything else is an error. A
    scaler outside, in a Pipeline around this class, cannot be seen from here and voids
    the guarantee all the same.

    The number of columns and the labels of the classes are public. What the settings
    of a mechanism depend on besides, and what each of them does with parameters,
    weights and groups, is in the user guide, :doc:`/guide/defenses`. An error is an
    answer as well: that a fit failed is not covered.

    References
    ----------
    Dong, Roth and Su, "Gaussian Differential Privacy", JRSS B 2022.

    Chaudhuri, Monteleoni and Sarwate, "Differentially Private Empirical Risk
    Minimization", JMLR 12, 2011.

    Holohan, Braghin, Mac Aonghusa and Levacher, "Diffprivlib: The IBM Differential
    Privacy Library", 2019, arXiv:1907.02444.

    Nori, Caruana, Bu, Shen and Kulkarni, "Accuracy, Interpretability, and Differential
    Privacy via Explainable Boosting", ICML 2021.

    Papernot, Song, Mironov, Raghunathan, Talwar and Erlingsson, "Scalable Private
    Learning with PATE", ICLR 2018.

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from sklearn.linear_model import LogisticRegression
    >>> from skmia.defenses import DifferentialPrivacyClassifier
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> clf = DifferentialPrivacyClassifier(
    ...     LogisticRegression(), epsilon=1.0, random_state=0
    ... ).fit(X, y)
    >>> clf.mechanism_, clf.spent_epsilon_, clf.spent_delta_
    ('gradient', 1.0, 1e-05)
    >>> round(clf.mu_, 3)
    0.268
    >>> bool(clf.score(X, y) > 0.85)
    True
    """

    # It reaches fit through routing without the user asking for it.
    __metadata_request__fit = {"groups": True}  # noqa: RUF012

    _noisy = _takes_groups = _private_noise = True

    def __init__(
        self,
        estimator: Any = None,
        *,
        epsilon: float = 1.0,
        delta: float = 1e-5,
        mechanism: str = "auto",
        neighbors: str = "add_remove",
        group_size: int = 1,
        bounds: str | tuple[ArrayLike, ArrayLike] = "private",
        data_norm: str | float = "private",
        feature_types: Any = None,
        bounds_fraction: str | float = "auto",
        scaler_fraction: float = 0.2,
        max_sample_weight: float = 1.0,
        X_public: Any = None,
        n_teachers: int | str = "auto",
        accountant: Any = None,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.estimator = estimator
        self.epsilon = epsilon
        self.delta = delta
        self.mechanism = mechanism
        self.neighbors = neighbors
        self.group_size = group_size
        self.bounds = bounds
        self.data_norm = data_norm
        self.feature_types = feature_types
        self.bounds_fraction = bounds_fraction
        self.scaler_fraction = scaler_fraction
        self.max_sample_weight = max_sample_weight
        self.X_public = X_public
        self.n_teachers = n_teachers
        self.accountant = accountant
        self.random_state = random_state

    def __sklearn_clone__(self) -> Self:
        """Clone, and warn where scikit-learn does it to fit again and again.

        Returns
        -------
        self : object
            An unfitted copy, with the very accountant.
        """
        if self.accountant is None:
            note_clone(self)
        return super().__sklearn_clone__()

    def __sklearn_tags__(self) -> DefenseTags:
        """Tags of a defense; the private counterparts take dense, finite numbers only.

        Returns
        -------
        DefenseTags
            Of a noisy classifier.
        """
        tags = super().__sklearn_tags__()
        adapt_tags(tags, self._inner(), self.mechanism, self.X_public)
        return tags

    def __getstate__(self) -> dict[str, Any]:
        # The estimator is not private where the user has fitted it before, and a
        # pickle is what is handed on. FrozenEstimators stay, they hold public models.
        state = {**super().__getstate__()}
        state["estimator"] = clone(state["estimator"], safe=False)
        return state

    def get_metadata_routing(self) -> MetadataRouter:
        """Metadata that the inner estimator asks for, and `groups` for this object.

        Returns
        -------
        MetadataRouter
            The router.
        """
        request = MetadataRequest(owner=type(self).__name__)
        asked = self._get_metadata_request().fit.requests.get("groups", True)
        request.fit.add_request(param="groups", alias=asked)
        return super().get_metadata_routing().add_self_request(request)

    def fit(self, X: Any, y: Any, groups: Any = None, **params: Any) -> Self:
        """Fit the private classifier.

        Parameters
        ----------
        X : array-like, frame or sparse matrix of shape (n_samples, n_features)
            Training rows, as the mechanism takes them.
        y : array-like of shape (n_samples,)
            Class labels.
        groups : array-like of shape (n_samples,), default=None
            Name of the person that each row belongs to, of any hashable kind. Of a
            person with more than `group_size` rows, so many are drawn and the others
            left out, without a look at features and labels. Requested by default where
            metadata routing is on.
        **params : dict
            ``sample_weight``, where the mechanism takes it: finite numbers of 0 and
            more, anything else is an error before noise is drawn or the accountant is
            charged. With `X_public` whatever the ``fit`` of the inner classifier takes.

        Returns
        -------
        self : object
            The fitted classifier.

        Raises
        ------
        ValueError
            If a parameter or a weight is out of range or means nothing here, no
            mechanism serves the estimator, or a step of a Pipeline would void the
            guarantee.
        """
        return super().fit(X, y, groups=groups, **params)

    def _check_params(self) -> None:
        check_parameters_of(self)

    def _fit(self, data: TrainingData) -> None:
        estimator = self._inner()
        mechanism = choose_mechanism(estimator, self.mechanism, self.X_public)
        budget = whole_budget(mechanism, self.epsilon, self.delta)
        settings = Settings(
            budget=budget,
            neighbors=self.neighbors,
            group_size=self.group_size,
            source=None if self.random_state is None else data.random_state,
            max_sample_weight=self.max_sample_weight,
            feature_types=self.feature_types,
            search_fraction=(
                mechanism.default_search_fraction(budget)
                if isinstance(self.bounds_fraction, str)
                else self.bounds_fraction
            ),
            bounds=self.bounds,
            data_norm=self.data_norm,
            X_public=self.X_public,
            n_teachers=self.n_teachers,
        )
        self.mechanism_ = mechanism.name
        answer = private_fit(
            mechanism, estimator, data, settings, self.scaler_fraction, self._charge
        )
        self.estimator_ = answer.model
        promise = self._promised(mechanism.name, budget.spent())
        self.promise_ = replace(promise, of_persons=data.groups is not None)
        for name, value in answer.found.items():
            setattr(self, name, value)

    def _charge(self, budget: Budget, parts: dict[str, float]) -> None:
        if self.accountant is not None:
            self.accountant.spend(
                budget.epsilon,
                budget.delta,
                budget.mu,
                neighbors=self.neighbors,
                group_size=self.group_size,
                seeded=self.random_state is not None,
            )
        self.budget_ = parts
        self.spent_epsilon_, self.spent_delta_, self.mu_ = budget.spent()

    def _planned(self) -> PrivacyPromise:
        """What a fit with these parameters would promise."""
        self._check_params()
        mechanism = choose_mechanism(self._inner(), self.mechanism, self.X_public)
        budget = whole_budget(mechanism, self.epsilon, self.delta)
        return self._promised(mechanism.name, budget.spent())

    def _promised(self, mechanism: str, spent: PrivacyLoss) -> PrivacyPromise:
        seeded = self.random_state is not None
        return PrivacyPromise(
            *spent, mechanism, self.neighbors, self.group_size, seeded
        )
