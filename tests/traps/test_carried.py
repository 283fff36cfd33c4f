"""Trap 44: what a target has learnt reaches its shadows past their training rows.

Each test shows the wrong reading first: with shadows that are fitted by hand, by
``clone`` and ``fit`` alone, as the shadow models once were.
"""

from argparse import Namespace
from collections import defaultdict
from functools import partial

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.ensemble import (
    RandomForestClassifier,
    StackingClassifier,
    VotingClassifier,
)
from sklearn.feature_selection import SelectKBest
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_validate
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.tree import DecisionTreeClassifier

from _helpers import balanced_design, confidence, halves
from _helpers.audits import CHEAP
from _helpers.carrying import (
    AskingOther,
    FittedOnce,
    MeanOfMany,
    Remembered,
    ask_remembered,
)
from _helpers.traps import forest, noisy
from skmia.attacks import LiRAAttack, LossThresholdAttack
from skmia.audit import audit_classifier, audit_cv
from skmia.exceptions import FreezingWarning, UninformativeShadowsWarning
from skmia.metrics import roc_auc
from skmia.model_selection import AuditableClassifier
from skmia.shadows import ShadowSignals, fit_shadows
from skmia.signals import SIGNALS

X, Y = noisy(500)
MEMBER = halves(500)
FITTED = forest(30, 1).fit(X[MEMBER], Y[MEMBER])


def shadows_by_hand(model, n_shadows=8):
    """Shadows that are cloned and fitted, and nothing else."""
    design = balanced_design(len(Y), n_shadows, 0.5, np.random.RandomState(0))
    logits = [
        SIGNALS["logit"](clone(model).fit(X[rows], Y[rows]).predict_proba(X), Y)
        for rows in design
    ]
    return ShadowSignals({"logit": logits}, design)


def reading(model, shadows, **settings):
    attack = LiRAAttack(FrozenEstimator(model), shadows=shadows, random_state=0)
    attack.set_params(**settings).fit(X, Y, membership=MEMBER)
    return roc_auc(MEMBER, attack.score_samples(X, Y))


def after(func):
    return make_pipeline(FunctionTransformer(func), LogisticRegression())


def closing_over(model):
    def ask(X):
        return model.predict_proba(X)

    return ask


def ask_of_module(X):
    return FITTED.predict_proba(X)


CARRYING = {
    "a bound method": after(FITTED.predict_proba),
    "a closure": after(closing_over(FITTED)),
    "a global": after(ask_of_module),
    "a default": after(lambda X, model=FITTED: model.predict_proba(X)),
    "a partial": after(partial(RandomForestClassifier.predict_proba, FITTED)),
    "an object": after(AskingOther(FITTED)),
    "a namespace": after(
        lambda X, args=Namespace(model=FITTED): args.model.predict_proba(X)  # noqa: B008
    ),
    "a default of a dict": after(
        lambda X, held=defaultdict(lambda: FITTED): (
            held.default_factory().predict_proba(X)
        )
    ),
    "keywords": make_pipeline(
        FunctionTransformer(
            lambda X, models: models[0].predict_proba(X),
            kw_args={"models": [FrozenEstimator(FITTED)]},
        ),
        LogisticRegression(),
    ),
    "a list": MeanOfMany([FrozenEstimator(FITTED)]),
    "a dict": MeanOfMany({"forest": FrozenEstimator(FITTED)}),
    "a grid": GridSearchCV(
        Pipeline([("clf", LogisticRegression())]),
        {"clf": [FrozenEstimator(FITTED)]},
        cv=2,
    ),
    "a frozen transformer": make_pipeline(
        FrozenEstimator(FunctionTransformer(FITTED.predict_proba).fit(X)),
        LogisticRegression(),
    ),
}


@pytest.mark.parametrize("where", CARRYING)
@pytest.mark.filterwarnings("ignore::skmia.exceptions.UninformativeShadowsWarning")
def test_trap_44_a_fitted_classifier_that_clones_keep(where):
    model = CARRYING[where].fit(X[MEMBER], Y[MEMBER])
    # The forest alone reads above .9, and is the same in all shadows.
    assert reading(model, shadows_by_hand(model)) < 0.6
    with pytest.raises(ValueError, match=r"Got the (fitted|frozen) RandomForest"):
        reading(model, 8)
    with pytest.raises(ValueError, match="attacks with shadows would underestimate"):
        audit_classifier(model, X[MEMBER], Y[MEMBER], X[~MEMBER], Y[~MEMBER])
    with pytest.raises(ValueError, match=r"Got the (fitted|frozen) RandomForest"):
        AuditableClassifier(model).fit(X, Y)


def test_trap_44_the_membership_game_of_a_model_that_knows_all_rows():
    whole = forest(30, 1).fit(X, Y)
    model = after(whole.predict_proba)
    fitted = clone(model).fit(X[MEMBER], Y[MEMBER])
    # Members and non-members are known alike, though the forest leaks.
    assert abs(roc_auc(MEMBER, confidence(fitted, X, Y)) - 0.5) < 0.06
    with pytest.raises(ValueError, match="would stay as it is, whatever half"):
        LossThresholdAttack(model).fit(X, Y)


def test_trap_44_the_same_forest_as_a_part_that_is_fitted_with_the_rest():
    model = VotingClassifier([("forest", clone(FITTED))], voting="soft")
    model.fit(X[MEMBER], Y[MEMBER])
    assert reading(model, 8) > 0.85


