"""A model is asked in its own jobs, whatever joblib is configured for."""

import joblib
import numpy as np
import pytest
from sklearn.datasets import make_classification
from sklearn.ensemble import RandomForestClassifier
from sklearn.naive_bayes import GaussianNB

from skmia._models import ask_labels, ask_probabilities

X, Y = make_classification(300, 6, flip_y=0.3, random_state=0)


class Tells(GaussianNB):
    """Notes how many jobs it would run when asked."""

    def __init__(self, n_jobs=None):
        super().__init__()
        self.n_jobs = n_jobs
        self.asked_in = []

    def predict_proba(self, X):
        self.asked_in.append(joblib.effective_n_jobs(self.n_jobs))
        return super().predict_proba(X)

    def predict(self, X):
        self.asked_in.append(joblib.effective_n_jobs(self.n_jobs))
        return super().predict(X)


@pytest.mark.parametrize("backend", ["loky", "threading", "multiprocessing"])
@pytest.mark.parametrize(("n_jobs", "expected"), [(None, 1), (2, 2)])
def test_jobs_are_those_of_the_model(backend, n_jobs, expected):
    model = Tells(n_jobs).fit(X, Y)
    with joblib.parallel_config(backend, n_jobs=3):
        ask_probabilities(model, X, model.classes_)
        ask_labels(model, X)
        assert joblib.effective_n_jobs(None) == 3  # as before
    assert set(model.asked_in) == {expected}
    assert len(model.asked_in) == 2


def test_answers_of_a_forest_are_the_same_to_the_last_bit():
    forest = RandomForestClassifier(50, max_depth=6, random_state=0).fit(X, Y)
    here = ask_probabilities(forest, X, forest.classes_)
    with joblib.parallel_config(n_jobs=4):
        for _ in range(20):
            np.testing.assert_array_equal(
                ask_probabilities(forest, X, forest.classes_), here
            )
