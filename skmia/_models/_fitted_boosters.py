"""What a fitted booster tells of its fit: LightGBM, XGBoost and CatBoost.

Each has the sum of second derivatives or of weights in the leaves of its first tree,
where all rows still have the same prediction.
"""

import json
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, NamedTuple

import numpy as np
from scipy.special import softmax

# Sums in leaves that differ by less from what equal weights give are rounded.
_ROUNDED = 0.01
# Ways to say that a tree of LightGBM is grown on a part of the rows.
_SUBSAMPLING = (
    "subsample",
    "bagging_fraction",
    "bagging",
    "sub_row",
    "pos_bagging_fraction",
    "pos_sub_row",
    "pos_subsample",
    "pos_bagging",
    "neg_bagging_fraction",
    "neg_sub_row",
    "neg_subsample",
    "neg_bagging",
)
# Names of its number of trees; the last one is always there.
_TREES_OF_LIGHTGBM = (
    "num_iterations",
    "num_iteration",
    "n_iter",
    "num_tree",
    "num_trees",
    "num_round",
    "num_rounds",
    "nrounds",
    "num_boost_round",
    "max_iter",
    "n_estimators",
)
# Parameters of LightGBM that are named alike before and after.
_OF_LIGHTGBM = (
    "num_leaves",
    "max_depth",
    "learning_rate",
    "min_child_samples",
    "min_child_weight",
    "min_split_gain",
    "subsample",
    "subsample_freq",
    "colsample_bytree",
    "reg_alpha",
    "reg_lambda",
    "boosting_type",
)


class Boosted(NamedTuple):
    """What a booster tells.

    Attributes
    ----------
    n_rows : int or None
        Rows that it was fitted on; None where it does not tell.
    exact : bool
        Whether that is all of them, or at least so many.
    summed : bool
        Whether that is a sum of weights, which are 1 where none were given.
    weighted : bool
        Whether the rows had other weights than its parameters give them.
    counter : str
        Name of the parameter that counts its trees.
    wanted : int
        Its value now.
    stopped : int or None
        Trees that it uses, where early stopping chose them.
    made : int or None
        Trees that it made or was to make, where that has to be what is wanted.
    changed : tuple
        Other parameters that were changed later: name, now, and then.
    """

    n_rows: int | None = None
    exact: bool = True
    summed: bool = False
    weighted: bool = False
    counter: str = "n_estimators"
    wanted: int = 0
    stopped: int | None = None
    made: int | None = None
    changed: tuple[tuple[str, Any, Any], ...] = ()


def read_booster(model: Any) -> Boosted | None:
    """Read what a fitted booster tells of its fit; None for any other model."""
    read = _READERS.get(whose_fit(model))
    return None if read is None else read(model)


def whose_fit(model: Any) -> str:
    """Return the package of the class whose `fit` a model has.

    A subclass with a fit of its own may leave rows out, or weigh them.
    """
    for cls in type(model).__mro__:
        if "fit" in vars(cls):
            return cls.__module__.partition(".")[0]
    return ""


def _read_lightgbm(model: Any) -> Boosted:
    booster = model.booster_
    then, now = booster.params, model.get_params()
    counts = [name for name in _TREES_OF_LIGHTGBM if now.get(name) is not None]
    wanted = int(now[counts[0]])
    changed = tuple(
        (name, now[name], then[name])
        for name in _OF_LIGHTGBM
        if name in then and name in now and now[name] != then[name]
    )
    told = Boosted(counter=counts[0], wanted=wanted, changed=changed)
    if model.best_iteration_ > 0:
        told = told._replace(stopped=int(model.best_iteration_))
    elif "num_iterations" in then:
        told = told._replace(made=int(then["num_iterations"]))
    if then.get("objective") not in ("binary", "multiclass", "multiclassova"):
        return told
    trees = booster.dump_model(num_iteration=1)["tree_info"]
    leaves = np.array(list(_leaves_of_lightgbm(trees[0]["tree_structure"])))
    if not len(leaves):
        return told
    weight, count = leaves.T
    ratio = weight / count
    parts = then.get("data_sample_strategy") == "goss"
    parts |= then.get("boosting_type") in ("goss", "rf")
    parts |= any(then.get(name, 1.0) not in (None, 1.0) for name in _SUBSAMPLING)
    balanced = now.get("class_weight") is not None or any(
        then.get(name) for name in ("is_unbalance", "unbalance", "unbalanced_sets")
    )
    balanced |= then.get("scale_pos_weight") not in (None, 1)
    return told._replace(
        n_rows=int(count.sum()),
        exact=not parts,
        weighted=not balanced and bool(np.ptp(ratio) > _ROUNDED * ratio.mean()),
    )


