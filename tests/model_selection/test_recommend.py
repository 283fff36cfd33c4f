"""recommend_defense: the choice, its cost, and what is said where there is none."""

import time

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.tree import DecisionTreeClassifier

from _helpers import fruit, global_state, mixed_frame, noisy_rows
from skmia.defenses import DifferentialPrivacyClassifier
from skmia.exceptions import LeakageLimitWarning
from skmia.model_selection import SearchCost, recommend_defense
from skmia.model_selection._recommend import _plan

QUICK = {"n_models": 8, "random_state": 0}
OWN = ["regularization"]
LIMIT = 0.6


@pytest.fixture(scope="module")
def data():
    return noisy_rows(400, 30, n_informative=6)


def linear():
    return LogisticRegression(C=100, max_iter=200)


@pytest.fixture(scope="module")
def found(data):
    return recommend_defense(
        linear(),
        *data,
        max_leakage=LIMIT,
        defenses=["regularization", "hamp"],
        **QUICK,
    )


def columns(found):
    return found.to_frame().sort_index().drop(columns="work_per_fit")


def test_the_best_under_the_limit_by_the_table(found):
    table = columns(found)
    last = table[table["n_models"] == 8]
    under = last[(last["leakage_high"] <= LIMIT) & (last["checked_leakage"] <= LIMIT)]
    assert table.loc[found.best_index_, "status"] == "recommended"
    assert table.loc[found.best_index_, "accuracy"] == under["accuracy"].max()
    assert table.loc[0, "defense"] == "undefended"
    assert table.loc[0, "leakage_high"] > LIMIT
    assert found.cv_results_["params"][found.best_index_] == found.best_params_
    assert repr(found).startswith("DefenseRecommendation: Use ")
    assert "Undefended: accuracy" in repr(found)
    # Both of those that keep their probabilities and of those that do not.
    masked = last["defense"].isin(["HAMP", "order of classes only"])
    assert 0 < masked.sum() <= 2


def test_the_model_is_that_of_all_rows(found, data):
    X, y = data
    model = found.best_estimator_
    assert model.n_features_in_ == 30
    assert model.score(X, y) > 0.7


@pytest.mark.slow
def test_halving_finds_what_the_full_grid_finds(data, found, monkeypatch):
    """The same, or as accurate within .01, and at less cost."""
    monkeypatch.setattr(_plan, "_FEWEST_KEPT", 1000)
    full = recommend_defense(
        linear(),
        *data,
        max_leakage=LIMIT,
        defenses=["regularization", "hamp"],
        **QUICK,
    )
    table = columns(full)
    assert (table["n_models"] == 8).all()
    best = table.loc[full.best_index_, "accuracy"]
    own = columns(found).loc[found.best_index_, "accuracy"]
    assert own >= best - 0.01
    assert found.work_ < 0.85 * full.work_


def test_nothing_under_the_limit_is_said_and_not_chosen(data):
    with pytest.warns(LeakageLimitWarning, match=r"No defense stays under the limit"):
        found = recommend_defense(
            linear(), *data, max_leakage=0.5, defenses=OWN, **QUICK
        )
    assert found.best_index_ is None
    assert found.best_params_ == {}
    assert not hasattr(found, "best_estimator_")
    with pytest.raises(AttributeError, match=r"The closest is own regularization \("):
        _ = found.best_estimator_
    table = columns(found)
    assert found.closest_index_ in table.index[table["n_models"] == 8]
    assert "recommended" not in set(table["status"])
    assert "No defense stays under" in found.summary()


def test_a_model_that_needs_no_defense(data):
    found = recommend_defense(
        GaussianNB(), *data, max_leakage=1.0, defenses=["private"], **QUICK
    )
    assert found.best_index_ == 0
    assert "No defense is needed for the limit of 1: accuracy" in repr(found)
    assert type(found.best_estimator_) is GaussianNB


