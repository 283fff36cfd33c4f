"""What the state of a model says of its training rows: counts against brute force."""

import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import sparse
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import make_column_transformer
from sklearn.datasets import make_classification
from sklearn.ensemble import (
    AdaBoostClassifier,
    BaggingClassifier,
    ExtraTreesClassifier,
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
    StackingClassifier,
    VotingClassifier,
)
from sklearn.gaussian_process import GaussianProcessClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.multiclass import OneVsRestClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import (
    KNeighborsClassifier,
    NearestCentroid,
    RadiusNeighborsClassifier,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.semi_supervised import LabelSpreading
from sklearn.svm import SVC, LinearSVC, NuSVC
from sklearn.tree import DecisionTreeClassifier

from skmia.attacks import FunctionClassifier
from skmia.audit import Structure, audit_structure
from skmia.defenses import ConfidenceMaskingClassifier
from skmia.model_selection import AuditableClassifier


def make_rows(n=300, seed=0, **settings):
    settings = {"n_informative": 4, "n_classes": 3, "flip_y": 0.1} | settings
    return make_classification(n, 6, n_redundant=0, random_state=seed, **settings)


X, y = make_rows()


def count_leaves(columns, labels, k):
    """Small leaves, leaves of one class, rows in small leaves, and rows of few."""
    small = pure = 0
    few = set()
    for leaves in columns.T:
        for leaf in np.unique(leaves):
            rows = np.flatnonzero(leaves == leaf)
            small += len(rows) < k
            pure += len(set(labels[rows])) == 1
            few |= set(rows) if len(rows) < k else set()
    paths = [tuple(row) for row in columns]
    of_few = sum(paths.count(path) < k for path in paths)
    return small, pure, len(few), of_few


TREES = {
    "tree": DecisionTreeClassifier(random_state=0),
    "forest": RandomForestClassifier(4, max_depth=4, random_state=0),
    "extra": ExtraTreesClassifier(4, max_depth=4, random_state=0),
    "boosting": GradientBoostingClassifier(n_estimators=2, random_state=0),
}


@pytest.mark.parametrize("name", TREES)
@pytest.mark.parametrize("around", ["alone", "pipeline", "search"])
def test_leaves_and_paths_are_those_of_brute_force(name, around):
    model = clone(TREES[name])
    if around == "pipeline":
        model = make_pipeline(StandardScaler(), model)
    elif around == "search":
        model = GridSearchCV(model, {"min_samples_leaf": [1, 3]}, cv=2)
    model.fit(X, y)
    inner = {
        "alone": lambda: (model, X),
        "pipeline": lambda: (model[-1], model[0].transform(X)),
        "search": lambda: (model.best_estimator_, X),
    }[around]()
    columns = np.asarray(inner[0].apply(inner[1])).reshape(len(X), -1)
    small, pure, in_small, of_few = count_leaves(columns, y, 5)
    structure = audit_structure(model, X, y, k=5)
    leaves = structure.found("small_leaves")
    assert leaves.count == small
    assert f"{in_small} of 300 rows are in such a leaf" in leaves.message
    assert structure.found("class_disclosure").count == pure
    assert structure.found("small_paths").count == of_few
    assert not structure.found("rows_match")
    places = {"alone": "", "pipeline": type(inner[0]).__name__.lower()}
    assert leaves.place == places.get(around, "best_estimator")


def test_histogram_boosting_is_told_by_the_values_that_its_trees_add():
    model = HistGradientBoostingClassifier(max_iter=3, min_samples_leaf=4, max_depth=3)
    model.fit(X, y)
    # Brute force of the private trees, which the library itself does not read.
    binned = [
        np.digitize(c, t, right=True)
        for c, t in zip(X.T, model._bin_mapper.bin_thresholds_, strict=True)
    ]
    columns = []
    for trees in model._predictors:
        for tree in trees:
            at = np.zeros(len(X), dtype=int)
            while not tree.nodes["is_leaf"][at].all():
                node = tree.nodes[at]
                value = np.choose(node["feature_idx"], binned)
                left = value <= node["bin_threshold"]
                at = np.where(
                    node["is_leaf"], at, np.where(left, node["left"], node["right"])
                )
            columns.append(at)
    small, pure, _, of_few = count_leaves(np.column_stack(columns), y, 8)
    structure = audit_structure(model, X, y, k=8)
    assert structure.found("small_leaves").count == small > 0
    assert structure.found("small_leaves").value == 4
    # Leaves of one class in one tree mostly have one value, and count as one.
    assert 0 < structure.found("class_disclosure").count <= pure
    assert 0 < structure.found("small_paths").count <= of_few
    # Nothing found is not measured, where the trees cannot be read.
    calm = audit_structure(model, X, y, k=2)
    assert calm.found("small_leaves").outcome == "not_measured"


@pytest.mark.parametrize("library", ["lightgbm", "xgboost", "catboost"])
def test_boosters_of_other_libraries(library):
    if library == "lightgbm":
        lightgbm = pytest.importorskip("lightgbm")
        model = lightgbm.LGBMClassifier(
            n_estimators=2, min_child_samples=3, verbose=-1
        ).fit(X, y)
        columns = model.predict(X, pred_leaf=True)
    elif library == "xgboost":
        xgboost = pytest.importorskip("xgboost")
        model = xgboost.XGBClassifier(n_estimators=20, max_depth=3).fit(X, y)
        columns = model.apply(X)
    else:
        catboost = pytest.importorskip("catboost")
        model = catboost.CatBoostClassifier(
            iterations=20, depth=4, verbose=0, allow_writing_files=False
        ).fit(X, y)
        columns = model.calc_leaf_indexes(X)
    small, pure, in_small, of_few = count_leaves(np.asarray(columns), y, 5)
    for outer, rows in ((model, X), (make_pipeline("passthrough", model), X)):
        structure = audit_structure(outer, rows, y, k=5)
        assert structure.found("small_leaves").count == small
        assert structure.found("class_disclosure").count == pure
        assert structure.found("small_paths").count == of_few
        assert f"{in_small} of 300 rows" in structure.found("small_leaves").message
        assert not structure.found("rows_match")
        assert structure.found("rows_per_parameter").of == 300


@pytest.mark.parametrize(
    "model",
    [
        BaggingClassifier(n_estimators=3, max_features=0.5, random_state=0),
        AdaBoostClassifier(DecisionTreeClassifier(max_depth=3), n_estimators=3),
        CalibratedClassifierCV(RandomForestClassifier(3, random_state=0), cv=2),
        OneVsRestClassifier(DecisionTreeClassifier(max_depth=3)),
        ConfidenceMaskingClassifier(DecisionTreeClassifier(random_state=0)),
        VotingClassifier([("a", DecisionTreeClassifier()), ("b", GaussianNB())]),
        StackingClassifier([("a", DecisionTreeClassifier()), ("b", GaussianNB())]),
        AuditableClassifier(DecisionTreeClassifier()),
        BaggingClassifier(
            make_pipeline(StandardScaler(), DecisionTreeClassifier()), n_estimators=3
        ),
    ],
    ids=lambda model: type(model).__name__,
)
def test_trees_are_found_inside_of_anything(model):
    structure = audit_structure(model.fit(X, y), X, y)
    assert structure.found("small_leaves").outcome == "risk"
    assert structure.found("small_paths").count > 0
    assert structure.found("class_disclosure").outcome == "risk"
    assert not structure.found("rows_match")


def test_large_leaves_of_all_classes_are_nothing_found():
    rows, labels = make_rows(2000, n_classes=2, flip_y=0.5, seed=3)
    model = DecisionTreeClassifier(min_samples_leaf=100).fit(rows, labels)
    structure = audit_structure(model, rows, labels, k=10)
    assert structure.risks == ()
    for check in ("small_leaves", "small_paths", "class_disclosure"):
        assert structure.found(check).outcome == "nothing_found"
    assert structure.found("small_leaves").value >= 100


def test_persons_are_counted_and_not_their_rows():
    model = DecisionTreeClassifier(min_samples_leaf=10, random_state=0).fit(X, y)
    leaf = model.apply(X)
    by_row = audit_structure(model, X, y, k=10)
    assert by_row.found("small_leaves").outcome == "nothing_found"
    # All rows of a leaf are of two persons.
    persons = [f"{a}-{i % 2}" for i, a in enumerate(leaf)]
    structure = audit_structure(model, X, y, k=10, groups=persons)
    assert structure.found("small_leaves").count == len(set(leaf))
    assert structure.found("small_leaves").value == 2
    assert structure.n_persons == len(set(persons))


def test_rows_of_weight_zero_were_not_learned_from():
    weight = np.where(np.arange(300) < 200, 1.0, 0.0)
    model = DecisionTreeClassifier(random_state=0).fit(X, y, sample_weight=weight)
    structure = audit_structure(model, X, y, sample_weight=weight)
    assert structure.n_rows == 200
    assert not structure.found("rows_match")
    assert audit_structure(model, X, y).found("rows_match").outcome == "not_measured"


def test_other_rows_than_those_of_the_fit_are_told():
    model = DecisionTreeClassifier(min_samples_leaf=20, random_state=0).fit(X, y)
    structure = audit_structure(model, X[:250], y[:250], k=10)
    assert "grown on 300" in structure.found("rows_match").message
    more = np.r_[X, make_rows(seed=1)[0]]
    both = audit_structure(model, more, np.r_[y, y], k=10)
    assert "grown on 300 rows, and 600 were passed" in both.found("rows_match").message
    # Too many rows make leaves look large: that is not good news.
    assert both.found("small_leaves").outcome == "not_measured"
    assert both.found("small_paths").outcome == "not_measured"


def test_a_part_of_the_trees_is_said_to_be_one():
    model = RandomForestClassifier(20, min_samples_leaf=40, random_state=0).fit(X, y)
    structure = audit_structure(model, X, y, k=10, max_trees=1)
    for check in ("small_leaves", "small_paths"):
        finding = structure.found(check)
        assert finding.outcome == "not_measured"
        assert "1 of the 20 trees" in finding.message
    assert audit_structure(model, X, y, k=10).found("small_paths").outcome == "risk"


def test_without_rows_the_trees_tell_what_they_store():
    model = RandomForestClassifier(5, random_state=0).fit(X, y)
    sizes = [
        t.tree_.n_node_samples[t.tree_.children_left < 0] for t in model.estimators_
    ]
    structure = audit_structure(model)
    assert structure.found("small_leaves").count == sum((s < 10).sum() for s in sizes)
    assert structure.found("class_disclosure").outcome == "risk"
    for check in ("small_paths", "carried_rows", "rows_per_parameter"):
        assert structure.found(check).outcome == "not_measured"
    svc = SVC().fit(X, y)
    found = audit_structure(svc).found("carried_rows")
    assert (found.outcome, found.count) == ("risk", len(svc.support_vectors_))
    booster = HistGradientBoostingClassifier(max_iter=2).fit(X, y)
    assert audit_structure(booster).found("small_leaves").outcome == "not_measured"


class Lookup(ClassifierMixin, BaseEstimator):
    """Keeps its rows in a container of some kind."""

    def __init__(self, kind="frame"):
        self.kind = kind

    def fit(self, X, y):
        X = np.asarray(X)
        self.classes_, self.n_features_in_ = np.unique(y), X.shape[1]
        self.memory_ = {
            "frame": lambda: pd.DataFrame(X).assign(label=y),
            "polars": lambda: pl.DataFrame(X),
            "list": lambda: X.tolist(),
            "dict": lambda: {
                tuple(row): label for row, label in zip(X, y, strict=True)
            },
            "single": lambda: X.astype(np.float32),
            "turned": lambda: {"deep": [X.T.copy()]},
            "beside": lambda: np.c_[X, y],
        }[self.kind]()
        return self

    def predict(self, X):
        return np.full(len(X), self.classes_[0])


@pytest.mark.parametrize(
    "kind", ["frame", "polars", "list", "dict", "single", "turned", "beside"]
)
def test_rows_are_found_by_their_content_in_any_container(kind):
    found = audit_structure(Lookup(kind).fit(X, y), X, y).found("carried_rows")
    assert (found.outcome, found.count, found.of) == ("risk", 300, 300)
    assert "as they were passed" in found.message


CARRIERS = {
    "knn": KNeighborsClassifier(),
    "radius": RadiusNeighborsClassifier(10.0),
    "brute": KNeighborsClassifier(algorithm="brute"),
    "gaussian process": GaussianProcessClassifier(),
    "spreading": LabelSpreading(),
}


@pytest.mark.parametrize("name", CARRIERS)
def test_models_of_stored_rows_carry_all_of_them(name):
    model = CARRIERS[name].fit(X, y)
    found = audit_structure(model, X, y).found("carried_rows")
    assert (found.outcome, found.count) == ("risk", 300)


@pytest.mark.parametrize("model", [SVC(), NuSVC(nu=0.2)])
def test_support_vectors_are_training_rows(model):
    model.fit(X, y)
    found = audit_structure(model, X, y).found("carried_rows")
    assert found.count == len(model.support_)


@pytest.mark.parametrize(
    "model",
    [
        LogisticRegression(),
        LinearSVC(),
        GaussianNB(),
        NearestCentroid(),
        make_pipeline(StandardScaler(), LogisticRegression()),
        RandomForestClassifier(3),
        # It drops its rows when it is pickled.
        AuditableClassifier(LogisticRegression()),
    ],
    ids=lambda model: type(model).__name__,
)
def test_models_without_rows_carry_none(model):
    found = audit_structure(model.fit(X, y), X, y).found("carried_rows")
    assert (found.outcome, found.count) == ("nothing_found", 0)


def test_rows_that_earlier_steps_transformed():
    frame = pd.DataFrame(X, columns=list("abcdef")).assign(
        g=np.where(y == 1, "left", "right")
    )
    steps = make_column_transformer(
        (StandardScaler(), list("abcdef")), (OneHotEncoder(), ["g"])
    )
    model = make_pipeline(steps, KNeighborsClassifier()).fit(frame, y)
    found = audit_structure(model, frame, y).found("carried_rows")
    assert (found.count, found.place) == (300, "kneighborsclassifier")
    assert "as the steps before it have transformed them" in found.message
    polars = make_pipeline(steps, SVC()).fit(pl.from_pandas(frame), y)
    found = audit_structure(polars, pl.from_pandas(frame), y).found("carried_rows")
    assert found.count == len(polars[-1].support_)


def test_rows_that_a_step_does_not_take_are_said_not_to_be_measured():
    frame = pd.DataFrame(X, columns=list("abcdef"))
    steps = make_column_transformer((StandardScaler(), list("abcdef")))
    model = make_pipeline(steps, DecisionTreeClassifier()).fit(frame, y)
    structure = audit_structure(model, X, y)  # without the names of columns
    paths = structure.found("small_paths")
    assert paths.outcome == "not_measured"
    assert "ColumnTransformer before it does not transform" in paths.message
    # What the tree stores of its fit is read all the same.
    assert structure.found("small_leaves").outcome == "risk"


def test_sparse_rows():
    rows = sparse.random_array((200, 30), density=0.2, rng=np.random.default_rng(0))
    rows, labels = rows.tocsr(), np.arange(200) % 2
    model = SVC().fit(rows, labels)
    found = audit_structure(model, rows, labels).found("carried_rows")
    assert found.count == len(model.support_)
    tree = DecisionTreeClassifier().fit(rows, labels)
    assert audit_structure(tree, rows, labels).found("small_leaves").outcome == "risk"


def test_values_of_single_rows_in_an_encoder():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "name": [f"person {i}" for i in range(300)],
            "town": rng.choice(list("ab"), 300),
        }
    )
    model = make_pipeline(OneHotEncoder(), LogisticRegression()).fit(frame, y)
    found = audit_structure(model, frame, y).found("values_of_one_row")
    assert (found.outcome, found.count) == ("risk", 300)
    towns = make_pipeline(OneHotEncoder(), LogisticRegression()).fit(frame[["town"]], y)
    assert audit_structure(towns, frame[["town"]], y).found("values_of_one_row") is None


