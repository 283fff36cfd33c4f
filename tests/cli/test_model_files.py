"""Models from files: what loads, what is refused, and that nothing runs unasked."""

import importlib
import io
import json
import pickle
import re
import sys
import textwrap

import joblib
import numpy as np
import pandas as pd
import pytest
import skops.io
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer, make_column_selector
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
from sklearn.feature_selection import SelectKBest
from sklearn.gaussian_process import GaussianProcessClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    OneHotEncoder,
    OrdinalEncoder,
    StandardScaler,
)
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

from _helpers.archives import rewrite_schema
from skmia.cli._messages import check_release
from skmia.cli._model_content import ALLOWED_TYPES, check_content
from skmia.cli._model_files import load_model

N_ROWS = 90
NUMERIC, TEXT = ["age", "hours"], ["job", "land"]


def make_frame():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "age": rng.normal(size=N_ROWS),
            "job": rng.choice(["clerk", "cook", "None"], N_ROWS),
            "hours": rng.integers(0, 60, N_ROWS),
            "land": rng.choice(["NA", "DE"], N_ROWS),
        }
    )
    y = np.where(frame["age"] + rng.normal(size=N_ROWS) > 0, ">50K", "<=50K")
    return frame, y


FRAME, Y2 = make_frame()
Y3 = np.arange(N_ROWS) % 3


def columns(text):
    return ColumnTransformer([("num", StandardScaler(), NUMERIC), ("text", text, TEXT)])


ON_NUMBERS = {
    "decision tree": DecisionTreeClassifier(random_state=0),
    "random forest": RandomForestClassifier(3, random_state=0),
    "extra trees": ExtraTreesClassifier(3, random_state=0),
    "gradient boosting": GradientBoostingClassifier(n_estimators=2),
    "hist gradient boosting": HistGradientBoostingClassifier(max_iter=2),
    "ada boost": AdaBoostClassifier(n_estimators=2),
    "bagging": BaggingClassifier(DecisionTreeClassifier(), 2, max_features=0.5),
    "logistic regression": LogisticRegression(),
    "adam": MLPClassifier((4,), max_iter=1000, tol=0.1, random_state=0),
    "sgd": MLPClassifier((4,), solver="sgd", max_iter=1000, tol=0.1, random_state=0),
    "kd tree": KNeighborsClassifier(),
    "ball tree": KNeighborsClassifier(algorithm="ball_tree", p=1),
    "brute": KNeighborsClassifier(algorithm="brute"),
    "svc": SVC(),
    "naive bayes": GaussianNB(),
    "sigmoid": CalibratedClassifierCV(GaussianNB(), cv=2),
    "isotonic": CalibratedClassifierCV(GaussianNB(), method="isotonic", cv=2),
    "gaussian process": GaussianProcessClassifier(),
    "voting": VotingClassifier([("a", GaussianNB()), ("b", LogisticRegression())]),
    "stacking": StackingClassifier([("a", GaussianNB())], cv=2),
    "select": make_pipeline(SelectKBest(k=1), GaussianNB()),
    "grid": GridSearchCV(DecisionTreeClassifier(), {"max_depth": [1, 2]}, cv=2),
    "log1p": make_pipeline(FunctionTransformer(np.abs), GaussianNB()),
}
ON_FRAMES = {
    "one-hot": make_pipeline(
        columns(OneHotEncoder(handle_unknown="ignore")), LogisticRegression()
    ),
    "one-hot, boosted": make_pipeline(
        columns(OneHotEncoder(sparse_output=False)),
        HistGradientBoostingClassifier(max_iter=2),
    ),
    "ordinal, forest": make_pipeline(
        columns(OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)),
        RandomForestClassifier(3, random_state=0),
    ),
    "remainder": make_pipeline(
        ColumnTransformer([("text", OneHotEncoder(), TEXT)], remainder="passthrough"),
        DecisionTreeClassifier(),
    ),
    "selector": make_pipeline(
        ColumnTransformer(
            [("num", StandardScaler(), make_column_selector(dtype_include=np.number))]
        ),
        DecisionTreeClassifier(),
    ),
}


@pytest.mark.parametrize("y", [Y2, Y3], ids=["two classes", "three classes"])
@pytest.mark.parametrize("name", [*ON_NUMBERS, *ON_FRAMES])
def test_scikit_learn_classifiers_load_unasked(name, y, tmp_path):
    X = FRAME if name in ON_FRAMES else FRAME[NUMERIC]
    model = clone({**ON_NUMBERS, **ON_FRAMES}[name]).fit(X, y)
    path = tmp_path / "model.skops"
    skops.io.dump(model, path)

    loaded = load_model(path)

    assert type(loaded) is type(model)
    np.testing.assert_array_equal(loaded.predict(X), model.predict(X))


