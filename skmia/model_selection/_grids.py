"""What to search over: a classifier's own regularization, and models of few rows."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sklearn.ensemble import BaggingClassifier, ExtraTreesClassifier
from sklearn.ensemble import RandomForestClassifier as RandomForest
from sklearn.pipeline import Pipeline, make_pipeline

from skmia._models import bare_clone, check_is_classifier

Grid = dict[str, list[Any]]

_FOREST: list[Grid] = [
    {"n_estimators": [10, 30, 100], "min_samples_leaf": [1, 4, 16, 64]}
]
# By library and class. Each grid goes from what memorizes to what hardly learns.
_OWN: Mapping[str, Sequence[Grid]] = {
    "sklearn.LogisticRegression": [{"C": [10.0, 1.0, 0.1, 0.03, 0.01, 0.003, 0.001]}],
    "sklearn.SGDClassifier": [{"alpha": [1e-5, 1e-4, 1e-3, 1e-2, 0.1]}],
    "sklearn.MLPClassifier": [
        {"alpha": [1e-4, 0.1, 1.0, 3.0]},
        {"max_iter": [3, 6, 12, 20]},
    ],
    "sklearn.RandomForestClassifier": _FOREST,
    "sklearn.ExtraTreesClassifier": _FOREST,
    "sklearn.DecisionTreeClassifier": [{"min_samples_leaf": [1, 4, 16, 64]}],
    "sklearn.ExtraTreeClassifier": [{"min_samples_leaf": [1, 4, 16, 64]}],
    "sklearn.HistGradientBoostingClassifier": [
        {"max_iter": [3, 10, 30, 100], "max_leaf_nodes": [3, 8, 31]},
        {"min_samples_leaf": [60, 200]},
    ],
    "sklearn.GradientBoostingClassifier": [
        {"n_estimators": [10, 30, 100], "max_depth": [1, 2, 3]},
        {"min_samples_leaf": [20, 60, 200]},
    ],
    "sklearn.AdaBoostClassifier": [{"n_estimators": [5, 15, 50]}],
    "sklearn.KNeighborsClassifier": [{"n_neighbors": [5, 15, 50, 150]}],
    "sklearn.GaussianNB": [{"var_smoothing": [1e-9, 1e-3, 1e-2, 0.1]}],
    "xgboost.XGBClassifier": [
        {"n_estimators": [3, 10, 30, 100], "max_depth": [1, 2, 4, 6]},
        {"min_child_weight": [20, 60]},
    ],
    "lightgbm.LGBMClassifier": [
        {"n_estimators": [3, 10, 30, 100], "num_leaves": [3, 8, 31]},
        {"min_child_samples": [60, 200]},
    ],
    "catboost.CatBoostClassifier": [
        {"iterations": [10, 30, 100, 1000], "depth": [1, 2, 4, 6]},
        {"l2_leaf_reg": [30.0, 300.0]},
    ],
}
_FEW_ROWS: Grid = {
    "max_samples": [0.05, 0.1, 0.3],
    "min_samples_leaf": [1, 3, 5],
    "n_estimators": [30, 100],
}
_SMALL_SHARES: Grid = {"max_samples": [0.05, 0.1, 0.2, 0.3], "n_estimators": [10, 20]}


class Candidates(NamedTuple):
    """Hold an estimator, and what to search over in it.

    Attributes
    ----------
    name : str
        What it is, for people.
    estimator : classifier
        Unfitted.
    param_grid : dict or list of dict
        Values by the name of the parameter, as ``GridSearchCV`` takes it.
    """

    name: str
    estimator: Any
    param_grid: Grid | list[Grid]

    def inside(self, name: str = "estimator") -> list[Grid]:
        """Give the grids as parameters of an estimator that wraps this one.

        With lists of several added up, one search compares them all.

        Parameters
        ----------
        name : str, default="estimator"
            The parameter that this estimator becomes, as in ``AuditableClassifier``.

        Returns
        -------
        list of dict
            Grids, each with the estimator itself under `name`.
        """
        grids = self.param_grid
        return [
            {name: [self.estimator]}
            | {f"{name}__{key}": values for key, values in grid.items()}
            for grid in (grids if isinstance(grids, list) else [grids])
        ]


def regularization_grid(estimator: Any) -> list[Candidates]:
    """Give values of the parameters by which a classifier regularizes itself.

    The first rival of every defense: it is free, and may hide as much. The number of
    trees or of rounds is among what is tuned, since more of them leak more.

    Parameters
    ----------
    estimator : classifier or Pipeline
        Of scikit-learn, XGBoost, LightGBM or CatBoost. Of a Pipeline, the last step.

    Returns
    -------
    list of Candidates
        One: its name, a clone of `estimator`, and a grid of up to 20 candidates.
        `estimator` as it is belongs to them.

    Raises
    ------
    ValueError
        For a class whose parameters are not known: an empty grid would read as if there
        were nothing to gain.

    See Also
    --------
    sub_bagging_grid : Models that see few rows each.
    best_under_leakage : Choose the most accurate candidate that does not leak too much.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from skmia.model_selection import regularization_grid
    >>> model = make_pipeline(StandardScaler(), LogisticRegression(C=5))
    >>> [(name, estimator, param_grid)] = regularization_grid(model)
    >>> param_grid
    {'logisticregression__C': [5, 10.0, 1.0, 0.1, 0.03, 0.01, 0.003, 0.001]}
    """
    check_is_classifier(estimator)
    prefix, last = _last_step(estimator)
    found = next((_OWN[name] for name in _names(last) if name in _OWN), None)
    if found is None:
        raise ValueError(
            "The 'estimator' parameter must be a classifier whose regularization is "
            f"known, or a Pipeline that ends in one: {', '.join(sorted(_OWN))}. Got "
            f"{type(last).__name__} instead; write a grid of its parameters yourself."
        )
    own = last.get_params(deep=False)
    first, *others = found
    # The estimator as it is belongs to the first grid, and is not fitted twice.
    first = {name: _with_own(values, own.get(name)) for name, values in first.items()}
    grids = [
        {prefix + name: list(values) for name, values in grid.items()}
        for grid in (first, *others)
    ]
    grid = grids[0] if len(grids) == 1 else grids
    return [Candidates("own regularization", bare_clone(estimator), grid)]


def sub_bagging_grid(estimator: Any) -> list[Candidates]:
    """Give ensembles whose members see few rows each, and values to search over.

    A row that a tenth of the models has seen moves the mean of their answers by a tenth
    of what it would move one model. For forests these are scikit-learn's own
    parameters, tuned together: rows for each tree (``max_samples``), rows in a leaf,
    and the number of trees, of which more leak more. Any other classifier goes into
    ``BaggingClassifier(bootstrap=False)``.

    Parameters
    ----------
    estimator : classifier or Pipeline
        Of a Pipeline, the last step is replaced; what stands before it sees all rows.

    Returns
    -------
    list of Candidates
        One: its name, an ensemble that is not fitted, and a grid of parameters, named
        as in that ensemble.

    See Also
    --------
    regularization_grid : The classifier's own parameters.
    skmia.defenses.SelfDistillationClassifier : Ensembles whose answers are learnt by
        one more model.

    Notes
    -----
    Shares of a few dozen rows, or with no row of a rare class, cost accuracy: leave
    small values of ``max_samples`` out for small data. There is no guarantee.

    References
    ----------
    Jia, Liu, Gong et al., "Intrinsic Certified Robustness of Bagging against Data
    Poisoning Attacks", AAAI 2021, on how little one row can change such an ensemble.

    Examples
    --------
    >>> from sklearn.ensemble import RandomForestClassifier
    >>> from sklearn.linear_model import LogisticRegression
    >>> from skmia.model_selection import sub_bagging_grid
    >>> [few] = sub_bagging_grid(RandomForestClassifier())
    >>> sorted(few.param_grid)
    ['max_samples', 'min_samples_leaf', 'n_estimators']
    >>> [bagged] = sub_bagging_grid(LogisticRegression())
    >>> bagged.estimator
    BaggingClassifier(bootstrap=False,
                      estimator=Pipeline(steps=[('logisticregression',
                                                 LogisticRegression())]),
                      max_samples=0.1)
    """
    check_is_classifier(estimator)
    prefix, last = _last_step(estimator)
    few: Any
    if isinstance(last, (RandomForest, ExtraTreesClassifier)):
        name, grid = "few rows for each tree", _FEW_ROWS
        few = bare_clone(last).set_params(bootstrap=True, max_samples=0.1)
    else:
        name, grid = "bagging of small shares", _SMALL_SHARES
        # In a Pipeline, which is given rows and not weights: models that take weights
        # would be fitted on all rows, most of them with a weight of 0, which still
        # count in the bins of boosted trees and in the batches of a network.
        few = BaggingClassifier(
            make_pipeline(bare_clone(last)), max_samples=0.1, bootstrap=False
        )
    grid = {prefix + key: list(values) for key, values in grid.items()}
    return [Candidates(name, _with_last(bare_clone(estimator), few), grid)]


def _last_step(estimator: Any) -> tuple[str, Any]:
    """The classifier at the end of Pipelines, after the prefix of its parameters."""
    prefix = ""
    while isinstance(estimator, Pipeline):
        name, estimator = estimator.steps[-1]
        prefix += f"{name}__"
    return prefix, estimator


def _with_last(estimator: Any, last: Any) -> Any:
    """The same Pipeline with another last step, or `last` where there is none."""
    if not isinstance(estimator, Pipeline):
        return last
    name, inner = estimator.steps[-1]
    steps = [*estimator.steps[:-1], (name, _with_last(inner, last))]
    return estimator.set_params(steps=steps)


def _names(classifier: Any) -> list[str]:
    """Library and name of its class and of those that this one is derived from."""
    return [
        f"{cls.__module__.split('.')[0]}.{cls.__name__}"
        for cls in type(classifier).__mro__
    ]


def _with_own(values: list[Any], own: Any) -> list[Any]:
    """The values, after that of the estimator itself where it is none of them."""
    return list(values) if own is None or own in values else [own, *values]
