"""What all defenses have in common, shown on those that change labels and outputs."""

import joblib
import numpy as np
import pandas as pd
import polars as pl
import pytest
import sklearn
from scipy import sparse
from sklearn import config_context
from sklearn.base import clone, is_classifier
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import (
    RandomForestClassifier,
    StackingClassifier,
    VotingClassifier,
)
from sklearn.exceptions import NotFittedError
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_predict
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier
from sklearn.utils import get_tags
from threadpoolctl import threadpool_info

from _helpers import LabelsOnly, fruit, global_state
from skmia import defenses
from skmia.defenses import (
    ConfidenceMaskingClassifier,
    Defense,
    HighEntropyClassifier,
    LabelSmoothingClassifier,
    SelfDistillationClassifier,
)
from skmia.shadows import fit_shadows

DEFENSES = [
    LabelSmoothingClassifier,
    HighEntropyClassifier,
    ConfidenceMaskingClassifier,
]
ALL = [name for name in defenses.__all__ if name.endswith("Classifier")]
NEW_ENOUGH = tuple(map(int, sklearn.__version__.split(".")[:2])) >= (1, 9)
every_defense = pytest.mark.parametrize("cls", DEFENSES)


class Halved(Defense):
    """The smallest defense: half of every answer is the uniform distribution."""

    def __init__(self, estimator=None, *, random_state=None):
        self.estimator = estimator
        self.random_state = random_state

    def _check_params(self):
        pass

    def _fit(self, data):
        self.estimator_ = data.fit(data.clone(self.estimator))

    def _defended_proba(self, X):
        proba = super()._defended_proba(X)
        return (proba + 1 / proba.shape[1]) / 2


@pytest.fixture
def data():
    return fruit((20, 40, 60))


@pytest.fixture
def frame(data):
    X, y = data
    frame = pd.DataFrame(X, columns=list("abcd"))
    frame["fruit"] = np.where(X[:, 0] > 1, "round", "long")
    return frame, y


def on_frame():
    columns = ColumnTransformer(
        [
            ("numbers", StandardScaler(), list("abcd")),
            ("text", OneHotEncoder(), ["fruit"]),
        ]
    )
    return make_pipeline(columns, LogisticRegression())


def test_predictions_are_those_of_the_defended_probabilities(data):
    X, y = data
    inner = LogisticRegression().fit(X, y)
    clf = Halved(LogisticRegression()).fit(X, y)
    expected = (inner.predict_proba(X) + 1 / 3) / 2
    np.testing.assert_allclose(clf.predict_proba(X), expected, rtol=1e-6)
    assert clf.classes_.tolist() == ["apple", "fig", "pear"]
    assert (clf.predict(X) == clf.classes_[expected.argmax(axis=1)]).all()
    assert clf.score(X, y) == inner.score(X, y)


@every_defense
def test_columns_are_in_the_order_of_text_labels(cls, data):
    X, y = data
    clf = cls(LogisticRegression(), random_state=0).fit(X, y)
    proba = clf.predict_proba(X)
    np.testing.assert_allclose(proba.sum(axis=1), 1)
    assert (clf.predict(X) == clf.classes_[proba.argmax(axis=1)]).all()
    for column, label in enumerate(["apple", "fig", "pear"]):
        # The class that the rows are around has the column of its name.
        assert (proba[y == label].argmax(axis=1) == column).mean() > 0.9


@every_defense
def test_estimator_is_not_touched(cls, data):
    X, y = data
    inner = DecisionTreeClassifier(min_samples_leaf=5)
    before = dict(vars(inner))
    clf = cls(inner, random_state=0).fit(X, y)
    assert vars(inner) == before
    assert clf.estimator is inner
    assert clf.estimator_ is not inner
    assert clone(clf).get_params()["estimator__min_samples_leaf"] == 5


@every_defense
def test_logistic_regression_is_the_default(cls, data):
    X, y = data
    clf = cls(random_state=0).fit(X, y)
    assert clf.estimator is None
    assert isinstance(clf.estimator_, LogisticRegression)
    same = cls(LogisticRegression(), random_state=0).fit(X, y)
    np.testing.assert_array_equal(clf.predict_proba(X), same.predict_proba(X))


def test_there_are_no_margins(data):
    X, y = data
    clf = LabelSmoothingClassifier(LogisticRegression()).fit(X, y)
    assert hasattr(clf.estimator_, "decision_function")
    assert not hasattr(clf, "decision_function")


@every_defense
def test_margins_inside_become_probabilities(cls, data):
    X, y = data
    clf = cls(LinearSVC(), random_state=0).fit(X, y)
    np.testing.assert_allclose(clf.predict_proba(X).sum(axis=1), 1)
    assert clf.score(X, y) > 0.9