def _leaves_of_lightgbm(node: Any) -> Iterator[tuple[float, float]]:
    if "split_feature" in node:
        yield from _leaves_of_lightgbm(node["left_child"])
        yield from _leaves_of_lightgbm(node["right_child"])
    elif node.get("leaf_count"):  # a single leaf tells nothing
        yield node["leaf_weight"], node["leaf_count"]


def _read_xgboost(model: Any) -> Boosted:
    booster = model.get_booster()
    told = Boosted(wanted=int(model.get_num_boosting_rounds()))
    best = getattr(model, "best_iteration", None)
    if best is not None:
        told = told._replace(stopped=int(best) + 1)
    else:
        told = told._replace(made=booster.num_boosted_rounds())
    balanced = model.get_params().get("scale_pos_weight") not in (None, 1)
    hessian = None if balanced else _start(booster)
    if hessian is None or _per_round(model) > 1:
        return told
    dumped = booster.get_dump(with_stats=True, dump_format="json")
    cover = np.array(list(_covers(json.loads(dumped[0]))))
    rows = cover / hessian
    rounded = _ROUNDED + 1e-5 * rows
    weighted = bool((np.abs(rows - np.round(rows)) > rounded).any())
    return told._replace(
        n_rows=None if weighted else int(np.round(rows).sum()),
        exact=model.get_params().get("subsample") in (None, 1, 1.0),
        summed=True,
        weighted=weighted,
    )


def _per_round(model: Any) -> int:
    return int(model.get_params().get("num_parallel_tree") or 1)


def _start(booster: Any) -> float | None:
    """The second derivative of a row's loss before the first tree."""
    learner = json.loads(booster.save_config())["learner"]
    if learner["gradient_booster"].get("name") != "gbtree":
        return None
    text = learner["learner_model_param"]["base_score"]
    base = np.array([float(part) for part in text.strip("[]").split(",")])
    objective = learner["objective"]["name"]
    if objective == "binary:logistic" and base.size == 1:
        return float(base[0] * (1 - base[0]))
    if objective.startswith("multi:"):
        n_classes = int(learner["learner_model_param"]["num_class"])
        first = softmax(np.broadcast_to(base, n_classes))[0]
        return float(2 * first * (1 - first))
    return None


def _covers(node: Any) -> Iterator[float]:
    for child in node.get("children", ()):
        yield from _covers(child)
    if "children" not in node:
        yield node["cover"]


def _read_catboost(model: Any) -> Boosted:
    trained = model.get_all_params()
    wanted = int(trained.get("iterations", model.tree_count_))
    told = Boosted(wanted=wanted, counter="iterations")
    # Its parameters cannot be changed after the fit.
    if model.tree_count_ < wanted:
        told = told._replace(stopped=int(model.tree_count_))
    leaves = model.get_leaf_weights()[: model.get_tree_leaf_counts()[0]]
    total = float(leaves.sum())
    params = model.get_params()
    balanced = any(
        params.get(name) is not None
        for name in ("auto_class_weights", "class_weights", "scale_pos_weight")
    )
    weighted = bool((np.abs(leaves - np.round(leaves)) > _ROUNDED).any())
    return told._replace(
        n_rows=None if weighted or balanced else round(total),
        summed=True,
        weighted=weighted and not balanced,
    )


def _quietly(read: Any) -> Any:
    def reader(model: Any) -> Boosted | None:
        # What another version of the library stores in another way is not told.
        with suppress(Exception):
            return read(model)
        return None

    return reader


_READERS = {
    "lightgbm": _quietly(_read_lightgbm),
    "xgboost": _quietly(_read_xgboost),
    "catboost": _quietly(_read_catboost),
}
