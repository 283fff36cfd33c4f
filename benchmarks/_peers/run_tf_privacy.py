"""LiRA's score of TensorFlow Privacy, on given arrays: it fits no shadows itself."""

import warnings

import numpy as np
from _task import run
from tensorflow_privacy.privacy.privacy_tests.membership_inference_attack import (
    advanced_mia,
)


def attack(task):
    with np.load(task.settings["arrays"]) as file:
        logit, member, target = file["logit"], file["member"], file["target"]
    records = range(len(task.y))
    stat_in = [logit[member[:, i], i][:, np.newaxis] for i in records]
    stat_out = [logit[~member[:, i], i][:, np.newaxis] for i in records]
    low_is_member = advanced_mia.compute_score_lira(
        target[:, np.newaxis], stat_in, stat_out
    )
    return -low_is_member


warnings.simplefilter("ignore")
run(attack)