@pytest.mark.slow
def test_any_number_of_jobs_and_the_same_seed_give_the_same(data):
    X, y = data
    call = {"max_leakage": 0.9, "defenses": OWN, **QUICK}
    before = global_state()
    one, two = (
        recommend_defense(DecisionTreeClassifier(), X, y, n_jobs=n_jobs, **call)
        for n_jobs in (None, 2)
    )
    assert (global_state() == before).all()
    assert columns(one).equals(columns(two))
    assert one.work_ == two.work_
    np.testing.assert_array_equal(
        one.best_estimator_.predict_proba(X), two.best_estimator_.predict_proba(X)
    )


@pytest.mark.slow
def test_a_private_model_of_persons_promises_for_all_of_their_rows(monkeypatch):
    """Two persons have far more rows than the others, who have three."""
    told = []
    fit = DifferentialPrivacyClassifier.fit

    def noting(self, X, y, groups=None, **params):
        assert len(groups) == len(y)
        told.append(groups)
        return fit(self, X, y, groups=groups, **params)

    monkeypatch.setattr(DifferentialPrivacyClassifier, "fit", noting)
    rng = np.random.RandomState(0)
    persons = np.repeat(np.arange(150), 3)
    persons = np.append(persons, rng.permutation(np.repeat([0, 1], 15)))
    X, y = noisy_rows(len(persons), 6)
    names = np.array([f"p{p}" for p in persons])
    found = recommend_defense(
        GaussianNB(),
        X,
        y,
        max_leakage=1.0,
        defenses=["private"],
        groups=names,
        scoring=lambda model, X, y: float(hasattr(model, "spent_epsilon_")),
        **QUICK,
    )
    assert found.best_params_["group_size"] == 3
    assert found.best_estimator_.group_size == 3
    text = " ".join(found.summary().split())
    assert "together on all rows of a person" in text
    assert "take the group_size from what is known of persons" in text
    # Each fit is told whose the rows are: it leaves out those beyond three. Three
    # candidates in eight models, and one of all rows.
    assert len(told) == 3 * 8 + 1
    assert np.array_equal(told[-1], names)
    assert all(0 < len(np.unique(some)) < 150 for some in told[:-1])


@pytest.mark.slow
def test_the_time_of_private_fits_is_measured(data, monkeypatch):
    """The seconds of all fits, and not the count, grow where these are slow."""
    X, y = data
    call = {"max_leakage": 1.0, "defenses": ["private"], **QUICK}
    fit = DifferentialPrivacyClassifier.fit
    quick = recommend_defense(GaussianNB(), X, y, estimate_only=True, **call)

    def slow(self, *args, **kwargs):
        time.sleep(0.2)
        return fit(self, *args, **kwargs)

    monkeypatch.setattr(DifferentialPrivacyClassifier, "fit", slow)
    cost = recommend_defense(GaussianNB(), X, y, estimate_only=True, **call)
    assert cost.work == quick.work
    # Three private ones in eight models each, and one more of all rows.
    assert cost.seconds > 3 * 8 * 0.2


class Counted(ClassifierMixin, BaseEstimator):
    """Bayes by hand, which counts the rows that are learnt from."""

    rows = 0

    def __init__(self, var_smoothing=1e-9):
        self.var_smoothing = var_smoothing

    def fit(self, X, y, sample_weight=None):
        Counted.rows += len(y)
        self.inner_ = GaussianNB(var_smoothing=self.var_smoothing).fit(X, y)
        self.classes_ = self.inner_.classes_
        return self

    def predict_proba(self, X):
        return self.inner_.predict_proba(X)

    def predict(self, X):
        return self.inner_.predict(X)


