"""What is audited of a search or threshold wrapper, and what the report says of it."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin, MetaEstimatorMixin, clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import StackingClassifier, VotingClassifier
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression, RidgeClassifierCV
from sklearn.model_selection import (
    FixedThresholdClassifier,
    GridSearchCV,
    HalvingGridSearchCV,
    RandomizedSearchCV,
    ShuffleSplit,
    TunedThresholdClassifierCV,
    cross_validate,
)
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

from _helpers.audits import SETS, audit
from skmia.attacks import LiRAAttack
from skmia.audit import audit_cv
from skmia.defenses import ConfidenceMaskingClassifier
from skmia.model_selection import AuditableClassifier
from skmia.shadows import ShadowModels, fit_shadows

GRID = {"min_samples_leaf": [2, 30]}
TREE = DecisionTreeClassifier(random_state=0)


class Search(GridSearchCV):
    """Counts its fits, in this process."""

    fits = 0

    def fit(self, X, y=None, **params):
        type(self).fits += 1
        return super().fit(X, y, **params)


def search(estimator=TREE, grid=GRID, **settings):
    return Search(estimator, grid, cv=3, **settings)


def searches_in(model, sets=SETS, **kwargs):
    """Audit a fitted model; the report, and how many searches the shadows ran."""
    before = Search.fits
    report = audit(model, sets, **kwargs)
    return report, Search.fits - before


def named(report, name):
    return [guard for guard in report.guards if guard.name == name]


def same_figures(one, other):
    """All scores alike, and so all figures."""
    return one.figures == other.figures and one.records().equals(other.records())


SEARCHES = {
    "grid": search(),
    "random": RandomizedSearchCV(TREE, GRID, n_iter=2, cv=3, random_state=0),
    "halving": HalvingGridSearchCV(TREE, GRID, cv=3, random_state=0),
    "scores": search(scoring=["accuracy", "roc_auc"], refit="accuracy"),
}


@pytest.mark.parametrize("name", SEARCHES)
def test_a_search_is_audited_as_its_best_estimator(name):
    model = clone(SEARCHES[name]).fit(*SETS[:2])
    report, fits = searches_in(model)
    assert fits == 0
    assert same_figures(report, audit(model.best_estimator_))
    (note,) = named(report, "audited_inside")
    assert note.severity == "note"
    kind = type(model).__name__
    assert f"The {kind} was audited as its best_estimator_, Decision" in note.message
    assert report.estimator == f"DecisionTreeClassifier (inside {kind})"
    assert report.estimator in report.summary().splitlines()[0]
    assert "choice itself" in " ".join(report.summary().split())


@pytest.mark.parametrize(
    "around",
    [
        lambda model: make_pipeline(StandardScaler(), model),
        AuditableClassifier,
        lambda model: AuditableClassifier(make_pipeline(StandardScaler(), model)),
        lambda model: VotingClassifier(
            [("a", model), ("b", GaussianNB())], voting="soft"
        ),
        lambda model: StackingClassifier([("b", GaussianNB())], model, cv=2),
        lambda model: ConfidenceMaskingClassifier(model, method="round"),
        lambda model: FixedThresholdClassifier(model, threshold=0.5),
        lambda model: GridSearchCV(model, {"estimator__max_depth": [3, 5]}, cv=2),
    ],
    ids=["pipeline", "audit", "both", "vote", "stack", "mask", "threshold", "nested"],
)
def test_a_search_is_found_where_nothing_changes_the_rows(around):
    model = around(search()).fit(*SETS[:2])
    before = vars(model).copy()
    report, fits = searches_in(model)
    assert fits == 0
    assert vars(model) == before
    notes = named(report, "audited_inside")
    assert any("The Search" in note.message for note in notes)
    assert named(report, "searching_shadows") == []


def test_shadows_are_those_of_the_model_around_what_was_chosen():
    model = make_pipeline(StandardScaler(), search()).fit(*SETS[:2])
    best = model[-1].best_params_
    plain = make_pipeline(StandardScaler(), clone(TREE).set_params(**best))
    plain.fit(*SETS[:2])
    assert same_figures(audit(model), audit(plain))


def test_the_search_is_repeated_where_that_is_asked_for():
    model = search().fit(*SETS[:2])
    report, fits = searches_in(model, shadows=ShadowModels(4, refit_search=True))
    assert fits == 4
    assert report.estimator == "Search"
    assert named(report, "audited_inside") == []
    (note,) = named(report, "searching_shadows")
    assert note.severity == "note"
    assert report.settings["shadows"]["refit_search"] is True
    with pytest.raises(TypeError, match="'refit_search' parameter must be a bool"):
        audit(model, shadows=ShadowModels(4, refit_search="no"))


def test_a_search_that_was_fitted_several_times_has_no_one_model_inside():
    model = CalibratedClassifierCV(search(), cv=2).fit(*SETS[:2])
    report, fits = searches_in(model)
    assert fits == 4 * 2
    (warning,) = named(report, "searching_shadows")
    assert warning.severity == "warning"
    assert "(Search)" in warning.message


def test_a_search_that_is_part_of_a_fit_is_named():
    model = RidgeClassifierCV().fit(*SETS[:2])
    (warning,) = named(audit(model, attacks=["lira"]), "searching_shadows")
    assert (warning.severity, warning.count) == ("warning", 1)
    assert "(RidgeClassifierCV)" in warning.message
    # What compares with no shadow is not concerned.
    assert named(audit(model, attacks=["loss"]), "searching_shadows") == []


def test_attacks_and_fit_shadows_take_the_best_estimator_too():
    X, y = np.concatenate(SETS[::2]), np.concatenate(SETS[1::2])
    member = np.arange(len(y)) < len(SETS[1])
    model = search().fit(X[member], y[member])
    Search.fits = 0
    scores = [
        LiRAAttack(FrozenEstimator(target), shadows=4, random_state=0)
        .fit(X, y, membership=member)
        .score_samples(X, y)
        for target in (model, model.best_estimator_)
    ]
    np.testing.assert_array_equal(*scores)
    fit_shadows(model, X, y, shadows=2, random_state=0)
    assert Search.fits == 0
    # What is not fitted has chosen nothing.
    given = fit_shadows(clone(model), X, y, shadows=4, random_state=0)
    assert Search.fits == 4
    (note,) = named(audit(model, shadows=given), "audited_inside")
    assert "shadow models that were given" in note.message
    # The membership game fits one search, and attacks what it chose.
    LiRAAttack(clone(model), shadows=4, random_state=0).fit(X, y)
    assert Search.fits == 5
    repeated = ShadowModels(4, refit_search=True)
    LiRAAttack(clone(model), shadows=repeated, random_state=0).fit(X, y)
    assert Search.fits == 5 + 5


@pytest.mark.parametrize("around", [lambda m: m, lambda m: make_pipeline(m)])
def test_a_search_without_a_model_is_named(around):
    model = around(search(refit=False)).fit(*SETS[:2])
    with pytest.raises(ValueError, match=r"The Search.* has refit=False"):
        audit(model)
    with pytest.raises(ValueError, match=r"The Search.* has refit=False"):
        LiRAAttack(FrozenEstimator(model)).fit(*SETS[:2])
    with pytest.raises(ValueError, match=r"The Search.* has refit=False"):
        fit_shadows(model, *SETS[:2])
    with pytest.raises(ValueError, match="must be fitted"):
        audit(search())


def test_labels_are_those_at_the_threshold_and_confidences_those_inside():
    inner = clone(TREE).set_params(min_samples_leaf=5).fit(*SETS[:2])
    model = FixedThresholdClassifier(FrozenEstimator(inner), threshold=0.9)
    model.fit(*SETS[:2])
    report, plain = audit(model), audit(inner)
    right = tuple(
        float(np.mean(model.predict(X) == y)) for X, y in (SETS[:2], SETS[2:])
    )
    assert report.accuracy == pytest.approx(right)
    assert report.accuracy != plain.accuracy
    columns = ["loss", "lira"]
    assert report.records()[columns].equals(plain.records()[columns])
    (note,) = named(report, "audited_inside")
    assert "labels at the threshold" in note.message
    assert "fitted before the threshold was set" in note.message
    # A threshold far from the shadows' is no sign that they differ.
    assert named(report, "shadows_unlike_target") == []


def test_a_threshold_is_tuned_in_no_shadow():
    model = TunedThresholdClassifierCV(search(), cv=3).fit(*SETS[:2])
    report, fits = searches_in(model)
    assert fits == 0
    assert report.estimator == (
        "DecisionTreeClassifier (inside Search of TunedThresholdClassifierCV)"
    )
    assert len(named(report, "audited_inside")) == 2


def test_a_threshold_that_was_tuned_on_rows_held_out_of_the_fit():
    tuned = TunedThresholdClassifierCV(TREE, cv=0.3, refit=False, random_state=0)
    (warning,) = named(audit(tuned.fit(*SETS[:2])), "audited_inside")
    assert warning.severity == "warning"
    assert "fitted on a part of the rows only" in warning.message
    fitted = clone(TREE).fit(*SETS[:2])
    prefit = TunedThresholdClassifierCV(fitted, cv="prefit", refit=False)
    (note,) = named(audit(prefit.fit(*SETS[2:])), "audited_inside")
    assert note.severity == "note"


def test_frames_text_labels_and_many_classes():
    X, y = np.concatenate(SETS[::2]), np.concatenate(SETS[1::2])
    labels = np.array(["no", "yes", "maybe"])[(y + (X[:, 0] > 1)).astype(int)]
    n = len(SETS[1])
    model_of = make_pipeline(StandardScaler(), search(LogisticRegression(), {"C": [1]}))
    for frame in (pd.DataFrame, pl.DataFrame):
        table = frame(dict(zip("abcdef", X.T, strict=True)))
        model = clone(model_of).fit(table[:n], labels[:n])
        sets = table[:n], labels[:n], table[n:], labels[n:]
        report, fits = searches_in(model, sets)
        assert fits == 0
        assert report.estimator == "Pipeline(StandardScaler, Search)"


def test_weights_reach_the_chosen_model():
    w = np.random.RandomState(0).uniform(0.1, 3, size=len(SETS[1]))
    model = search().fit(*SETS[:2], sample_weight=w)
    params = {"sample_weight": (w, np.ones(len(SETS[3])))}
    assert same_figures(
        audit(model, fit_params=params), audit(model.best_estimator_, fit_params=params)
    )


class OwnSearch(ClassifierMixin, MetaEstimatorMixin, BaseEstimator):
    """A search of another library, which shares no class with scikit-learn's."""

    def __init__(self, estimator, refit=True):
        self.estimator = estimator
        self.refit = refit

    def fit(self, X, y):
        Search.fits += 1
        self.best_estimator_ = clone(self.estimator).fit(X, y)
        self.classes_ = self.best_estimator_.classes_
        return self

    def predict(self, X):
        return self.best_estimator_.predict(X)

    def predict_proba(self, X):
        return self.best_estimator_.predict_proba(X)


