"""LGBMClassifier: first order in the leaves."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from skmia.shadows._counterfactual._boosted import (
    Round,
    Step,
    check_drawn,
    logistic_loss,
    prepare_boosted,
    sum_by,
)
from skmia.shadows._counterfactual._family import (
    Family,
    NotCoveredError,
    OtherSide,
    TrainingRows,
)
from skmia.shadows._counterfactual._gradient_boosting import _log_odds
from skmia.shadows._counterfactual._hist_gradient_boosting import class_factors
from skmia.shadows._counterfactual._leaf_reader import LeafReader
from skmia.signals import FloatArray


class _BoosterReader(LeafReader):
    """Reads the trees that the model answers by, with what each leaf adds.

    The leaves of the first trees have the prior in them, which is taken out.
    """

    def __init__(self, model: Any, n_outputs: int, start: FloatArray) -> None:
        self.model = model
        self.n_outputs = n_outputs
        best = getattr(model, "best_iteration_", 0) or 0
        trees = model.booster_.dump_model(num_iteration=best or -1)["tree_info"]
        self.n_rounds = len(trees) // n_outputs
        self.of_leaves = [_leaf_values(tree) for tree in trees]
        for k in range(n_outputs):
            self.of_leaves[k] = self.of_leaves[k] - start[0, k]
        self.start = start

    def read(self, X: Any) -> Iterator[Round]:
        leaves = np.asarray(self.model.predict(X, pred_leaf=True)).astype(np.intp)
        leaves = leaves.reshape(len(leaves), self.n_rounds, self.n_outputs)
        raw = np.tile(self.start, (len(leaves), 1))
        return self.rounds(raw, leaves)


def _leaf_values(tree: Any) -> FloatArray:
    values = np.zeros(tree["num_leaves"])
    nodes = [tree["tree_structure"]]
    while nodes:
        node = nodes.pop()
        if "split_feature" in node:
            nodes += [node["left_child"], node["right_child"]]
        else:
            values[node.get("leaf_index", 0)] = node["leaf_value"]
    return values


def _prepare(model: Any, rows: TrainingRows) -> OtherSide:
    why = _why_not(model)
    if why is not None:
        raise NotCoveredError(why)
    n_classes = len(model.classes_)
    n_outputs = 1 if n_classes == 2 else n_classes
    params = model.booster_.params
    if params.get("objective") not in ("binary", "multiclass"):
        raise NotCoveredError(f"objective={params.get('objective')!r} is no log loss")
    factors = class_factors(model.class_weight, model.classes_, rows.y)
    factors[-1] *= params.get("scale_pos_weight", 1.0) if n_outputs == 1 else 1.0
    per_class = sum_by(rows.y, rows.weight * factors[rows.y], n_classes)
    start = _log_odds(per_class[None])
    step = Step(
        model.learning_rate,
        l2=model.reg_lambda,
        l1=model.reg_alpha,
        curvature=1.0 if n_outputs == 1 else n_classes / (n_classes - 1),
    )
    drawn = model.subsample_freq > 0
    return prepare_boosted(
        _BoosterReader(model, n_outputs, start),
        rows,
        factors,
        step,
        logistic_loss(n_outputs),
        _log_odds,
        share=model.subsample if drawn else 1.0,
    )


def _why_not(estimator: Any) -> str | None:
    if estimator.boosting_type != "gbdt":
        return (
            f"boosting_type={estimator.boosting_type!r} is no sum of trees of one rate"
        )
    others = set(estimator.get_params()) - set(type(estimator)().get_params())
    others -= {"verbose", "verbosity", "deterministic", "force_row_wise", "seed"}
    others -= {"force_col_wise", "max_bin", "num_threads", "min_data_in_bin"}
    if others:
        return f"its parameters {sorted(others)} are not read"
    return None


LIGHTGBM = Family(_prepare, why_not=_why_not, check=check_drawn)
