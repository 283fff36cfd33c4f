"""Attacks of skmia: on shadows that it fits, or LiRA on arrays that are given."""

import warnings

import numpy as np
from _task import run
from sklearn.frozen import FrozenEstimator

from skmia.attacks import LiRAAttack, StackedAttack
from skmia.shadows import ShadowModels, ShadowSignals

ATTACKS = {"lira": LiRAAttack, "stacked": StackedAttack}


def attack(task):
    settings = task.settings
    if settings["attack"] == "scoring":
        return score_arrays(task)
    shadows = ShadowModels(
        settings["n_shadows"],
        # Records of the pool are scored by what the shadows have answered.
        keep_models=False,
        counterfactual="auto" if settings["both_sides"] else False,
    )
    made = ATTACKS[settings["attack"]](
        FrozenEstimator(task.target),
        shadows=shadows,
        n_jobs=settings["n_jobs"],
        random_state=0,
    ).fit(task.X, task.y)
    return made.score_samples(task.X, task.y)


def score_arrays(task):
    """LiRA where the shadows' logits and the target's probabilities are given."""
    with np.load(task.settings["arrays"]) as file:
        signals, member = file["logit"], file["member"]
        proba = file["proba"]
    shadows = ShadowSignals({"logit": signals}, member)
    made = LiRAAttack("precomputed", shadows=shadows).fit(proba, task.y)
    return made.score_samples(proba, task.y)


warnings.simplefilter("ignore")
run(attack)