@pytest.mark.parametrize(
    "family",
    [
        pytest.param("bagging", marks=pytest.mark.slow),
        pytest.param("selena", marks=pytest.mark.slow),
        "hamp",
    ],
)
def test_the_cost_is_what_is_fitted(data, family):
    """In rows that are learnt from, by halves of all; no more than was said."""
    # A share of .05 is of few rows else, of which scikit-learn warns.
    n = len(data[1]) if family == "bagging" else 200
    X, y = (part[:n] for part in data)
    half = len(y) // 2
    Counted.rows = 0
    call = {"max_leakage": 1.0, "defenses": [family], **QUICK}
    cost = recommend_defense(Counted(), X, y, estimate_only=True, **call)
    assert isinstance(cost, SearchCost)
    assert Counted.rows == 4 * half  # what a plain fit is timed by
    Counted.rows = 0
    found = recommend_defense(Counted(), X, y, **call)
    spent = Counted.rows / half
    assert spent <= found.work_ * 1.01 + 1
    assert found.work_ <= cost.work
    if family == "bagging":
        assert spent == pytest.approx(found.work_, rel=0.03)


def test_a_budget_leaves_out_and_says_what(data):
    X, y = data
    call = {"max_leakage": 0.9, "defenses": ["regularization", "bagging"], **QUICK}
    tree = DecisionTreeClassifier()
    everything = recommend_defense(tree, X, y, estimate_only=True, **call)
    cost = recommend_defense(tree, X, y, estimate_only=True, budget=40, **call)
    assert cost.work <= 40 < everything.work
    assert cost.n_candidates + len(cost.left_out) == everything.n_candidates
    assert all("budget of 40 holds" in why for why in cost.left_out.values())
    found = recommend_defense(tree, X, y, budget=40, **call)
    assert found.work_ <= 40
    assert found.left_out_ == cost.left_out
    assert "Not compared:" in found.summary()
    # Something of every family, while there is room.
    assert len({p["defense"] for p in found.cv_results_["params"]}) == 3
    with pytest.raises(ValueError, match=r"The 'budget' parameter must hold one .*Got"):
        recommend_defense(tree, X, y, budget=5, **call)


def test_what_a_classifier_has_no_defense_for_is_said(data):
    X, y = data
    with pytest.warns(LeakageLimitWarning, match="training rows"):
        found = recommend_defense(
            KNeighborsClassifier(),
            X,
            y,
            max_leakage=1.0,
            defenses=["private", "regularization"],
            **QUICK,
        )
    private = {k: v for k, v in found.left_out_.items() if "privacy" in k}
    assert len(private) == 3
    assert all("KNeighborsClassifier" in why for why in private.values())
    with pytest.raises(ValueError, match="No defense can be fitted around"):
        recommend_defense(
            KNeighborsClassifier(), X, y, max_leakage=1, defenses=["private"], **QUICK
        )


@pytest.mark.slow
def test_a_pipeline_with_a_frame_of_text_and_string_labels():
    frame, y = mixed_frame(300)
    labels = np.array(["no", "yes"])[y]
    head = make_column_transformer(
        (OneHotEncoder(), ["town", "size"]), remainder=StandardScaler()
    )
    model = make_pipeline(head, DecisionTreeClassifier())
    found = recommend_defense(
        model,
        frame,
        labels,
        max_leakage=0.9,
        defenses=["regularization", "bagging", "hamp", "selena"],
        budget=120,
        **QUICK,
    )
    assert set(found.best_estimator_.predict(frame[:20])) <= {"no", "yes"}
    defenses = {p["defense"] for p in found.cv_results_["params"]}
    assert "SELENA, linear student" in defenses
    assert "bagging of small shares" in defenses


def test_many_classes_and_another_utility_and_metric():
    X, y = fruit((90, 90, 90))
    found = recommend_defense(
        LogisticRegression(max_iter=200),
        X,
        y,
        max_leakage=0.4,
        scoring="neg_log_loss",
        metric="advantage",
        defenses=["regularization"],
        budget=50,
        **QUICK,
    )
    assert found.utility == "neg_log_loss"
    assert found.metric == "advantage"
    table = found.to_frame()
    np.testing.assert_allclose(table["neg_log_loss"], -table["log_loss"], atol=5e-3)