def test_every_allowed_type_is_scikit_learns_or_an_abstract_numpy_type():
    numpy_types = {name for name in ALLOWED_TYPES if name.startswith("numpy.")}
    assert numpy_types == {"numpy.dtype", "numpy.number"}
    assert all(name.startswith("sklearn.") for name in ALLOWED_TYPES - numpy_types)
    # None of them imports, evaluates, opens or calls by name.
    harmful = ("partial", "PyFunc", "_Scorer", "check_array", "Memory", "fetch", "load")
    found = [name for name in ALLOWED_TYPES for word in harmful if word in name]
    assert [n for n in found if not n.endswith("._PassthroughScorer")] == []


def test_every_allowed_name_is_what_the_list_says():
    # A name that came to mean something else in a later release would be let in too.
    functions = set()
    for name in ALLOWED_TYPES:
        module, _, attribute = name.rpartition(".")
        try:
            found = getattr(importlib.import_module(module), attribute)
        except (ImportError, AttributeError):
            continue  # not in this release
        if not isinstance(found, type):
            functions.add(attribute)
    assert functions == {"chi2", "f_classif", "mutual_info_classif"}


@pytest.fixture
def own_module(tmp_path, monkeypatch):
    """A module with a classifier of the user's own, and a trace of what it ran."""
    source = """
    from sklearn.naive_bayes import GaussianNB
    RUNS = []

    class OwnBayes(GaussianNB):
        def __setstate__(self, state):
            RUNS.append("loaded")
            super().__setstate__(state)

    def shift(X):
        RUNS.append("called")
        return X
    """
    (tmp_path / "own_bayes.py").write_text(textwrap.dedent(source))
    monkeypatch.syspath_prepend(tmp_path)
    yield importlib.import_module("own_bayes")
    sys.modules.pop("own_bayes", None)


def test_own_type_is_refused_by_name_and_admitted_by_name(own_module, tmp_path):
    path = tmp_path / "model.skops"
    skops.io.dump(own_module.OwnBayes().fit(FRAME[NUMERIC], Y2), path)

    with pytest.raises(ValueError, match=r"add --trust own_bayes\.OwnBayes$"):
        load_model(path)
    assert own_module.RUNS == []
    with pytest.raises(ValueError, match="types that are not trusted"):
        load_model(path, trusted=["own_bayes.Other", "OwnBayes"])

    loaded = load_model(path, trusted=["own_bayes.OwnBayes"])
    assert type(loaded) is own_module.OwnBayes
    assert own_module.RUNS == ["loaded"]


def test_a_function_in_a_transformer_is_refused(own_module, tmp_path):
    path = tmp_path / "model.skops"
    model = make_pipeline(FunctionTransformer(own_module.shift), GaussianNB())
    skops.io.dump(model.fit(FRAME[NUMERIC], Y2), path)
    own_module.RUNS.clear()

    with pytest.raises(ValueError, match=r"own_bayes\.shift"):
        load_model(path)
    assert own_module.RUNS == []


@pytest.mark.parametrize(
    ("loader", "module", "name"),
    [
        ("ConstructorFromReduceNode", "os", "system"),
        ("LossNode", "os", "system"),
        ("FunctionNode", "builtins", "eval"),
        ("ObjectNode", "subprocess", "Popen"),
        ("LossNode", "own_bayes_trace", "anything"),
    ],
)
def test_a_forged_type_is_named_and_neither_imported_nor_called(
    loader, module, name, tmp_path, monkeypatch
):
    trace = tmp_path / "ran"
    (tmp_path / "own_bayes_trace.py").write_text(f"open({str(trace)!r}, 'w').close()")
    monkeypatch.syspath_prepend(tmp_path)
    path = tmp_path / "model.skops"
    skops.io.dump(DecisionTreeClassifier().fit(FRAME[NUMERIC], Y2), path)

    def forge(node):
        if node.get("__class__") == "Tree":
            argument = {
                "__class__": "str",
                "__module__": "builtins",
                "__loader__": "JsonNode",
                "content": json.dumps(f"touch {trace}"),
                "is_json": True,
            }
            arguments = {
                "__class__": "tuple",
                "__module__": "builtins",
                "__loader__": "TupleNode",
                "content": [argument],
            }
            node.update(__class__=name, __module__=module, __loader__=loader)
            node["content"] = arguments
            node["__reduce__"] = {"args": arguments}

    rewrite_schema(path, forge)
    with pytest.raises(ValueError, match=f"{module}.{name}"):
        load_model(path)
    assert not trace.exists()
    assert "own_bayes_trace" not in sys.modules


