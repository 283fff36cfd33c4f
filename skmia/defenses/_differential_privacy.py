"""Differential privacy: private counterparts, or noisy votes of teachers."""

from functools import partial
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from skmia._tables import as_rows, n_rows
from skmia.defenses._base import Defense
from skmia.defenses._private import (
    PrivateFit,
    count_votes,
    fit_student,
    gaussian_noise,
    laplace_noise,
    load_accountant,
    make_plan,
    new_accountant,
    noisy_winners,
    teacher_parts,
)
from skmia.defenses._tags import DefenseTags
from skmia.defenses._training import TrainingData
from skmia.exceptions import WeakDefenseWarning
from skmia.utils import check_integer, check_option, check_real, warn


class DifferentialPrivacyClassifier(Defense):
    """Fit a classifier with (epsilon, delta)-differential privacy for its rows.

    The only defense here with a guarantee: whatever an attacker knows and however it
    attacks, telling which of two data sets of equal size that differ in one row
    (features and label) was trained on succeeds with
    ``TPR <= exp(epsilon) * FPR + delta``.

    There are two ways to it, and `X_public` decides:

    - without it, LogisticRegression, GaussianNB, DecisionTreeClassifier and
      RandomForestClassifier are replaced by their counterparts of diffprivlib, alone or
      at the end of a Pipeline, with ``delta = 0``. A parameter that would be dropped
      is an error;
    - with it, any classifier is fitted as `n_teachers` teachers on disjoint parts of
      the rows. Their votes on the public rows, with noise, are the labels that a
      student is fitted on, which is all that is kept.

    Parameters
    ----------
    estimator : estimator, default=None
        Classifier or Pipeline to defend; never fitted itself. None stands for
        ``LogisticRegression()``.
    epsilon : float, default=1.0
        Privacy loss of the whole fit, the searches for scales included.
    delta : float, default=1e-5
        Chance that the loss is larger, with `X_public`; to be far below one over the
        number of rows. 0 takes Laplace instead of Gaussian noise for the votes.
        Without `X_public` nothing of it is spent.
    bounds : "private" or tuple (least, greatest), default="private"
        Ranges of the features, as numbers or arrays of one number per feature, that
        GaussianNB, trees, forests and a StandardScaler scale their noise to; those of
        the rows that the first of them is given. They must not be read from these
        rows; take what is known of the features in general. ``"private"`` searches
        them over a grid of powers of two, with noise.
    data_norm : "private" or float, default="private"
        Greatest Euclidean norm of the rows that LogisticRegression is given; longer
        ones are shortened. Not to be read from the rows either.
    bounds_fraction : float, default=0.2
        Fraction of `epsilon` for all private searches together, where there is one.
    scaler_fraction : float, default=0.2
        Fraction of `epsilon` for the private StandardScaler of a Pipeline.
    X_public : array-like, frame or sparse matrix, default=None
        Unlabelled rows like those of X that are no secret. Fewer mean less noise for
        each and less for the student to learn from.
    n_teachers : int, default=100
        Number of teachers. More of them outvote the noise, on fewer rows each.
    accountant : BudgetAccountant, default=None
        Of diffprivlib, see :meth:`new_accountant`: is charged, and raises where its
        ceiling would be exceeded, before a row is looked at. `clone`, and hence every
        search and cross-validation, works on copies of it: what they spend in total
        is theirs to add up. None takes diffprivlib's default one.
    random_state : int, RandomState instance or None, default=None
        Seed. Whoever knows it can take the noise away again, and fits of one seed have
        the same noise, which their difference is free of: a model to be published
        needs None. The noise of counterparts without random splits then comes from
        the operating system's generator.

    Attributes
    ----------
    estimator_ : estimator
        The fitted private classifier or Pipeline, or the student.
    classes_ : ndarray of shape (n_classes,)
        Class labels. They are taken as public.
    spent_epsilon_, spent_delta_ : float
        What was spent on the rows, by all steps together.
    budget_ : dict of str to float
        How `spent_epsilon_` was divided.
    bounds_ : tuple of ndarray
        Ranges that the noise was scaled to, where there was need of them.
    data_norm_ : float
        Norm that the noise was scaled to, where there was need of it.
    noise_scale_ : float
        Standard deviation of the Gaussian noise on each count of votes, or the scale of
        the Laplace noise; with `X_public`.
    n_features_in_ : int
        Number of features, where the inner classifier knows it.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of features, where the inner classifier knows them.

    See Also
    --------
    skmia.metrics.epsilon_lower_bound : What an attack proves about epsilon.

    Notes
    -----
    The guarantee is for one fit. A GridSearchCV on the same rows fits many times, and
    its choice depends on all of them: epsilon adds up over candidates and folds.

    In a Pipeline, every step before the last must be private as well, or the guarantee
    is void. A StandardScaler is replaced by a private one. Transformers that learn
    nothing (FunctionTransformer, Normalizer, ...) stay; they must treat each row by
    itself, which is tried out on permuted and split batches. One that was fitted on
    public rows is to be passed in a FrozenEstimator.
    Anything else is an error. A scaler outside, in a Pipeline around this class, cannot
    be seen from here and voids the guarantee all the same.

    What is carried over: ``C``, ``fit_intercept`` and ``intercept_scaling``
    (LogisticRegression), ``priors`` (GaussianNB), ``n_estimators`` and ``max_depth``
    (trees; None means 5). Solvers and their tolerances find the same minimum, and the
    private one is always solved for to the end. Several classes are one logistic
    regression each against the rest, with the intercept penalised as in
    ``solver="liblinear"``. Trees split at random and spend epsilon on the labels of
    their leaves; each tree of a forest has rows of its own.

    The noise of LogisticRegression does not grow with the penalty, while the penalty
    keeps it from the coefficients: the smaller epsilon and the fewer the rows, the
    further below the best `C` without privacy, to be decided on beforehand; see the
    user guide, :doc:`/guide/defenses`.

    diffprivlib is not followed everywhere. It counts neighbours as one row added or
    left out but publishes the number of rows; here a row is replaced, which costs trees
    twice and GaussianNB up to 5/3 times as much, and they are given less accordingly.
    Its logistic regression spends more than it charges where rows are longer than 1,
    and leaves the intercept without the penalty that its proof needs; here rows are
    scaled to norm 1 first, and the intercept is a penalised column.

    The proofs are about real numbers. diffprivlib draws noise in floating point, in a
    way that resists known attacks on the low bits but does not rule them out.

    References
    ----------
    Holohan, Braghin, Mac Aonghusa and Levacher, "Diffprivlib: The IBM Differential
    Privacy Library", 2019, arXiv:1907.02444.

    Chaudhuri, Monteleoni and Sarwate, "Differentially Private Empirical Risk
    Minimization", JMLR 12, 2011.

    Papernot, Song, Mironov, Raghunathan, Talwar and Erlingsson, "Scalable Private
    Learning with PATE", ICLR 2018.

    Lyu, Su and Li, "Understanding the Sparse Vector Technique for Differential
    Privacy", PVLDB 10(6), 2017, doi:10.14778/3055330.3055331.

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from skmia.defenses import DifferentialPrivacyClassifier
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> clf = DifferentialPrivacyClassifier(
    ...     make_pipeline(StandardScaler(), LogisticRegression(C=0.01)),
    ...     epsilon=4.0,
    ...     random_state=0,
    ... ).fit(X, y)
    >>> clf.spent_epsilon_, clf.spent_delta_
    (4.0, 0.0)
    >>> clf.budget_
    {'searches': 0.8, 'scaler': 0.8, 'classifier': 2.4}
    """

    _noisy = True

    def __init__(
        self,
        estimator: Any = None,
        *,
        epsilon: float = 1.0,
        delta: float = 1e-5,
        bounds: str | tuple[ArrayLike, ArrayLike] = "private",
        data_norm: str | float = "private",
        bounds_fraction: float = 0.2,
        scaler_fraction: float = 0.2,
        X_public: Any = None,
        n_teachers: int = 100,
        accountant: Any = None,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.estimator = estimator
        self.epsilon = epsilon
        self.delta = delta
        self.bounds = bounds
        self.data_norm = data_norm
        self.bounds_fraction = bounds_fraction
        self.scaler_fraction = scaler_fraction
        self.X_public = X_public
        self.n_teachers = n_teachers
        self.accountant = accountant
        self.random_state = random_state

    @staticmethod
    def new_accountant(
        epsilon: float = np.inf, delta: float = 1.0, slack: float = 0.0
    ) -> Any:
        """Make a diffprivlib BudgetAccountant, for several fits on the same rows.

        For scikit-learn releases that diffprivlib itself cannot be imported with.

        Parameters
        ----------
        epsilon, delta : float, default=inf and 1.0
            Ceiling of the budget.
        slack : float, default=0.0
            Delta that may be spent on a smaller total epsilon.

        Returns
        -------
        BudgetAccountant
            With ``total()``, ``remaining()`` and ``spent_budget``.

        Examples
        --------
        >>> from skmia.defenses import DifferentialPrivacyClassifier
        >>> accountant = DifferentialPrivacyClassifier.new_accountant(epsilon=3.0)
        >>> accountant.remaining()
        (epsilon=3.0, delta=1.0)
        """
        return new_accountant(epsilon, delta, slack)

    def __sklearn_tags__(self) -> DefenseTags:
        """Tags of a defense; the private counterparts take dense, finite numbers only.

        Returns
        -------
        DefenseTags
            Of a noisy classifier.
        """
        tags = super().__sklearn_tags__()
        if self.X_public is None:
            tags.input_tags.sparse = False
            tags.input_tags.allow_nan = False
        return tags

    def _check_params(self) -> None:
        check_real(self.epsilon, "epsilon", 0, np.inf, closed="neither")
        check_real(self.delta, "delta", 0, 1, closed="left")
        for name in ("bounds_fraction", "scaler_fraction"):
            check_real(getattr(self, name), name, 0, 1, closed="neither")
        check_integer(self.n_teachers, "n_teachers", 2)
        if isinstance(self.bounds, str):
            check_option(self.bounds, "bounds", ("private",))
        if isinstance(self.data_norm, str):
            check_option(self.data_norm, "data_norm", ("private",))
        else:
            check_real(self.data_norm, "data_norm", 0, np.inf, closed="neither")

    def _fit(self, data: TrainingData) -> None:
        if self.X_public is None:
            self._fit_counterpart(data)
        else:
            self._fit_aggregation(data)

    def _charge(self, epsilon: float, delta: float, budget: dict[str, float]) -> None:
        """Charge the accountant, before the rows are looked at.

        What is spent stays spent where the fit fails later: a failure is an output too.
        """
        load_accountant(self.accountant).spend(epsilon, delta)
        self.budget_ = budget
        self.spent_epsilon_, self.spent_delta_ = float(epsilon), float(delta)

    def _fit_counterpart(self, data: TrainingData) -> None:
        if data.params:
            raise ValueError(
                f"fit got the metadata {sorted(data.params)}, which the private "
                "counterparts cannot take: their noise is for rows that count equally. "
                "Leave it out, or pass 'X_public', where the teachers take it."
            )
        plan = make_plan(self._inner(), bounds=self.bounds, data_norm=self.data_norm)
        fractions = {
            "searches": self.bounds_fraction if plan.n_searches else 0.0,
            "scaler": self.scaler_fraction if plan.n_scalers else 0.0,
        }
        if sum(fractions.values()) >= 1:
            raise ValueError(
                "The 'bounds_fraction' and 'scaler_fraction' parameters must leave a "
                "fraction of epsilon for the classifier. Got "
                f"{self.bounds_fraction!r} and {self.scaler_fraction!r} instead."
            )
        budget = {name: part * self.epsilon for name, part in fractions.items() if part}
        budget["classifier"] = self.epsilon - sum(budget.values())
        self._charge(self.epsilon, 0.0, budget)
        fit = PrivateFit(
            plan,
            {
                "search": budget.get("searches", 0.0) / max(plan.n_searches, 1),
                "scaler": budget.get("scaler", 0.0) / max(plan.n_scalers, 1),
                "classifier": budget["classifier"],
            },
            bounds=self.bounds,
            data_norm=self.data_norm,
            secure=self.random_state is None,
        )
        self.estimator_ = fit.fit(data)
        if fit.found_bounds is not None:
            self.bounds_ = fit.found_bounds
        if fit.found_norm is not None:
            self.data_norm_ = fit.found_norm

    def _fit_aggregation(self, data: TrainingData) -> None:
        for name in ("bounds", "data_norm"):
            if not isinstance(getattr(self, name), str):
                raise ValueError(
                    f"The {name!r} parameter means nothing to the votes of teachers. "
                    f"Got {getattr(self, name)!r} with 'X_public'; leave one of the "
                    "two out."
                )
        X_public = as_rows(self.X_public)
        n_public = n_rows(X_public)
        if n_public < 1:
            raise ValueError(
                "The 'X_public' parameter must hold at least one row. Got none instead."
            )
        if self.n_teachers > len(data):
            raise ValueError(
                "The 'n_teachers' parameter must not exceed the number of rows: each "
                f"teacher has rows of its own. Got {self.n_teachers} teachers for "
                f"{len(data)} rows instead."
            )
        if self.delta * len(data) >= 1:
            warn(
                f"delta={self.delta:g} is no less than one over the {len(data)} rows: "
                "a mechanism that publishes a whole row now and then would meet it. "
                "Set it far lower.",
                WeakDefenseWarning,
            )
        if self.delta == 0:
            self.noise_scale_ = laplace_noise(self.epsilon, n_public)
            spent, draw = self.epsilon, data.random_state.laplace
        else:
            self.noise_scale_, spent = gaussian_noise(
                self.epsilon, self.delta, n_public
            )
            draw = data.random_state.normal
        self._charge(spent, self.delta, {"votes": spent})
        parts = teacher_parts(len(data), self.n_teachers, data.random_state)
        counts = count_votes(self._inner(), data, X_public, parts)
        winners = noisy_winners(counts, partial(draw, 0.0, self.noise_scale_))
        self.estimator_ = fit_student(
            self._inner(), X_public, data.classes[winners], data.random_state
        )