@pytest.mark.parametrize("cls", [LabelSmoothingClassifier, ConfidenceMaskingClassifier])
def test_what_says_more_once_it_is_fitted(cls, data):
    """Stacking has probabilities where its last classifier, made in fit, has them."""
    X, y = data
    stack = StackingClassifier([("tree", DecisionTreeClassifier(max_depth=3))])
    assert not hasattr(stack, "predict_proba")
    assert cls(stack, random_state=0).fit(X, y).score(X, y) > 0.7


@every_defense
def test_frames_with_text_reach_a_pipeline(cls, frame):
    X, y = frame
    clf = cls(on_frame(), random_state=0).fit(X, y)
    assert clf.feature_names_in_.tolist() == ["a", "b", "c", "d", "fruit"]
    assert clf.n_features_in_ == 5
    assert clf.score(X, y) > 0.9


@pytest.mark.skipif(
    not (hasattr(pl.DataFrame, "__dataframe__") or NEW_ENOUGH),
    reason="scikit-learn before 1.9 reads the names of polars 2 columns nowhere",
)
@every_defense
def test_polars_reaches_a_pipeline(cls, frame):
    X, y = frame
    clf = cls(on_frame(), random_state=0).fit(X, y)
    in_polars = pl.DataFrame(X.to_dict(orient="list"))
    other = cls(on_frame(), random_state=0).fit(in_polars, y)
    np.testing.assert_allclose(
        other.predict_proba(in_polars), clf.predict_proba(X), rtol=1e-6
    )


@every_defense
@pytest.mark.parametrize("container", [sparse.csr_matrix, sparse.csc_array])
def test_sparse_rows_pass_through(cls, container, data):
    X, y = data
    X = np.where(np.abs(X) > 1, X, 0)
    dense = cls(LogisticRegression(), random_state=0).fit(X, y)
    clf = cls(LogisticRegression(), random_state=0).fit(container(X), y)
    assert clf.score(container(X), y) == dense.score(X, y)
    assert get_tags(clf).input_tags.sparse
    if cls is not HighEntropyClassifier:  # its random inputs are drawn another way
        np.testing.assert_allclose(
            clf.predict_proba(container(X)), dense.predict_proba(X), rtol=1e-6
        )


def test_documents_pass_through():
    documents = ["red apple", "green fig", "red red apple", "fig fig"] * 5
    y = ["apple", "fig"] * 10
    clf = LabelSmoothingClassifier(
        make_pipeline(CountVectorizer(), LogisticRegression())
    ).fit(documents, y)
    assert clf.score(documents, y) == 1
    assert not hasattr(clf, "n_features_in_")


def test_lists_are_not_converted():
    rows = [[1.0, "a"], [2.0, "b"], [3.0, "a"], [4.0, "b"]] * 5
    model = make_pipeline(OneHotEncoder(), LogisticRegression())
    clf = LabelSmoothingClassifier(model).fit(rows, ["x", "y"] * 10)
    # An array of it would be text, and 1.0 another category than "1.0".
    assert clf.predict([[1.0, "a"], [4.0, "b"]]).tolist() == ["x", "y"]


@pytest.mark.parametrize(
    ("model", "name"),
    [
        (LogisticRegression(), "sample_weight"),
        (
            make_pipeline(StandardScaler(), LogisticRegression()),
            "logisticregression__sample_weight",
        ),
    ],
)
@every_defense
def test_weights_reach_the_classifier(cls, model, name, data):
    X, y = data
    weight = np.where(y == "fig", 0.0, 1.0)
    settings = {"random_state": 0}
    if cls is HighEntropyClassifier:
        settings["output_modification"] = False
    if cls is ConfidenceMaskingClassifier:
        settings.update(method="temperature", temperature=1)
    clf = cls(model, **settings)
    clf.fit(X, y, **{name: weight})
    # Rows of weight 0 teach nothing: figs are taken for something else.
    known = y != "fig"
    assert clf.score(X[known], y[known]) > 0.9
    gone = clf.predict_proba(X)[:, 1].mean()
    assert gone < clf.fit(X, y).predict_proba(X)[:, 1].mean() / 2


@every_defense
def test_weights_are_routed(cls, data):
    X, y = data
    weight = np.linspace(0, 2, len(y))
    settings = {"output_modification": False} if "High" in cls.__name__ else {}
    plain = cls(LogisticRegression(), random_state=0, **settings)
    expected = plain.fit(X, y, sample_weight=weight).predict_proba(X)
    with config_context(enable_metadata_routing=True):
        for model in (
            LogisticRegression().set_fit_request(sample_weight=True),
            make_pipeline(LogisticRegression().set_fit_request(sample_weight=True)),
        ):
            clf = cls(model, random_state=0, **settings)
            clf.fit(X, y, sample_weight=weight)
            np.testing.assert_allclose(clf.predict_proba(X), expected)
            proba = cross_val_predict(
                clf, X, y, params={"sample_weight": weight}, method="predict_proba"
            )
            assert proba.shape == (120, 3)
        with pytest.raises(TypeError, match="sample_weight"):
            cls(KNeighborsClassifier()).fit(X, y, sample_weight=weight)