def forge_tree(model, **columns):
    tree = model.tree_
    state = tree.__getstate__()
    state["nodes"] = state["nodes"].copy()
    for name, value in columns.items():
        state["nodes"][name][0] = value
    tree.__setstate__(state)


@pytest.mark.parametrize(
    "columns",
    [{"feature": 10**6}, {"feature": -3}, {"left_child": 10**6}, {"right_child": 0}],
    ids=str,
)
@pytest.mark.parametrize("forest", [False, True])
def test_a_forged_tree_is_refused(forest, columns, tmp_path):
    path = tmp_path / "model.skops"
    if forest:
        model = RandomForestClassifier(2, random_state=0).fit(FRAME[NUMERIC], Y2)
        forge_tree(model.estimators_[1], **columns)
    else:
        model = DecisionTreeClassifier().fit(FRAME[NUMERIC], Y2)
        forge_tree(model, **columns)
    skops.io.dump(model, path)

    with pytest.raises(ValueError, match="Tree whose numbers point outside"):
        load_model(path)


def test_a_tree_for_more_columns_than_its_model_is_refused():
    # The rows are checked against n_features_in_, and the tree then reads beyond them.
    model = DecisionTreeClassifier().fit(FRAME[NUMERIC], Y2)
    check_content(model)
    model.n_features_in_ = 1
    with pytest.raises(ValueError, match="point outside"):
        check_content(model)


@pytest.mark.parametrize("name", ["feature_idx", "left", "right"])
def test_a_forged_boosted_tree_is_refused(name):
    model = HistGradientBoostingClassifier(max_iter=2).fit(FRAME[NUMERIC], Y2)
    check_content(model)
    nodes = model._predictors[1][0].nodes
    assert not nodes["is_leaf"][0]
    nodes[name][0] = 10**6
    with pytest.raises(ValueError, match="TreePredictor whose numbers point outside"):
        check_content(model)


def test_categorical_splits_are_looked_at():
    X = np.column_stack([FRAME["age"], OrdinalEncoder().fit_transform(FRAME[TEXT])])
    y = FRAME["land"] == "NA"
    model = HistGradientBoostingClassifier(max_iter=2, categorical_features=[1, 2])
    model.fit(X, y)
    nodes = model._predictors[0][0].nodes
    assert nodes["is_categorical"].any()
    check_content(model)
    nodes["bitset_idx"][nodes["is_categorical"] == 1] = 10**6
    with pytest.raises(ValueError, match="point outside"):
        check_content(model)


@pytest.mark.parametrize("name", ["feature", "left_child", "right_child"])
def test_a_forged_tree_in_an_array_of_trees_is_refused(name):
    model = GradientBoostingClassifier(n_estimators=2).fit(FRAME[NUMERIC], Y3)
    check_content(model)
    forge_tree(model.estimators_[1, 2], **{name: 10**6})
    with pytest.raises(ValueError, match="Tree whose numbers point outside"):
        check_content(model)


def test_forged_stages_are_refused():
    model = GradientBoostingClassifier(n_estimators=2).fit(FRAME[NUMERIC], Y3)
    check_content(model)
    model.estimators_ = np.hstack([model.estimators_, model.estimators_])
    with pytest.raises(ValueError, match="GradientBoostingClassifier whose numbers"):
        check_content(model)


@pytest.mark.parametrize("algorithm", ["kd_tree", "ball_tree"])
def test_a_forged_nearest_neighbour_index_is_refused(algorithm):
    model = KNeighborsClassifier(algorithm=algorithm).fit(FRAME[NUMERIC], Y2)
    check_content(model)
    order = np.asarray(model._tree.get_arrays()[1])
    order[0] = 10**6
    with pytest.raises(ValueError, match=r"(KD|Ball)Tree whose numbers point outside"):
        check_content(model)


