"""How shadow models are made: the parameter that all who need them share."""

import os
from collections.abc import Mapping
from numbers import Integral
from typing import Any, Literal, overload

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, clone

from skmia._models import look_inside, unwrap_frozen
from skmia._tables import Queries, Strengths
from skmia.shadows._counterfactual import find_plan
from skmia.shadows._design import auto_train_size
from skmia.shadows._signals import ShadowSignals
from skmia.utils import check_integer, check_option, check_real

#: Fewest shadows for an attack, without closed forms: each is used as a target, without
#: its complement, and two must be left.
FEWEST = 4
#: Fewest shadows that tell whether further ones would add anything: half of them play
#: against each other.
FEWEST_FOR_AUTO = 8


class ShadowModels(BaseEstimator):
    """Say how shadow models are made.

    It is what ``shadows=`` takes wherever shadow models are needed; ``shadows=16`` is
    short for ``shadows=ShadowModels(16)``. It only holds parameters, which
    :func:`fit_shadows` or an attack checks and uses. A search sets them as
    ``shadows__n_models``. See the user guide, :doc:`/guide/shadows`.

    Parameters
    ----------
    n_models : int or "auto", default=16
        Number of shadow models: 4 at least for an attack, 2 for `fit_shadows`, and for
        an attack on a learner with closed forms (`counterfactual`). Where a shadow
        costs no fit, 64 at least are made; see `fit_shadows`. With ``"auto"``
        :func:`skmia.audit.audit_classifier` adds shadows until further ones would add
        no more than `precision`, or there are `max_models`.
    train_size : "auto" or float, default="auto"
        Fraction of the pool that each shadow is fitted on. ``"auto"`` is the target's
        own fraction where membership is known, and a half otherwise; see
        :func:`auto_train_size`.
    n_queries : int, default=0
        Number of perturbed copies of each record that the shadows, and the target, are
        asked about beside the record itself. Their probabilities are averaged, and
        signals are taken of the mean. For targets trained with noise or augmentation.
    perturb : {"auto", "noise", "resample"}, default="auto"
        What is done to a column of the copies; see
        :class:`skmia.attacks.LabelOnlyAttack`.
    noise : float or sequence of float, default=0.1
        Standard deviations of the copies' noise, in those of the column. The queries
        cycle through them.
    flip_rate : float or sequence of float, default=0.05
        Probabilities with which a value of a copy is resampled. The queries cycle
        through them.
    refit_search : bool, default=False
        What shadows of a fitted search are, such as GridSearchCV: copies of its
        ``best_estimator_``, or where True searches of their own. Searches in shadows
        take as many times longer as there are candidates and folds, and may choose
        other parameters than the target's; attacks then mostly read less. The same of
        a threshold wrapper, such as TunedThresholdClassifierCV, and the classifier
        inside. A search that is not fitted has chosen nothing, and is repeated.
    counterfactual : "auto" or bool, default="auto"
        Work out what each shadow would have answered, had it been fitted without a
        record that it was fitted on, or with one that it was not. For many learners
        that follows from the fitted shadow, at a small part of the cost of a fit; see
        :func:`register_counterfactual` for your own. ``"auto"`` does it where it can,
        and True raises a ValueError where it cannot, which is the case with
        `n_queries`, a ``fit`` of your own, labels only, and most meta-estimators.
    keep_models : "auto" or bool, default="auto"
        Keep the fitted shadows, which an attack asks about rows outside of the pool
        and about calls without labels. ``"auto"`` keeps them where an attack that
        asks them fits its own, and not in `fit_shadows` and in audits. Without them
        memory holds the signals only.
    max_models : int, default=64
        Most shadows that ``n_models="auto"`` fits, 8 at least.
    precision : "auto" or float, default="auto"
        How much the AUC, and the TPR at each rate, may still rise with further shadows,
        where ``n_models="auto"``. ``"auto"`` is half the width of the figure's
        interval, or a twentieth of what attacks find above chance, where that is more.
    cache_dir : path-like or str, default=None
        A folder that only you can write to, or a URL that fsspec reaches, such as
        ``"s3://bucket/folder"``. Each finished shadow is stored there, so that a run
        that was stopped goes on where it was. Keyed by content, your own code
        included; packages are told by their version, and what no content tells is
        refused. Entries are signed with a key of yours that lies outside of it.

    See Also
    --------
    fit_shadows : Fits them.
    ShadowSignals : Holds their answers, and is what ``shadows=`` takes as well.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> from skmia.attacks import LiRAAttack
    >>> from skmia.shadows import ShadowModels
    >>> X, y = load_iris(return_X_y=True)
    >>> shadows = ShadowModels(8, train_size=0.5, keep_models=False)
    >>> attack = LiRAAttack(DecisionTreeClassifier(), shadows=shadows, random_state=0)
    >>> attack.fit(X, y).shadows_.n_shadows
    8
    >>> attack.set_params(shadows__n_models=4).fit(X, y).shadows_.n_shadows
    4
    """

    def __init__(
        self,
        n_models: int | Literal["auto"] = 16,
        *,
        train_size: float | Literal["auto"] = "auto",
        n_queries: int = 0,
        perturb: str = "auto",
        noise: Strengths = 0.1,
        flip_rate: Strengths = 0.05,
        refit_search: bool = False,
        counterfactual: bool | Literal["auto"] = "auto",
        keep_models: bool | Literal["auto"] = "auto",
        max_models: int = 64,
        precision: float | Literal["auto"] = "auto",
        cache_dir: str | os.PathLike[str] | None = None,
    ) -> None:
        self.n_models = n_models
        self.train_size = train_size
        self.n_queries = n_queries
        self.perturb = perturb
        self.noise = noise
        self.flip_rate = flip_rate
        self.refit_search = refit_search
        self.counterfactual = counterfactual
        self.keep_models = keep_models
        self.max_models = max_models
        self.precision = precision
        self.cache_dir = cache_dir


