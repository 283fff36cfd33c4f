"""XGBClassifier: first order in the leaves."""

import json
from collections.abc import Iterator
from typing import Any

import numpy as np

from skmia.shadows._counterfactual._boosted import (
    Round,
    Step,
    check_drawn,
    logistic_loss,
    prepare_boosted,
)
from skmia.shadows._counterfactual._family import (
    Family,
    NotCoveredError,
    OtherSide,
    TrainingRows,
)
from skmia.shadows._counterfactual._hist_gradient_boosting import log_odds
from skmia.shadows._counterfactual._leaf_reader import LeafReader
from skmia.signals import FloatArray


class _BoosterReader(LeafReader):
    """Reads the trees that the model answers by, with what each leaf adds."""

    def __init__(self, model: Any, n_outputs: int) -> None:
        self.model = model
        self.n_outputs = n_outputs
        dump = model.get_booster().get_dump(dump_format="json")
        n_rounds = len(dump) // n_outputs
        best = getattr(model, "best_iteration", None)
        self.n_rounds = n_rounds if best is None else min(n_rounds, int(best) + 1)
        self.of_leaves = [_leaf_values(json.loads(tree)) for tree in dump]

    def read(self, X: Any) -> Iterator[Round]:
        final = np.asarray(self.model.predict(X, output_margin=True), dtype=np.float64)
        final = final.reshape(len(final), -1)
        leaves = np.asarray(self.model.apply(X)).astype(np.intp)
        leaves = leaves.reshape(len(final), self.n_rounds, self.n_outputs)
        added = np.zeros_like(final)
        for number in range(self.n_rounds):
            for k in range(self.n_outputs):
                added[:, k] += self.values(number, k)[leaves[:, number, k]]
        raw = final - added
        return self.rounds(raw, leaves, final)


def _leaf_values(tree: Any) -> FloatArray:
    """Return the values of the leaves of a tree by the number of the node."""
    found = {}
    nodes = [tree]
    while nodes:
        node = nodes.pop()
        if "leaf" in node:
            found[node["nodeid"]] = node["leaf"]
        nodes += node.get("children", ())
    values = np.zeros(max(found) + 1)
    values[list(found)] = list(found.values())
    return values


def _prepare(model: Any, rows: TrainingRows) -> OtherSide:
    why = _why_not(model)
    if why is not None:
        raise NotCoveredError(why)
    n_classes = len(model.classes_)
    n_outputs = 1 if n_classes == 2 else n_classes
    params = json.loads(model.get_booster().save_config())["learner"]
    if params["learner_train_param"].get("multi_strategy") == "multi_output_tree":
        raise NotCoveredError(
            "its trees have a value for each class"
        )  # pragma: no cover
    factors = np.ones(n_classes)
    if n_outputs == 1 and model.scale_pos_weight is not None:
        factors[1] = model.scale_pos_weight
    step = Step(
        _number(model.learning_rate, 0.3),
        l2=_number(model.reg_lambda, 1.0),
        l1=_number(model.reg_alpha, 0.0),
        least=1e-16,
        curvature=1.0 if n_outputs == 1 else 2.0,
        limit=_number(model.max_delta_step, 0.0),
    )
    # A prior that the user set does not move; that of many classes is one number.
    prior = log_odds if n_outputs == 1 and model.base_score is None else None
    return prepare_boosted(
        _BoosterReader(model, n_outputs),
        rows,
        factors,
        step,
        logistic_loss(n_outputs),
        prior,
        share=_number(model.subsample, 1.0),
        dtype=np.float32,
    )


def _number(value: Any, default: float) -> float:
    return default if value is None else float(value)


def _why_not(estimator: Any) -> str | None:
    if estimator.booster not in (None, "gbtree"):
        return f"booster={estimator.booster!r} fits no sum of trees of one rate each"
    if (estimator.num_parallel_tree or 1) != 1:
        return "num_parallel_tree grows forests"
    if estimator.sampling_method not in (None, "uniform"):
        return f"sampling_method={estimator.sampling_method!r} draws rows by gradients"
    allowed = (None, "binary:logistic", "multi:softprob", "multi:softmax")
    if estimator.objective not in allowed:
        return f"objective={estimator.objective!r} is no log loss"
    if estimator.multi_strategy not in (None, "one_output_per_tree"):
        return "its trees have a value for each class"
    return None


XGBOOST = Family(_prepare, why_not=_why_not, check=check_drawn)