def test_a_cache_named_by_the_file_is_switched_off(tmp_path):
    path = tmp_path / "model.skops"
    inner = make_pipeline(StandardScaler(), memory=str(tmp_path / "inner"))
    model = make_pipeline(inner, GaussianNB(), memory=str(tmp_path / "outer"))
    skops.io.dump(model.fit(FRAME[NUMERIC], Y2), path)

    with pytest.warns(UserWarning, match=r"cache of the model's Pipeline"):
        loaded = load_model(path)

    assert loaded.memory is None
    assert loaded[0].memory is None
    np.testing.assert_array_equal(
        loaded.predict(FRAME[NUMERIC]), model.predict(FRAME[NUMERIC])
    )


class RunsWhenLoaded:
    def __reduce__(self):
        return (io.open, (self.path, "w"))


@pytest.mark.parametrize("suffix", [".joblib", ".pkl", ".pickle", ".skops"])
def test_a_pickle_is_not_loaded_unasked(suffix, tmp_path):
    trace = tmp_path / "ran"
    harmful = RunsWhenLoaded()
    harmful.path = str(trace)
    path = tmp_path / f"model{suffix}"
    path.write_bytes(pickle.dumps(harmful))

    with pytest.raises(ValueError, match=r"runs whatever code|skops file"):
        load_model(path)
    assert not trace.exists()


@pytest.mark.parametrize("suffix", [".joblib", ".pkl", ".PICKLE"])
def test_a_pickle_loads_where_asked_for(suffix, tmp_path):
    model = LogisticRegression().fit(FRAME[NUMERIC], Y2)
    path = tmp_path / f"model{suffix}"
    if suffix == ".joblib":
        joblib.dump(model, path)
    else:
        path.write_bytes(pickle.dumps(model))
    loaded = load_model(path, trust_pickle=True)
    np.testing.assert_array_equal(loaded.coef_, model.coef_)


@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 0.99])
@pytest.mark.parametrize("suffix", [".skops", ".joblib", ".pkl"])
def test_a_damaged_file_is_one_line(suffix, share, tmp_path):
    model = RandomForestClassifier(3).fit(FRAME[NUMERIC], Y2)
    path = tmp_path / f"model{suffix}"
    whole = skops.io.dumps(model) if suffix == ".skops" else pickle.dumps(model)
    path.write_bytes(whole[: int(share * len(whole))])

    with pytest.raises(ValueError, match=r"empty|damaged") as caught:
        load_model(path, trust_pickle=True)
    assert "\n" not in str(caught.value)
    assert str(path) in str(caught.value)


def test_missing_files_folders_and_endings(tmp_path):
    with pytest.raises(FileNotFoundError, match="does not exist"):
        load_model(tmp_path / "none.skops")
    (tmp_path / "folder.skops").mkdir()
    with pytest.raises(IsADirectoryError, match="is a folder"):
        load_model(tmp_path / "folder.skops")
    with pytest.raises(ValueError, match=r"must be a model file.*Got '.onnx' instead"):
        load_model(tmp_path / "model.onnx")
    with pytest.raises(ValueError, match=r"Got 'no ending' instead"):
        load_model(tmp_path / "model")


def test_a_module_that_is_not_there_is_named(own_module, tmp_path, monkeypatch):
    model = own_module.OwnBayes().fit(FRAME[NUMERIC], Y2)
    skops.io.dump(model, tmp_path / "model.skops")
    (tmp_path / "model.pkl").write_bytes(pickle.dumps(model))
    monkeypatch.delitem(sys.modules, "own_bayes")
    (tmp_path / "own_bayes.py").unlink()
    importlib.invalidate_caches()

    for name in ("model.skops", "model.pkl"):
        with pytest.raises(ValueError, match="needs the module 'own_bayes'"):
            load_model(
                tmp_path / name, trusted=["own_bayes.OwnBayes"], trust_pickle=True
            )


@pytest.mark.parametrize(
    ("package", "version", "oldest"),
    [
        *(("skops", v, "0.15") for v in ("0.11.0", "0.14.0", "0.9", "0.7.post0")),
        *(("pyarrow", v, "14.0.1") for v in ("14.0.0", "13.0.1", "9.0.0")),
    ],
)
def test_releases_that_run_code_from_a_file_are_refused(package, version, oldest):
    with pytest.raises(ValueError, match=re.escape(f"install '{package}>={oldest}'")):
        check_release(package, version)


@pytest.mark.parametrize(
    ("package", "version"),
    [
        *(("skops", v) for v in ("0.15.0", "0.16.0", "1.0", "0.17.dev0")),
        *(("pyarrow", v) for v in ("14.0.1", "14.0.2", "15.0.0", "22.0.0.dev5")),
    ],
)
def test_later_releases_are_taken(package, version):
    check_release(package, version)
