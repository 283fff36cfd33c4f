"""Functions as classifiers: shapes and orders of answers, and what is no answer."""

import numpy as np
import pytest
from sklearn.base import clone, is_classifier
from sklearn.ensemble import RandomForestClassifier, VotingClassifier
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.tree import DecisionTreeClassifier
from sklearn.utils.validation import check_is_fitted

from _helpers.audits import MODEL, SETS, audit
from skmia.attacks import (
    FunctionClassifier,
    LabelOnlyAttack,
    LiRAAttack,
    LossThresholdAttack,
    QuantileAttack,
)
from skmia.shadows import ShadowSignals, fit_shadows

X, Y = np.concatenate(SETS[::2]), np.concatenate(SETS[1::2])
MEMBER = np.arange(len(Y)) < len(SETS[1])
LOGISTIC = LogisticRegression().fit(*SETS[:2])
PROBA = LOGISTIC.predict_proba(X)


class Tensor:
    """What other libraries return: NumPy makes an array of it when asked."""

    def __init__(self, values):
        self.values = values

    def __array__(self, dtype=None, copy=None):
        return np.array(self.values, dtype=dtype)


def losses(model):
    attack = LossThresholdAttack(FrozenEstimator(model)).fit(X, Y, MEMBER)
    return attack.score_samples(X, Y)


@pytest.mark.parametrize(
    "func",
    [
        LOGISTIC.predict_proba,
        lambda rows: LOGISTIC.predict_proba(rows)[:, 1],
        lambda rows: LOGISTIC.predict_proba(rows)[:, 1:],
        lambda rows: LOGISTIC.predict_proba(rows).tolist(),
        lambda rows: LOGISTIC.predict_proba(rows).astype(object),
        lambda rows: Tensor(LOGISTIC.predict_proba(rows)),
    ],
    ids=["matrix", "second class", "column", "lists", "objects", "tensor"],
)
def test_shapes_that_probabilities_come_in(func):
    model = FunctionClassifier(func, classes=[0, 1])
    np.testing.assert_allclose(model.predict_proba(X), PROBA)
    np.testing.assert_array_equal(model.predict(X), LOGISTIC.predict(X))
    np.testing.assert_allclose(losses(model), losses(LOGISTIC))


def test_classes_in_any_order():
    spelled = np.array(["well", "ill"])
    model = FunctionClassifier(LOGISTIC.predict_proba, classes=spelled)
    assert (model.predict(X) == spelled[LOGISTIC.predict(X)]).all()
    attack = LossThresholdAttack(FrozenEstimator(model)).fit(X, spelled[Y], MEMBER)
    np.testing.assert_allclose(attack.score_samples(X, spelled[Y]), losses(LOGISTIC))


@pytest.mark.parametrize(
    "func",
    [
        LOGISTIC.decision_function,
        lambda rows: LOGISTIC.decision_function(rows)[:, None],
        lambda rows: np.outer(LOGISTIC.decision_function(rows), [-0.5, 0.5]),
    ],
)
def test_margins(func):
    model = FunctionClassifier(
        func, classes=[0, 1], response_method="decision_function"
    )
    assert not hasattr(model, "predict_proba")
    np.testing.assert_array_equal(model.predict(X), LOGISTIC.predict(X))
    np.testing.assert_allclose(losses(model), losses(LOGISTIC), rtol=1e-6)


def test_labels_with_a_threshold_of_their_own():
    def strict(rows):
        return (LOGISTIC.predict_proba(rows)[:, 1] > 0.8).astype(int)

    model = FunctionClassifier(
        LOGISTIC.predict_proba, classes=[0, 1], label_func=strict
    )
    np.testing.assert_array_equal(model.predict(X), strict(X))
    gap = LabelOnlyAttack(FrozenEstimator(model), n_queries=0).fit(X, Y, MEMBER)
    np.testing.assert_array_equal(gap.score_samples(X, Y), strict(X) == Y)