@every_defense
def test_weights_that_nobody_takes_are_an_error(cls, data):
    X, y = data
    with pytest.raises(TypeError, match="sample_weight"):
        cls(KNeighborsClassifier()).fit(X, y, sample_weight=np.ones(len(y)))
    with pytest.raises(ValueError, match="sample_weight"):
        cls(make_pipeline(StandardScaler(), LogisticRegression())).fit(
            X, y, sample_weight=np.ones(len(y))
        )
    with pytest.raises(ValueError, match="of length 3, but X has 120 rows"):
        cls().fit(X, y, sample_weight=[1, 2, 3])


@pytest.mark.parametrize("cls", [LabelSmoothingClassifier, HighEntropyClassifier])
def test_weights_must_leave_two_classes(cls, data):
    """Or smoothed labels would bring back the classes that weights left out."""
    X, y = data
    with pytest.raises(ValueError, match="60 of 120 rows with a weight of 0"):
        cls().fit(X, y, sample_weight=0.5 * (y == "fig"))


@every_defense
def test_a_seed_decides_on_everything(cls, data):
    X, y = data
    before = global_state()
    forest = RandomForestClassifier(n_estimators=5)
    fits = [
        cls(forest, random_state=seed).fit(X, y).predict_proba(X) for seed in (0, 0, 1)
    ]
    np.testing.assert_array_equal(fits[0], fits[1])
    assert (fits[0] != fits[2]).any()
    cls(forest).fit(X, y)
    assert (global_state() == before).all()


def test_seeds_of_the_user_stay(data):
    X, y = data
    clf = Halved(RandomForestClassifier(n_estimators=2, random_state=7))
    assert clf.fit(X, y).estimator_.random_state == 7
    state = np.random.RandomState(3)
    before = state.get_state()[1].copy()
    clf = Halved(RandomForestClassifier(n_estimators=2, random_state=state))
    first, second = (clf.fit(X, y).predict_proba(X) for _ in range(2))
    np.testing.assert_array_equal(first, second)
    assert (state.get_state()[1] == before).all()


def _strong(name, cls):
    """A defense with settings that fit more than its default ones."""
    settings = {
        "ConfidenceMaskingClassifier": {"method": "minimal_distortion"},
        "DifferentialPrivacyClassifier": {"epsilon": 50.0},
        "SelfDistillationClassifier": {"n_models": 3, "n_left_out": 1},
    }
    return cls(GaussianNB(), random_state=0, **settings.get(name, {}))


def _weak(name):
    """Changes with which a second fit needs less than the first one left."""
    return {
        "ConfidenceMaskingClassifier": {"method": "label"},
        "DifferentialPrivacyClassifier": {
            "X_public": 4 * np.eye(3, 4),
            "delta": 0,
            "n_teachers": 4,
        },
        "HighEntropyClassifier": {"output_modification": False},
    }.get(name, {})


@pytest.mark.parametrize("name", ALL)
def test_a_refit_leaves_nothing_of_the_former_fit(name, data):
    X, y = data
    cls = getattr(defenses, name)
    clf = _strong(name, cls).fit(X, y)
    clf.marker_, clf._marker = X, X
    known = y != "fig"
    clf.set_params(**_weak(name)).fit(X[known], y[known])
    fresh = _strong(name, cls).set_params(**_weak(name)).fit(X[known], y[known])
    assert set(vars(clf)) == set(vars(fresh))
    assert clf.classes_.tolist() == ["apple", "pear"]
    np.testing.assert_array_equal(clf.predict_proba(X), fresh.predict_proba(X))


@pytest.mark.parametrize("name", ALL)
def test_bad_parameters_in_a_refit_leave_no_answers(name, data):
    X, y = data
    clf = _strong(name, getattr(defenses, name)).fit(X, y)
    clf.set_params(estimator="nonsense")
    with pytest.raises((TypeError, ValueError, AttributeError)):
        clf.fit(X, y)
    assert not hasattr(clf, "classes_")


def test_a_failed_fit_leaves_no_answers(data):
    X, y = data
    clf = LabelSmoothingClassifier().fit(X, y)
    with pytest.raises(ValueError, match="NaN"):
        clf.fit(np.full_like(X, np.nan), y)
    with pytest.raises(NotFittedError):
        clf.predict(X)


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (np.ones(120), "at least two classes in y. Got 1 class"),
        (np.linspace(0, 1, 120), "continuous"),
        (np.ones(119), "inconsistent numbers of samples"),
        (None, "requires y to be passed"),
        ([np.nan] * 120, "NaN"),
    ],
)
def test_labels_are_checked(labels, message, data):
    with pytest.raises(ValueError, match=message):
        LabelSmoothingClassifier().fit(data[0], labels)


