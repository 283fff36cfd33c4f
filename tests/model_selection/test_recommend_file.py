"""recommend_defense: what the file tells, errors of single candidates, their cost."""

import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

from _helpers import noisy_rows
from skmia.defenses import HighEntropyClassifier
from skmia.exceptions import LeakageLimitWarning
from skmia.model_selection import privacy_budget, recommend_defense
from skmia.model_selection._recommend._candidates import make_candidates
from skmia.model_selection._recommend._file import said_of_file

CALL = {"max_leakage": 1.0, "n_models": 8, "random_state": 0}


@pytest.fixture(scope="module")
def data():
    return noisy_rows(150, 6)


@pytest.mark.parametrize("scaled", [False, True])
def test_a_recommended_model_that_keeps_its_rows_is_said_to(data, scaled):
    model = KNeighborsClassifier(50)
    if scaled:
        model = make_pipeline(StandardScaler(), model)
    with pytest.warns(LeakageLimitWarning, match="file holds 150 of its 150 training"):
        found = recommend_defense(model, *data, defenses=["regularization"], **CALL)
    assert "file holds 150 of its 150 training rows" in found.verdict
    assert "reads them in it" in " ".join(found.summary().split())


def test_what_a_mask_hides_is_in_the_file(data):
    masked = HighEntropyClassifier(GaussianNB(), gamma=0).fit(*data)
    said, holds_rows = said_of_file(masked, data[0])
    assert not holds_rows
    assert "the file holds the model without the mask" in " ".join(said)


def test_a_model_that_keeps_nothing_is_not_named(data):
    for model in (GaussianNB(), DecisionTreeClassifier()):
        assert said_of_file(model.fit(*data), data[0]) == ((), False)


class Diverges(ClassifierMixin, BaseEstimator):
    """Bayes by hand, which cannot be fitted on few rows."""

    def __init__(self, fails=False):
        self.fails = fails

    def fit(self, X, y):
        if self.fails or len(y) < 50:
            raise RuntimeError("the solver diverged")
        self.inner_ = GaussianNB().fit(X, y)
        self.classes_ = self.inner_.classes_
        return self

    def predict_proba(self, X):
        return self.inner_.predict_proba(X)

    def predict(self, X):
        return self.inner_.predict(X)


@pytest.mark.slow
def test_an_error_of_one_candidate_leaves_that_one_out(data):
    found = recommend_defense(Diverges(), *data, defenses=["bagging", "hamp"], **CALL)
    bags = [why for name, why in found.left_out_.items() if "bagging" in name]
    assert len(bags) >= 4
    assert all(why.startswith("RuntimeError: the solver diverged") for why in bags)


def test_an_error_of_the_undefended_one_or_of_all_is_raised(data):
    with pytest.raises(RuntimeError, match="the solver diverged"):
        recommend_defense(Diverges(True), *data, defenses=["bagging"], **CALL)
    with pytest.raises(ValueError, match=r"No defense can be .*the solver diverged"):
        recommend_defense(Diverges(), *data, defenses=["bagging"], **CALL)


def test_trees_that_are_not_said_are_those_that_the_library_makes():
    xgboost = pytest.importorskip("xgboost")
    of = {}
    for said in (None, 100):
        model = xgboost.XGBClassifier(n_estimators=said)
        found, _ = make_candidates(model, ["regularization", "bagging"], 2)
        of[said] = {
            c.name: c.work for c in found if said is not None or "=100," not in c.name
        }
    shared = of[None].keys() & of[100].keys()
    assert len(shared) > 5
    assert {k: of[None][k] for k in shared} == {k: of[100][k] for k in shared}
    # Each model of a bag is a fit of the whole classifier.
    assert of[None]["bagging of small shares (max_samples=0.1, n_estimators=10)"] == 1


@pytest.mark.parametrize("check_size", [1e-6, 0.999])
def test_a_check_that_leaves_no_rows_is_an_error_with_words(data, check_size):
    with pytest.raises(ValueError, match=r"'check_size' parameter must leave 10 rows"):
        recommend_defense(
            GaussianNB(),
            *data,
            defenses=["regularization"],
            check_size=check_size,
            **CALL,
        )


def test_the_budget_of_no_fit_is_an_error():
    with pytest.raises(ValueError, match="must hold at least one fitted search"):
        privacy_budget([])