@pytest.mark.parametrize(
    ("func", "settings", "message"),
    [
        (lambda rows: PROBA[:5], {}, r"shape \(300, 2\) .* Got shape \(5, 2\)"),
        (lambda rows: PROBA[:, 1], {"classes": [0, 1, 2]}, r"shape \(300, 3\)"),
        (lambda rows: 2 * PROBA, {}, r"in \[0, 1\].*for margins"),
        (lambda rows: np.log(PROBA), {}, r"in \[0, 1\]"),
        (lambda rows: np.full((300, 2), np.nan), {}, "without NaN"),
        (lambda rows: PROBA / 2, {}, r"sum to 1 .* divide by the sum"),
        (lambda rows: np.sqrt(PROBA), {}, "sum to 1"),
        (lambda rows: LOGISTIC.predict(rows).astype(str), {}, "must return numbers"),
        (lambda rows: [{"a": 1.0}] * 300, {}, "must return numbers .* of type dict"),
        (LOGISTIC.predict_proba, {"classes": [0]}, "two different labels"),
        (LOGISTIC.predict_proba, {"classes": [1, 1]}, "two different labels"),
        (LOGISTIC.predict_proba, {"response_method": "proba"}, "response_method"),
    ],
)
def test_answers_that_are_refused(func, settings, message):
    model = FunctionClassifier(func, **{"classes": [0, 1]} | settings)
    with pytest.raises(ValueError, match=message):
        losses(model)


def test_rounded_answers_are_taken():
    model = FunctionClassifier(lambda rows: PROBA.round(1), classes=[0, 1])
    np.testing.assert_array_equal(model.predict_proba(X), PROBA.round(1))
    # One row may be off by more than the mean of many.
    model = FunctionClassifier(lambda rows: [[0.3, 0.3, 0.3]], classes=[0, 1, 2])
    assert model.predict_proba(X[:1]).sum() == pytest.approx(0.9)


@pytest.mark.parametrize(
    ("func", "message"),
    [
        (LOGISTIC.predict_proba, "one label for each .*='predict_proba'"),
        (lambda rows: LOGISTIC.predict(rows) + 1, r"none of the classes .*: \[2\]"),
        (lambda rows: LOGISTIC.predict(rows).astype(str), "none of the classes"),
    ],
)
def test_labels_that_are_refused(func, message):
    model = FunctionClassifier(func, classes=[0, 1], response_method="predict")
    with pytest.raises(ValueError, match=message):
        model.predict(X)
    assert not hasattr(model, "predict_proba")
    assert not hasattr(model, "decision_function")


def test_it_is_a_fitted_classifier_that_clones_keep():
    model = FunctionClassifier(LOGISTIC.predict_proba, classes=[0, 1])
    check_is_fitted(model)
    assert is_classifier(model)
    assert clone(model) is model
    assert "classes=[0, 1]" in repr(model)
    with pytest.raises(TypeError, match="cannot be fitted"):
        model.fit(X, Y)
    with pytest.raises(TypeError, match="'func' parameter must be callable"):
        FunctionClassifier(3, classes=[0, 1]).predict(X)


def test_the_game_is_not_played_with_it():
    """It would be the same model, whichever half is drawn: nothing would leak."""
    model = FunctionClassifier(MODEL.predict_proba, classes=[0, 1])
    with (
        pytest.warns(UserWarning, match="fitted already"),
        pytest.raises(ValueError, match="FunctionClassifier in 'estimator' instead"),
    ):
        LossThresholdAttack(model).fit(X, Y)


def test_shadows_are_clones_of_the_estimator():
    learner = RandomForestClassifier(10, min_samples_leaf=2, random_state=0)
    forest = clone(learner).fit(*SETS[:2])
    model = FunctionClassifier(forest.predict_proba, classes=[0, 1], estimator=learner)
    scores = [
        LiRAAttack(FrozenEstimator(target), shadows=4, random_state=0)
        .fit(X, Y, MEMBER)
        .score_samples(X, Y)
        for target in (model, forest)
    ]
    np.testing.assert_array_equal(*scores)
    reports = [audit(target, shadows=4) for target in (model, forest)]
    assert reports[0].figures == reports[1].figures
    assert {g.name for g in reports[0].guards} == {g.name for g in reports[1].guards}