def test_weights_reach_every_fit_and_rows_without_one_are_left_out(data):
    X, y = data
    weight = np.where(np.arange(400) < 100, 0.0, 1.0)
    call = {"max_leakage": 1.0, "defenses": OWN, **QUICK}
    tree = DecisionTreeClassifier()
    some = recommend_defense(tree, X, y, params={"sample_weight": weight}, **call)
    alone = recommend_defense(tree, X[100:], y[100:], **call)
    assert columns(some).equals(columns(alone))


@pytest.mark.slow
def test_a_person_is_worth_all_of_its_rows():
    """Six rows alike of each person: by rows less is seen than by persons."""
    rng = np.random.RandomState(0)
    persons = np.repeat(np.arange(120), 6)
    X = rng.randn(120, 8)[persons] + 0.3 * rng.randn(720, 8)
    y = rng.randint(2, size=120)[persons]
    call = {"max_leakage": 1.0, "defenses": ["regularization"], **QUICK}
    model = KNeighborsClassifier()
    with pytest.warns(LeakageLimitWarning, match="training rows"):
        by_person = recommend_defense(model, X, y, groups=persons, **call)
    with pytest.warns(LeakageLimitWarning, match="training rows"):
        by_row = recommend_defense(model, X, y, **call)
    assert columns(by_person).loc[0, "leakage"] > 0.9
    assert columns(by_row).loc[0, "accuracy"] > columns(by_person).loc[0, "accuracy"]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"max_leakage": 2}, r"'max_leakage' parameter must be a float in \[0, 1\]"),
        ({"budget": 0}, r"'budget' parameter must be a float in \(0, inf\)"),
        ({"n_models": 7}, r"'n_models' parameter must be an int in \[8, inf\)"),
        ({"n_models": 9}, "'n_models' parameter must be even"),
        ({"check_size": 1}, r"'check_size' parameter must be a float in \(0, 1\)"),
        ({"defenses": "selena"}, "'defenses' parameter must be 'all' or a sequence"),
        ({"defenses": ["none"]}, r"'defenses' parameter must .* Got \['none'\]"),
        ({"metric": "nonsense"}, "nonsense"),
        ({"metric": "tpr@0.001"}, "'tpr@0.001' is not resolvable"),
    ],
)
def test_parameters_out_of_range(data, given, message):
    call = {"max_leakage": 0.6, "defenses": OWN, **QUICK} | given
    with pytest.raises(ValueError, match=message):
        recommend_defense(GaussianNB(), *data, **call)


def test_what_is_no_classifier(data):
    with pytest.raises(ValueError, match="must be a classifier"):
        recommend_defense(StandardScaler(), *data, max_leakage=0.6)


@pytest.mark.slow
def test_a_private_model_is_not_seeded_and_the_choice_has_no_guarantee():
    """Twice the same call: the same choice, and a model with noise of its own."""
    X, y = noisy_rows(400, 6)
    calls = [
        recommend_defense(
            DecisionTreeClassifier(),
            X,
            y,
            max_leakage=0.6,
            defenses=["private"],
            n_jobs=n_jobs,
            **QUICK,
        )
        for n_jobs in (None, 2)
    ]
    found = calls[0]
    assert found.best_params_ == calls[1].best_params_
    assert columns(found).equals(columns(calls[1]))
    assert found.best_params_["defense"] == "differential privacy"
    own = found.best_params_["epsilon"]
    assert found.best_estimator_.random_state is None
    one, two = (each.best_estimator_.predict_proba(X) for each in calls)
    assert not np.array_equal(one, two)
    # Of eight models four hold a row. The total is no more than the sum.
    spent = found.spent_.epsilon
    assert 4 * 32 < spent <= 4 * (2 + 8 + 32) + own
    text = " ".join(found.summary().split())
    assert "The choice has no guarantee at all" in text
    assert f"The epsilon of {own:g} is that of fitting this model alone" in text