@overload
def check_shadows(
    shadows: int | Literal["auto"] | ShadowModels,
    membership: NDArray | None = None,
    *,
    least: int = FEWEST,
    keep_models: bool = False,
    estimator: Any = None,
    params: Mapping[str, Any] | None = None,
    allow_auto: bool = False,
) -> ShadowModels: ...


@overload
def check_shadows(
    shadows: ShadowSignals,
    membership: NDArray | None = None,
    *,
    least: int = FEWEST,
    keep_models: bool = False,
    estimator: Any = None,
    params: Mapping[str, Any] | None = None,
    allow_auto: bool = False,
) -> ShadowSignals: ...


def check_shadows(
    shadows: Any,
    membership: NDArray | None = None,
    *,
    least: int = FEWEST,
    keep_models: bool = False,
    estimator: Any = None,
    params: Mapping[str, Any] | None = None,
    allow_auto: bool = False,
) -> ShadowModels | ShadowSignals:
    """Check a ``shadows`` parameter, and decide what it leaves open.

    For those who write an attack, as :func:`sklearn.model_selection.check_cv` is for
    those who split.

    Parameters
    ----------
    shadows : int, ShadowModels or ShadowSignals
        What was given as ``shadows=``.
    membership : ndarray of bool of shape (n_records,), default=None
        Which records of the pool the target was fitted on, where that is known. It
        decides ``train_size="auto"``.
    least : int, default=4
        Fewest shadow models. An attack uses each shadow as a target, without its
        complement, and two must be left.
    keep_models : bool, default=False
        What ``keep_models="auto"`` means to the caller.
    estimator : classifier or Pipeline, default=None
        What shadow models are made of. Where it has a closed form for the other side
        of records, 2 are enough.
    params : dict, default=None
        Metadata of its fit, which closed forms may not know.
    allow_auto : bool, default=False
        Whether the caller decides how many shadows there are: ``n_models="auto"`` is
        then left as it is.

    Returns
    -------
    ShadowModels or ShadowSignals
        ShadowSignals as given; else a ShadowModels in which nothing else is ``"auto"``
        but `precision`.

    Raises
    ------
    TypeError
        If `shadows` is something else, or `cache_dir` is no path.
    ValueError
        If there are fewer than `least`, or a parameter is out of range.

    See Also
    --------
    fit_shadows : Fits what this returns.

    Examples
    --------
    >>> import numpy as np
    >>> from skmia.shadows import check_shadows
    >>> membership = np.arange(10) < 7
    >>> check_shadows(8, membership)
    ShadowModels(keep_models=False, n_models=8, train_size=0.7)
    """
    if isinstance(shadows, ShadowSignals):
        if shadows.n_shadows < (min(least, 2) if shadows.other else least):
            about = shadows.counterfactual_
            why = "" if about.n_fits is None else about.why_not
            raise ValueError(
                f"The 'shadows' parameter must hold at least {least} shadow models"
                f"{_without(why)}. Got {shadows.n_shadows} instead."
            )
        return shadows
    name = "n_models"
    if isinstance(shadows, Integral) and not isinstance(shadows, bool):
        name, models = "shadows", ShadowModels(int(shadows))
    elif isinstance(shadows, str) and shadows == "auto":
        name, models = "shadows", ShadowModels("auto")
    elif isinstance(shadows, ShadowModels):
        models = clone(shadows)
    else:
        raise TypeError(
            "The 'shadows' parameter must be an int, a ShadowModels or a "
            f"ShadowSignals. Got {shadows!r} instead; make one of plain arrays with "
            "ShadowSignals(signals, member)."
        )
    if isinstance(models.n_models, str) and models.n_models == "auto":
        _check_auto(models, name, allow_auto)
    else:
        check_integer(models.n_models, name, 1 if estimator is not None else least)
        if models.n_models < least:
            _check_closed_form(models, name, least, estimator, params)
    Queries.checked(models.n_queries, models.perturb, models.noise, models.flip_rate)
    if not isinstance(models.train_size, str):
        check_real(models.train_size, "train_size", 0, 1, closed="neither")
    elif models.train_size != "auto":
        raise ValueError(
            "The 'train_size' parameter must be 'auto' or a float in (0, 1). Got "
            f"{models.train_size!r} instead."
        )
    else:
        of = models.max_models if models.n_models == "auto" else models.n_models
        models.train_size = (
            0.5 if membership is None else auto_train_size(membership, of)
        )
    if not isinstance(models.refit_search, bool | np.bool_):
        raise TypeError(
            "The 'refit_search' parameter must be a bool. Got "
            f"{models.refit_search!r} instead."
        )
    if not isinstance(models.counterfactual, bool | np.bool_):
        check_option(models.counterfactual, "counterfactual", ("auto",))
    if not isinstance(models.keep_models, bool | np.bool_):
        check_option(models.keep_models, "keep_models", ("auto",))
        models.keep_models = keep_models
    if not isinstance(models.cache_dir, str | os.PathLike | None):
        raise TypeError(
            "The 'cache_dir' parameter must be a str, a path or None. Got "
            f"{models.cache_dir!r} instead."
        )
    return models