def test_a_hook_may_return_a_function_as_well():
    model = FunctionClassifier(
        MODEL.predict_proba, classes=[0, 1], estimator=LogisticRegression()
    )

    def refit(estimator, X, y, rows):
        return clone(MODEL).fit(X, y)

    def train(estimator, X, y, rows):
        net = clone(MODEL).fit(X, y)
        return FunctionClassifier(net.predict_proba, classes=[0, 1])

    report = audit(model, attacks=["lira"], fit=train)
    assert report.figures == audit(MODEL, attacks=["lira"], fit=refit).figures


def test_shadows_of_a_function_that_gives_labels_are_asked_for_labels():
    tree = DecisionTreeClassifier(min_samples_leaf=5, random_state=0).fit(*SETS[:2])
    model = FunctionClassifier(
        tree.predict, classes=[0, 1], response_method="predict", estimator=clone(tree)
    )
    votes = VotingClassifier([("tree", clone(tree))]).fit(*SETS[:2])
    shadows = [
        fit_shadows(target, X, Y, shadows=4, random_state=0)
        for target in (model, votes)
    ]
    for made in shadows:
        assert len(np.unique(made.get("logit"))) == 2
    with pytest.raises(TypeError, match="must have predict_proba"):
        fit_shadows(
            FunctionClassifier(tree.predict_proba, classes=[0, 1], estimator=votes),
            X,
            Y,
        )


def test_attacks_with_shadows_say_what_they_lack():
    model = FunctionClassifier(MODEL.predict_proba, classes=[0, 1])
    with pytest.raises(TypeError, match=r"unfitted classifier .*ShadowSignals"):
        LiRAAttack(FrozenEstimator(model)).fit(X, Y, MEMBER)
    with pytest.raises(TypeError, match=r"\['lira'\] need models .*'quantile'"):
        audit(model, attacks=["loss", "lira"])
    report = audit(model, attacks="default")
    assert report.attacks == ("loss",)
    (found,) = (g for g in report.guards if g.name == "attacks_not_run")
    assert found.severity == "warning"
    assert "They mostly find much more" in found.message
    # Shadows that were fitted elsewhere are all that it takes.
    made = fit_shadows(MODEL, X, Y, shadows=4, random_state=0)
    given = ShadowSignals(made.signals, made.member, record_hashes=made.record_hashes)
    report = audit(model, attacks="default", shadows=given)
    assert report.attacks == ("loss", "lira", "rmia", "stacked")


def test_attacks_without_shadows():
    model = FrozenEstimator(FunctionClassifier(LOGISTIC.predict_proba, classes=[0, 1]))
    for attack in (
        QuantileAttack(model, max_fpr=0.1, random_state=0),
        LabelOnlyAttack(model, n_queries=4, random_state=0),
    ):
        own = clone(attack).set_params(estimator=FrozenEstimator(LOGISTIC))
        scores = attack.fit(X, Y, MEMBER).score_samples(X, Y)
        np.testing.assert_allclose(scores, own.fit(X, Y, MEMBER).score_samples(X, Y))


# Models of other libraries, as they are passed


class Duck:
    """Answers as a classifier and is none."""

    classes_ = np.array([0, 1])

    def fit(self, X, y):
        return self

    def predict(self, X):
        return MODEL.predict(X)

    def predict_proba(self, X):
        return MODEL.predict_proba(X)


class Net:
    """Its predict returns probabilities, as that of networks does."""

    def fit(self, X, y):
        return self

    def predict(self, X):
        return MODEL.predict_proba(X)


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (MODEL.predict_proba, "Got the function .*FunctionClassifier"),
        (lambda rows: rows, "Got the function .*response_method='predict'"),
        (Duck(), "lacks what BaseEstimator and ClassifierMixin give"),
        (Net(), "predict may return labels or probabilities"),
    ],
)
def test_what_to_wrap_and_how(model, message):
    with pytest.raises(TypeError, match=message):
        audit(model)


def test_a_model_that_is_wrapped_as_the_message_says():
    duck = Duck()
    model = FunctionClassifier(duck.predict_proba, classes=duck.classes_)
    assert audit(model, attacks="loss").figures == audit(attacks="loss").figures


def test_an_unfitted_model_behind_a_function_says_so():
    unfitted = FunctionClassifier(
        DecisionTreeClassifier().predict_proba, classes=[0, 1]
    )
    with pytest.raises(NotFittedError):
        audit(unfitted, attacks="loss")
