"""How shadow models are made: the parameter that all who need them share."""

import os
from numbers import Integral
from typing import Any, Literal, overload

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, clone

from skmia._tables import Queries, Strengths
from skmia.shadows._design import auto_train_size
from skmia.shadows._signals import ShadowSignals
from skmia.utils import check_integer, check_option, check_real


class ShadowModels(BaseEstimator):
    """Say how shadow models are made.

    It is what ``shadows=`` takes wherever shadow models are needed; ``shadows=16`` is
    short for ``shadows=ShadowModels(16)``. It only holds parameters, which
    :func:`fit_shadows` or an attack checks and uses. A search sets them as
    ``shadows__n_models``. See the user guide, :doc:`/guide/shadows`.

    Parameters
    ----------
    n_models : int, default=16
        Number of shadow models: 4 at least for an attack, 2 for `fit_shadows`.
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
    keep_models : "auto" or bool, default="auto"
        Keep the fitted shadows, which an attack asks about rows outside of the pool
        and about calls without labels. ``"auto"`` keeps them where an attack that
        asks them fits its own, and not in `fit_shadows` and in audits. Without them
        memory holds the signals only.
    cache_dir : path-like, default=None
        A folder that only you can write to, where each finished shadow is stored, so
        that a run that was stopped goes on where it was. Keyed by content, your own
        code included; packages are told by their version, and what no content tells
        is refused. Entries are signed with a key of yours that lies outside of it.

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
        n_models: int = 16,
        *,
        train_size: float | Literal["auto"] = "auto",
        n_queries: int = 0,
        perturb: str = "auto",
        noise: Strengths = 0.1,
        flip_rate: Strengths = 0.05,
        refit_search: bool = False,
        keep_models: bool | Literal["auto"] = "auto",
        cache_dir: str | os.PathLike[str] | None = None,
    ) -> None:
        self.n_models = n_models
        self.train_size = train_size
        self.n_queries = n_queries
        self.perturb = perturb
        self.noise = noise
        self.flip_rate = flip_rate
        self.refit_search = refit_search
        self.keep_models = keep_models
        self.cache_dir = cache_dir


@overload
def check_shadows(
    shadows: int | ShadowModels,
    membership: NDArray | None = None,
    *,
    least: int = 4,
    keep_models: bool = False,
) -> ShadowModels: ...


@overload
def check_shadows(
    shadows: ShadowSignals,
    membership: NDArray | None = None,
    *,
    least: int = 4,
    keep_models: bool = False,
) -> ShadowSignals: ...


def check_shadows(
    shadows: Any,
    membership: NDArray | None = None,
    *,
    least: int = 4,
    keep_models: bool = False,
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

    Returns
    -------
    ShadowModels or ShadowSignals
        ShadowSignals as given; else a ShadowModels in which nothing is ``"auto"``.

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
        if shadows.n_shadows < least:
            raise ValueError(
                f"The 'shadows' parameter must hold at least {least} shadow models. "
                f"Got {shadows.n_shadows} instead."
            )
        return shadows
    if isinstance(shadows, Integral) and not isinstance(shadows, bool):
        models = ShadowModels(check_integer(shadows, "shadows", least))
    elif isinstance(shadows, ShadowModels):
        models = clone(shadows)
    else:
        raise TypeError(
            "The 'shadows' parameter must be an int, a ShadowModels or a "
            f"ShadowSignals. Got {shadows!r} instead; make one of plain arrays with "
            "ShadowSignals(signals, member)."
        )
    check_integer(models.n_models, "n_models", least)
    Queries.checked(models.n_queries, models.perturb, models.noise, models.flip_rate)
    if not isinstance(models.train_size, str):
        check_real(models.train_size, "train_size", 0, 1, closed="neither")
    elif models.train_size != "auto":
        raise ValueError(
            "The 'train_size' parameter must be 'auto' or a float in (0, 1). Got "
            f"{models.train_size!r} instead."
        )
    else:
        models.train_size = (
            0.5 if membership is None else auto_train_size(membership, models.n_models)
        )
    if not isinstance(models.refit_search, bool | np.bool_):
        raise TypeError(
            "The 'refit_search' parameter must be a bool. Got "
            f"{models.refit_search!r} instead."
        )
    if not isinstance(models.keep_models, bool | np.bool_):
        check_option(models.keep_models, "keep_models", ("auto",))
        models.keep_models = keep_models
    if not isinstance(models.cache_dir, str | os.PathLike | None):
        raise TypeError(
            "The 'cache_dir' parameter must be a str, a path or None. Got "
            f"{models.cache_dir!r} instead."
        )
    return models