def test_lists_as_long_as_the_rows_are_not_measured():
    model = RandomForestClassifier(20, oob_score=True, random_state=0).fit(X, y)
    found = audit_structure(model, X, y).found("values_for_each_row")
    assert found.outcome == "not_measured"
    assert "oob_decision_function_" in found.message


def test_rows_for_each_number_that_was_learnt():
    model = LogisticRegression().fit(X, y)
    found = audit_structure(model, X, y).found("rows_per_parameter")
    assert (found.outcome, found.count, found.of) == ("nothing_found", 21, 300)
    assert found.value == pytest.approx(300 / 21)
    few = audit_structure(model.fit(X[:25], y[:25]), X[:25], y[:25])
    assert few.found("rows_per_parameter").outcome == "risk"
    tree = DecisionTreeClassifier(max_depth=2).fit(X, y)
    # Four leaves of three classes, and three questions of a column and a threshold.
    assert audit_structure(tree, X, y).found("rows_per_parameter").count == 14


class Odd(Lookup):
    """Has the methods of a booster, and they fail."""

    def get_booster(self):
        raise RuntimeError("of another version")

    def apply(self, X):
        raise RuntimeError("of another version")


def test_a_model_of_an_unknown_kind_may_have_trees():
    odd = audit_structure(Odd().fit(X, y), X, y).found("small_leaves")
    assert odd.outcome == "not_measured"
    found = audit_structure(Lookup().fit(X, y), X, y).found("small_leaves")
    assert found.outcome == "not_measured"
    linear = audit_structure(LogisticRegression().fit(X, y), X, y)
    assert linear.found("small_leaves").outcome == "not_applicable"