@every_defense
def test_what_cannot_be_defended_is_refused(cls, data):
    X, y = data
    with pytest.raises(TypeError, match="must be a scikit-learn classifier"):
        cls("logistic").fit(X, y)
    with pytest.raises(TypeError, match="must be a scikit-learn classifier"):
        cls(LogisticRegression).fit(X, y)
    with pytest.raises(ValueError, match=r"classifier.*Got LinearRegression"):
        cls(LinearRegression()).fit(X, y)
    voting = VotingClassifier([("a", LogisticRegression())], voting="hard")
    for inner in (LabelsOnly(), make_pipeline(StandardScaler(), LabelsOnly()), voting):
        name = type(inner).__name__
        with pytest.raises(TypeError, match=f"Got {name} instead, which has neither"):
            cls(inner).fit(X, y)


@pytest.mark.parametrize("cls", [LabelSmoothingClassifier, HighEntropyClassifier])
def test_a_frozen_classifier_cannot_be_trained_otherwise(cls, data):
    """It would come out as it went in, and be called defended."""
    X, y = data
    frozen = FrozenEstimator(LogisticRegression().fit(X, y))
    for model in (
        frozen,
        make_pipeline(StandardScaler(), frozen),
        StackingClassifier([("old", frozen)]),
    ):
        with pytest.raises(ValueError, match="without FrozenEstimator"):
            cls(model).fit(X, y)
    scaler = FrozenEstimator(StandardScaler().fit(X))
    clf = cls(make_pipeline(scaler, LogisticRegression())).fit(X, y)
    assert clf.score(X, y) > 0.9


def test_tags_are_those_of_the_inner_classifier():
    clf = LabelSmoothingClassifier(RandomForestClassifier())
    tags = get_tags(clf)
    assert is_classifier(clf)
    assert tags.input_tags.allow_nan == get_tags(clf.estimator).input_tags.allow_nan
    assert not tags.classifier_tags.multi_label
    assert not tags.classifier_tags.poor_score
    assert get_tags(HighEntropyClassifier()).classifier_tags.poor_score
    assert not get_tags(LabelSmoothingClassifier(LinearSVC())).input_tags.allow_nan


@pytest.mark.parametrize("n_jobs", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_grid_search_in_a_pipeline(n_jobs, data):
    X, y = data
    search = GridSearchCV(
        make_pipeline(
            StandardScaler(),
            LabelSmoothingClassifier(LogisticRegression(), random_state=0),
        ),
        {
            "labelsmoothingclassifier__smoothing": [0.0, 0.9],
            "labelsmoothingclassifier__estimator__C": [1e-4, 1.0],
        },
        scoring="neg_log_loss",
        n_jobs=n_jobs,
        error_score="raise",
    ).fit(X, y)
    assert search.best_params_ == {
        "labelsmoothingclassifier__smoothing": 0.0,
        "labelsmoothingclassifier__estimator__C": 1.0,
    }


@every_defense
def test_shadows_are_fitted_with_the_defense(cls, data):
    X, y = data
    one, two = (
        fit_shadows(
            cls(DecisionTreeClassifier()),
            X,
            y,
            shadows=4,
            n_jobs=n_jobs,
            random_state=0,
        )
        for n_jobs in (1, 2)
    )
    np.testing.assert_array_equal(one.signals["logit"], two.signals["logit"])
    bare = fit_shadows(
        DecisionTreeClassifier(), X, y, shadows=4, random_state=0
    ).signals["logit"]
    if cls is LabelSmoothingClassifier:
        # A tree is certain of what it has seen, and not with smoothed labels.
        assert np.abs(one.signals["logit"]).max() < 5 < np.abs(bare).max()


@pytest.mark.parametrize(
    ("where", "n_jobs"), [("sequential", 1), ("threading", 2), ("loky", 2)]
)
def test_few_rows_are_fitted_in_one_openmp_thread(where, n_jobs):
    info = threadpool_info

    class Counts(GaussianNB):
        def fit(self, X, y, sample_weight=None):
            pools = [pool for pool in info() if pool["user_api"] == "openmp"]
            if any(pool["num_threads"] > 1 for pool in pools):
                raise AssertionError(f"Threads wait for one another: {pools}")
            return super().fit(X, y, sample_weight)

    X, y = fruit()
    before = [pool["num_threads"] for pool in threadpool_info()]
    clf = SelfDistillationClassifier(
        Counts(), n_models=3, n_left_out=1, n_jobs=n_jobs, random_state=0
    )
    with joblib.parallel_config(backend=where):
        clf.fit(X, y)
    assert [pool["num_threads"] for pool in threadpool_info()] == before
