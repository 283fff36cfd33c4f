"""What every driver does: reads its task, times the attack alone, writes the answer.

A driver runs in its tool's own environment, so this file needs NumPy and joblib only.
"""

import json
import sys
import time

import joblib
import numpy as np


class Task:
    """The data, the fitted target and the settings that the benchmark handed over."""

    def __init__(self, path):
        with np.load(path) as file:
            self.X, self.y = file["X"], file["y"]
            self.member = file["member"]
            self.settings = json.loads(str(file["settings"]))
        self.target = joblib.load(self.settings["target"])

    @property
    def split(self):
        """Members' and non-members' records and labels."""
        X, y, member = self.X, self.y, self.member
        return X[member], y[member], X[~member], y[~member]

    def in_order(self, of_members, of_others):
        """Scores of members and of non-members as one score for each record."""
        scores = np.empty(len(self.y))
        scores[self.member], scores[~self.member] = of_members, of_others
        return scores


def run(attack):
    """Call ``attack(task)``, which returns a score for each record; write its answer.

    The second word of the command line is the task's npz, the third the answer's json.
    """
    task = Task(sys.argv[1])
    start = time.perf_counter()
    scores = np.asarray(attack(task), dtype=float)
    seconds = time.perf_counter() - start
    answer = {"attack_seconds": seconds, "scores": scores.tolist()}
    with open(sys.argv[2], "w") as file:
        json.dump(answer, file)