def test_numbers_that_stand_for_rows_are_counted():
    kernel = X @ X.T
    model = SVC(kernel="precomputed").fit(kernel, y)
    found = audit_structure(model, kernel, y).found("rows_per_parameter")
    assert found.count == model.dual_coef_.size + 3


def test_a_function_has_no_state():
    model = FunctionClassifier(lambda X: np.full((len(X), 2), 0.5), classes=[0, 1])
    found = audit_structure(model, X, y).found("carried_rows")
    assert found.outcome == "not_applicable"
    # A method of a fitted model is another matter.
    knn = KNeighborsClassifier().fit(X, y)
    bound = FunctionClassifier(knn.predict_proba, classes=knn.classes_)
    assert audit_structure(bound, X, y).found("carried_rows").count == 300


class Closed(Lookup):
    """Cannot be pickled."""

    def fit(self, X, y):
        super().fit(X, y)
        self.memory_ = (row for row in X)
        return self


def test_what_cannot_be_read_is_said_to_be_so():
    found = audit_structure(Closed().fit(X, y), X, y).found("carried_rows")
    assert found.outcome == "not_measured"
    assert "'memory_' could not be read" in found.message


def test_the_section_is_plain_and_comes_back():
    structure = audit_structure(make_pipeline(StandardScaler(), SVC()).fit(X, y), X, y)
    again = Structure.from_dict(structure.to_dict())
    assert again == structure
    assert again.summary() == structure.summary()
    assert max(map(len, structure.summary().splitlines())) <= 88
    frame = structure.to_frame()
    assert len(frame) == len(structure.findings)
    assert frame["outcome"].iloc[0] == "risk"
    with pytest.raises(ValueError, match="must be one of"):
        structure.found("leaves")


@pytest.mark.parametrize(
    ("error", "message", "arguments"),
    [
        (TypeError, "fitted estimator", {"estimator": SVC}),
        (ValueError, "'y' parameter must have one entry", {"y": y[:3]}),
        (ValueError, "'groups' parameter must have one entry", {"groups": y[:3]}),
        (ValueError, "'y' parameter must be None without", {"X": None}),
        (ValueError, "'k' parameter", {"k": 1}),
        (ValueError, "'max_trees' parameter", {"max_trees": 0}),
    ],
)
def test_wrong_arguments(error, message, arguments):
    given = {"estimator": SVC().fit(X, y), "X": X, "y": y} | arguments
    with pytest.raises(error, match=message):
        audit_structure(given.pop("estimator"), **given)


def test_nothing_is_changed_and_nothing_is_warned_of():
    model = make_pipeline(StandardScaler(), KNeighborsClassifier()).fit(X, y)
    before = model.predict_proba(X)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        audit_structure(model, pd.DataFrame(X), y)
    assert np.array_equal(model.predict_proba(X), before)