class ByProperty(OwnSearch):
    """Keeps the model elsewhere."""

    def fit(self, X, y):
        super().fit(X, y)
        self.kept_ = self.__dict__.pop("best_estimator_")
        return self

    @property
    def best_estimator_(self):
        return self.kept_

    @best_estimator_.setter
    def best_estimator_(self, value):
        self.__dict__["best_estimator_"] = self.kept_ = value


class Rounded(OwnSearch):
    """Masks what is inside."""

    def predict_proba(self, X):
        return super().predict_proba(X).round(1)


@pytest.mark.parametrize("kind", [OwnSearch, ByProperty])
def test_searches_of_other_libraries(kind):
    model = kind(TREE).fit(*SETS[:2])
    report, fits = searches_in(model)
    assert fits == 0
    assert len(named(report, "audited_inside")) == 1


def test_a_search_that_changes_the_confidences_is_not_what_is_inside():
    model = Rounded(clone(TREE).set_params(min_samples_leaf=7)).fit(*SETS[:2])
    with pytest.raises(ValueError, match=r"Rounded is audited as that\. Got others"):
        audit(model)
    report = audit(model, shadows=ShadowModels(4, refit_search=True))
    assert named(report, "audited_inside") == []


def test_a_search_of_a_model_that_gives_labels_only():
    vote = VotingClassifier([("a", TREE), ("b", GaussianNB())])
    model = search(vote, {"a__min_samples_leaf": [2, 30]}).fit(*SETS[:2])
    report, fits = searches_in(model, attacks=["lira"])
    assert fits == 0
    assert same_figures(report, audit(model.best_estimator_, attacks=["lira"]))


def test_rows_that_the_model_inside_remembers_are_checked():
    inner = AuditableClassifier(search())
    model = TunedThresholdClassifierCV(inner, cv=2).fit(*SETS[:2])
    assert len(named(audit(model), "audited_inside")) == 2


def test_searches_of_a_cross_validation_that_chose_differently():
    X, y = SETS[:2]
    splits = ShuffleSplit(6, test_size=0.5, random_state=0)
    for leaves, expected in (([2, 3, 4, 5], True), ([2], False)):
        results = cross_validate(
            search(grid={"min_samples_leaf": leaves}),
            X,
            y,
            cv=splits,
            return_estimator=True,
            return_indices=True,
        )
        chosen = {str(model.best_params_) for model in results["estimator"]}
        assert (len(chosen) > 1) == expected
        report = audit_cv(results, X, y, attacks=["lira"], random_state=0)
        found = named(report, "searching_shadows")
        assert len(found) == expected
        assert all(guard.severity == "warning" for guard in found)
