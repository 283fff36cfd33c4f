"""Black-box attacks of the Adversarial Robustness Toolbox.

``shadows`` fits shadow models on halves of the pool and learns the attack model on
their answers. ``known`` is told which records are members of the target for half of the
records and judges the other half, and then the other way round: an attacker who knows
more than any other of this comparison.
"""

import warnings

import numpy as np
from _task import run
from art.attacks.inference.membership_inference import (
    MembershipInferenceBlackBox,
    ShadowModels,
)
from art.estimators.classification.scikitlearn import ScikitlearnClassifier
from art.utils import to_categorical
from sklearn.base import clone


def attack(task):
    # The toolbox's attack models take NumPy's global generator.
    np.random.seed(0)  # noqa: NPY002
    return {"shadows": with_shadows, "known": with_known_members}[
        task.settings["attack"]
    ](task)


def black_box(task):
    return MembershipInferenceBlackBox(
        ScikitlearnClassifier(task.target),
        attack_model_type=task.settings["attack_model"],
    )


def with_shadows(task):
    template = ScikitlearnClassifier(clone(task.target))
    # It asks the unfitted template for its number of classes and finds none.
    template.nb_classes = len(task.target.classes_)
    shadows = ShadowModels(
        template, num_shadow_models=task.settings["n_shadows"], random_state=0
    )
    one_hot = to_categorical(task.y, len(task.target.classes_))
    (x, y, pred), (test_x, test_y, test_pred) = shadows.generate_shadow_dataset(
        task.X, one_hot
    )
    made = black_box(task)
    made.fit(x, y, test_x, test_y, pred, test_pred)
    return made.infer(task.X, task.y, probabilities=True).ravel()


def with_known_members(task):
    fold = np.random.default_rng(0).permutation(len(task.y)) % 2 == 0
    scores = np.empty(len(task.y))
    for known in (fold, ~fold):
        made = black_box(task)
        members, others = known & task.member, known & ~task.member
        made.fit(task.X[members], task.y[members], task.X[others], task.y[others])
        judged = made.infer(task.X[~known], task.y[~known], probabilities=True)
        scores[~known] = judged.ravel()
    return scores


warnings.simplefilter("ignore")
run(attack)