@pytest.mark.filterwarnings("ignore::skmia.exceptions.UninformativeShadowsWarning")
def test_trap_44_a_class_whose_clone_is_itself():
    model = FittedOnce(random_state=0).fit(X[MEMBER], Y[MEMBER])
    assert reading(model, shadows_by_hand(model)) == 0.5
    with pytest.raises(ValueError, match="Got the frozen FittedOnce in 'estimator'"):
        reading(model, 8)
    # Unfitted too: each fit of a shadow would be one of the target.
    with pytest.raises(ValueError, match="Got the frozen FittedOnce"):
        fit_shadows(FittedOnce(), X, Y)


def test_trap_44_a_model_that_no_walk_finds_shows_in_what_shadows_know():
    Remembered.models["x"] = FITTED.predict_proba
    model = after(ask_remembered).fit(X[MEMBER], Y[MEMBER])
    with pytest.warns(UninformativeShadowsWarning, match="tell whether it is a member"):
        assert reading(model, 8) < 0.6
    sets = X[MEMBER], Y[MEMBER], X[~MEMBER], Y[~MEMBER]
    report = audit_classifier(model, *sets, attacks=CHEAP, shadows=6, random_state=0)
    found = {guard.name: guard for guard in report.guards}
    assert found["informed_shadows"].severity == "warning"
    assert found["informed_shadows"].value > 0.8
    # On one source of rows the same forest, fitted anew, gives no such warning.
    honest = audit_classifier(FITTED, *sets, attacks=CHEAP, shadows=6, random_state=0)
    assert honest.worst("auc")[1] > 0.85
    assert "informed_shadows" not in {guard.name for guard in honest.guards}


def test_trap_44_features_made_with_the_labels_of_the_members():
    """Target encoding outside of the Pipeline: the features know who is a member."""
    rng = np.random.default_rng(0)
    town = rng.integers(0, 150, 500)
    rate = np.full(150, 0.5)
    np.add.at(rate, town[MEMBER], Y[MEMBER] - 0.5)
    encoded = np.column_stack([rate[town], rng.normal(size=500)])
    model = LogisticRegression().fit(encoded[MEMBER], Y[MEMBER])
    attack = LiRAAttack(FrozenEstimator(model), shadows=8, random_state=0)
    with pytest.warns(UninformativeShadowsWarning, match="or in the features"):
        attack.fit(encoded, Y, membership=MEMBER)
    assert roc_auc(MEMBER, attack.score_samples(encoded, Y)) < 0.6
    loss = model.predict_proba(encoded)[np.arange(500), Y]
    assert roc_auc(MEMBER, loss) > 0.65


def test_trap_44_shadows_that_do_not_move():
    alike = np.tile(SIGNALS["logit"](FITTED.predict_proba(X), Y), (8, 1))
    design = balanced_design(len(Y), 8, 0.5, np.random.RandomState(0))
    given = ShadowSignals({"logit": alike}, design)
    attack = LiRAAttack(FrozenEstimator(FITTED), shadows=given)
    # Without membership there is nothing to tell by but that.
    with pytest.warns(UninformativeShadowsWarning, match="the same answer"):
        attack.fit(X, Y)


def test_trap_44_a_cross_validation_of_one_fitted_model():
    model = after(FITTED.predict_proba)
    results = cross_validate(
        model, X, Y, cv=5, return_estimator=True, return_indices=True
    )
    with pytest.raises(ValueError, match="Got the fitted RandomForestClassifier"):
        audit_cv(results, X, Y)


SCALER = StandardScaler().fit(X)


@pytest.mark.parametrize(
    "model",
    [
        after(np.arctan),
        after(SCALER.transform),
        make_pipeline(FrozenEstimator(SCALER), LogisticRegression()),
        MeanOfMany([DecisionTreeClassifier(), LogisticRegression()]),
        GridSearchCV(
            Pipeline([("clf", DecisionTreeClassifier())]),
            {"clf": [forest(5), LogisticRegression()]},
            cv=2,
        ),
        StackingClassifier([("a", DecisionTreeClassifier())], cv=2),
    ],
    ids=lambda model: type(model).__name__,
)
def test_models_that_are_fitted_with_the_rest_are_taken(model):
    shadows = fit_shadows(model.fit(X, Y), X, Y, shadows=2, random_state=0)
    assert shadows.n_shadows == 2


def test_a_step_that_knows_the_labels_is_announced_to_scorers_too():
    selector = FrozenEstimator(SelectKBest(k=3).fit(X, Y))
    model = AuditableClassifier(make_pipeline(selector, LogisticRegression()))
    with pytest.warns(FreezingWarning, match="frozen SelectKBest, which is fitted"):
        model.fit(X, Y)


def test_a_model_of_another_library_among_the_parameters_of_fit():
    class Booster:
        def predict(self, X):
            return np.zeros(len(X))

    class Continuing(LogisticRegression):
        def fit(self, X, y, start=None):
            return super().fit(X, y)

    with pytest.warns(FreezingWarning, match="'start' is a fitted Booster"):
        fit_shadows(Continuing(), X, Y, shadows=2, params={"start": Booster()})


def test_a_model_of_another_library_that_may_be_fitted_anew():
    class Plain:
        def fit(self, X, y):
            self.mean_ = np.mean(y)
            return self

        def predict_proba(self, X):
            return np.tile([1 - self.mean_, self.mean_], (len(X), 1))

    class Wraps(LogisticRegression):
        def __init__(self, model=None):
            super().__init__()
            self.model = model

        def fit(self, X, y):
            self.model.fit(X, y)
            return super().fit(X, y)

        def predict(self, X):
            return super().predict(X)

    fit_shadows(Wraps(Plain()), X, Y, shadows=2, random_state=0)
    fitted = Wraps(Plain()).fit(X, Y)
    with pytest.warns(FreezingWarning, match="'model' is a fitted Plain"):
        fit_shadows(fitted, X, Y, shadows=2, random_state=0)
