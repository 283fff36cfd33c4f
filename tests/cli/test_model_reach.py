"""A model file whose owner wants another file opened: what it names, wherever."""

import inspect
import json
import pathlib
import pickle
import re

import numpy as np
import pytest
import skops.io
from sklearn.base import clone
from sklearn.ensemble import RandomForestClassifier, VotingClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.model_selection import GridSearchCV, RandomizedSearchCV
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.utils import all_estimators

from _helpers.archives import rewrite_schema, skops_node
from skmia.cli._model_content import ALLOWED_TYPES, walk
from skmia.cli._model_files import load_model
from skmia.cli._model_reach import cut_off

rng = np.random.default_rng(0)
X = rng.normal(size=(40, 3))
Y = (X[:, 0] + rng.normal(size=40) > 0).astype(int)


def pipeline(memory=None):
    return make_pipeline(StandardScaler(), GaussianNB(), memory=memory)


def search(grid, kind=GridSearchCV, **kwargs):
    return kind(pipeline(), grid, cv=2, error_score="raise", **kwargs)


class Runs:
    def __init__(self, trace):
        self.trace = trace

    def __reduce__(self):
        return (pathlib.Path.touch, (self.trace,))


def test_a_grid_names_a_folder_of_pickles(tmp_path):
    cache, trace, path = tmp_path / "cache", tmp_path / "ran", tmp_path / "model.skops"
    skops.io.dump(search({"memory": [str(cache)]}).fit(X, Y), path)
    planted = list(cache.rglob("output.pkl"))
    assert planted
    for entry in planted:
        entry.write_bytes(pickle.dumps(Runs(trace)))

    # The file holds what those of all searches hold, and runs them.
    types = skops.io.get_untrusted_types(file=path)
    assert set(types) <= ALLOWED_TYPES
    model = skops.io.load(path, trusted=types)
    with pytest.raises(TypeError):
        clone(model).fit(X, Y)
    assert trace.exists()

    trace.unlink()
    with pytest.raises(ValueError, match=r"reads files by memory=.* GridSearchCV"):
        load_model(path)
    assert not trace.exists()


def in_array(estimator):
    array = np.empty(1, dtype=object)
    array[0] = estimator
    return array


def in_a_forest(path):
    # A search takes whatever can be iterated over.
    forest = RandomForestClassifier(1)
    forest.estimators_ = [path]
    return {"memory": forest}


@pytest.mark.parametrize(
    "grid",
    [
        lambda path: {"memory": [None, path]},
        lambda path: [{"gaussiannb__var_smoothing": [1e-9]}, {"memory": [path]}],
        lambda path: {"a__b__memory": (path,)},
        lambda path: {"memory": np.array([None, path], dtype=object)},
        lambda path: {"memory": np.array([path])},
        lambda path: {"memory": path},
        lambda path: {"memory": [[path]]},
        lambda path: {"memory": {0: path}},
        lambda path: {"gaussiannb": [search({"memory": [path]})]},
        lambda path: {"gaussiannb": [("x", {"y": {"memory": [path]}})]},
        in_a_forest,
    ],
)
@pytest.mark.parametrize("kind", [GridSearchCV, RandomizedSearchCV])
def test_a_cache_is_refused_wherever_a_search_may_take_it_from(grid, kind, tmp_path):
    grid = grid(str(tmp_path / "cache"))
    model = search(grid, kind) if kind is GridSearchCV else search(grid, kind, n_iter=1)
    path = tmp_path / "model.skops"
    skops.io.dump(VotingClassifier([("a", model)]), path)

    with pytest.raises(ValueError, match=r"reads files by .*memory="):
        load_model(path)


@pytest.mark.parametrize(
    "wrap",
    [
        lambda pipe: pipe,
        lambda pipe: VotingClassifier([("a", pipe)]),
        lambda pipe: search({"gaussiannb": [pipe, GaussianNB()]}),
        lambda pipe: search([{"gaussiannb": [make_pipeline(pipe)]}]),
        lambda pipe: search({"gaussiannb": in_array(pipe)}),
        lambda pipe: search({"gaussiannb": np.ma.MaskedArray(in_array(pipe), [False])}),
        lambda pipe: search({"steps": [[("a", StandardScaler()), ("b", pipe)]]}),
    ],
    ids=["itself", "voting", "candidate", "inner candidate", "array", "mask", "steps"],
)
@pytest.mark.parametrize("fitted", [False, True])
def test_caches_of_estimators_are_switched_off_wherever_they_lie(
    wrap, fitted, tmp_path
):
    model = wrap(pipeline(memory=str(tmp_path / "cache")))
    if fitted:
        model.fit(X, Y)
    path = tmp_path / "model.skops"
    skops.io.dump(model, path)

    with pytest.warns(UserWarning, match=r"cache of the model's Pipeline .* not used"):
        loaded = load_model(path)

    memories = [
        vars(value)["memory"]
        for value, _, _ in walk(loaded)
        if "memory" in getattr(value, "__dict__", {})
    ]
    assert memories
    assert set(memories) == {None}