def _check_auto(models: ShadowModels, name: str, allowed: bool) -> None:
    if not allowed:
        raise ValueError(
            f"The {name!r} parameter must be an int here. Got 'auto' instead, which "
            "audit_classifier takes: it is decided by the figures of an audit."
        )
    check_integer(models.max_models, "max_models", FEWEST_FOR_AUTO)
    if isinstance(models.precision, str):
        check_option(models.precision, "precision", ("auto",))
    else:
        check_real(models.precision, "precision", 0, 1, closed="neither")


def _check_closed_form(
    models: ShadowModels,
    name: str,
    least: int,
    estimator: Any,
    params: Mapping[str, Any] | None,
) -> None:
    """Raise where so few shadow models have no closed form to make up for it."""
    plan: Any = "it was switched off with counterfactual=False"
    if models.counterfactual:
        estimator = unwrap_frozen(estimator)
        if not models.refit_search:
            estimator, _ = look_inside(estimator)
        plan = find_plan(estimator, params)
    if isinstance(plan, str):
        raise ValueError(
            f"The {name!r} parameter must be an int of at least {least}"
            f"{_without(plan)}. Got {models.n_models!r} instead."
        )
    check_integer(models.n_models, name, min(least, 2))


def _without(why: str) -> str:
    return f" without a closed form for the other side of records ({why})" * bool(why)
