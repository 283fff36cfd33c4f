"""LiRA of SACRO-ML, without its reports, which the comparison does not need."""

import logging
import tempfile
import warnings

import numpy as np
from _task import run
from sacroml.attacks.likelihood_attack import LIRAAttack
from sacroml.attacks.target import Target


class KeepsScores(LIRAAttack):
    """The attack as it is, which keeps what it hands to its own figures.

    ``report_individual=True`` would give these scores too, but tests every record for
    normality a second time.
    """

    def _save_attack_metrics(self, mia_scores, *others):
        self.scores = np.array(mia_scores)[:, 1]
        super()._save_attack_metrics(mia_scores, *others)


def attack(task):
    settings = task.settings
    X_in, y_in, X_out, y_out = task.split
    # It uses again whatever shadows it finds in its folder: each run has its own.
    with tempfile.TemporaryDirectory(dir=settings["scratch"]) as folder:
        made = KeepsScores(
            output_dir=folder,
            write_report=False,
            n_shadow_models=settings["n_shadows"],
            mode=settings["mode"],
        )
        target = Target(
            model=task.target, X_train=X_in, y_train=y_in, X_test=X_out, y_test=y_out
        )
        made.attack(target)
    return task.in_order(made.scores[: len(y_in)], made.scores[len(y_in) :])


warnings.simplefilter("ignore")
logging.disable(logging.WARNING)
run(attack)