def test_words_classes_and_columns_may_have_such_names():
    texts = ["memory input", "memory of input", "other words"] * 4
    model = make_pipeline(TfidfVectorizer(), VotingClassifier([("a", GaussianNB())]))
    model[0].fit(texts)
    model[1].weights = {"memory": 0.5, "input": 2, "column": slice(0, 1)}
    assert {"memory", "input"} <= set(model[0].vocabulary_)
    cut_off(model)


@pytest.mark.parametrize("place", ["parameter", "grid"])
@pytest.mark.parametrize("source", ["filename", "file"])
def test_rows_that_name_files_are_refused(source, place, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("alpha beta")
    vectorizer = TfidfVectorizer(input="filename")
    # The rows of a table become the words of any file.
    vectorizer.fit([str(secret)])
    assert sorted(vectorizer.vocabulary_) == ["alpha", "beta"]

    if place == "parameter":
        model = make_pipeline(TfidfVectorizer(input=source), GaussianNB())
    else:
        model = search({"tfidfvectorizer__input": [source]})
    path = tmp_path / "model.skops"
    skops.io.dump(model, path)
    with pytest.raises(ValueError, match=r"reads files by .*input="):
        load_model(path)


def test_no_other_parameter_of_scikit_learn_opens_files():
    # The release that is installed, rather than a list of what was found in another.
    opens = re.compile(r"\b(open|check_memory|Memory|memmap|load|eval|exec)\(")
    found = {}
    for name, estimator in all_estimators():
        source = inspect.getsource(inspect.getmodule(estimator))
        if opens.search(source):
            found[name] = {"memory", "input"} & set(
                inspect.signature(estimator).parameters
            )
    assert {"Pipeline", "FeatureAgglomeration", "TfidfVectorizer"} <= set(found)
    # They share a module with such estimators.
    harmless = {"ColumnTransformer", "FeatureUnion", "TfidfTransformer", "OPTICS"}
    assert {name for name, names in found.items() if not names} <= harmless


ARRAY = skops_node("TupleNode", "builtins.tuple", content=[])
FORGED = {
    "a function of numpy": skops_node("FunctionNode", "numpy.load"),
    "raw memory": skops_node("FunctionNode", "numpy.fromfile"),
    "a mapped file": skops_node("TypeNode", "numpy.memmap"),
    "a pickle": skops_node("FunctionNode", "joblib.load"),
    "a folder": skops_node("FunctionNode", "sklearn.datasets.load_files"),
    "a file": skops_node("TypeNode", "builtins.open"),
    "code": skops_node("FunctionNode", "builtins.eval"),
    "an import": skops_node("FunctionNode", "importlib.import_module"),
    "a cache": skops_node("ObjectNode", "joblib.memory.Memory", content=ARRAY),
    "an operator": skops_node(
        "OperatorFuncNode",
        "operator.methodcaller",
        attrs=skops_node(
            "TupleNode",
            "builtins.tuple",
            content=[skops_node("JsonNode", "builtins.str", content='"tofile"')],
        ),
    ),
    "a partial": skops_node(
        "PartialNode",
        "functools.partial",
        content={
            "func": skops_node("FunctionNode", "numpy._core._multiarray_umath.exp"),
            "args": ARRAY,
            "kwds": skops_node(
                "DictNode",
                "builtins.dict",
                content={},
                key_types=skops_node("ListNode", "builtins.list", content=[]),
            ),
            "namespace": skops_node("JsonNode", "builtins.str", content="null"),
        },
    ),
    "a method": skops_node(
        "MethodNode",
        "builtins.str",
        content={
            "obj": skops_node("JsonNode", "builtins.str", content='"a"'),
            "func": "format",
        },
    ),
    "a command": skops_node("TypeNode", "os.x; rm -rf ~"),
    "a terminal's": skops_node("TypeNode", "os.\x1b[2Kfine"),
}


@pytest.mark.parametrize("name", FORGED)
def test_functions_other_than_arithmetic_are_refused_by_name(name, tmp_path):
    path = tmp_path / "model.skops"
    model = make_pipeline(FunctionTransformer(np.abs), GaussianNB()).fit(X, Y)
    skops.io.dump(model, path)
    n_forged = 0

    def forge(node):
        nonlocal n_forged
        if node.get("__loader__") == "FunctionNode" and node["__class__"] == "absolute":
            node.clear()
            node.update(json.loads(json.dumps(FORGED[name])))
            n_forged += 1

    rewrite_schema(path, forge)
    assert n_forged
    with pytest.raises(ValueError, match=r"not trusted|cannot be") as caught:
        load_model(path)
    line = str(caught.value)
    assert FORGED[name]["__class__"].replace("\x1b", r"\x1b") in line
    # Nothing to be copied into a shell, nothing for the terminal.
    assert line.isprintable()
    assert ("--trust" in line) == (name not in ("a command", "a terminal's"))
