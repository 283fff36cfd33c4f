"""Shadows that are added until there are enough, on a cluster and of persons."""

import importlib

import joblib
import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.tree import DecisionTreeClassifier

from _helpers.persons import persons_of, sides, split
from skmia.audit import audit_classifier
from skmia.shadows import ShadowModels

X, Y, GROUPS = persons_of(np.tile([1, 2, 3, 4], 30), n_features=6)
SETS, PAIR = sides(X, Y, GROUPS, split(GROUPS))
FOREST = RandomForestClassifier(5, max_depth=6, random_state=0).fit(*SETS[:2])
TREE = DecisionTreeClassifier(max_depth=4, random_state=0).fit(*SETS[:2])


def audit(model, groups=None, n_jobs=None, **models):
    shadows = ShadowModels(**{"n_models": "auto", "max_models": 16} | models)
    options = {"shadows": shadows, "groups": groups, "n_jobs": n_jobs}
    # Fewer persons than the least rate asks for.
    rates = {"max_fprs": (0.1,), "attacks": ["lira", "rmia"]}
    return audit_classifier(model, *SETS, random_state=0, **options, **rates)


def assert_same(one, other):
    np.testing.assert_array_equal(one.records(), other.records())
    one, other = one.to_dict(), other.to_dict()
    assert one.keys() == other.keys()
    for name in one.keys() - {"provenance"}:  # the time
        assert str(one[name]) == str(other[name]), name


def steps(report):
    found = report.to_dict()["shadows"]["auto"]["steps"]
    return sorted({step["n_shadows"] for step in found})


def figures(report):
    return [(f.attack, f.metric, f.value, f.low, f.high) for f in report.figures]


@pytest.mark.parametrize("counterfactual", [False, "auto"])
def test_of_persons_it_is_the_audit_of_that_many_whatever_the_jobs(counterfactual):
    how = {"precision": 1e-6, "train_size": 0.5, "counterfactual": counterfactual}
    made = audit(TREE, PAIR, **how)
    assert steps(made) == [8, 16]
    assert_same(made, audit(TREE, PAIR, n_jobs=2, **how))
    assert figures(made) == figures(audit(TREE, PAIR, **how | {"n_models": 16}))


def test_of_persons_the_first_shadows_are_taken_from_a_cache(tmp_path):
    how = {"cache_dir": tmp_path, "train_size": 0.5}
    first = audit(TREE, PAIR, precision=0.9, **how)
    assert first.shadows["n_shadows"] == 8
    times = {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    assert len(times) == 8
    more = audit(TREE, PAIR, precision=1e-6, **how)
    assert more.shadows["n_shadows"] == 16
    assert {path: path.stat().st_mtime_ns for path in times} == times
    assert_same(more, audit(TREE, PAIR, precision=1e-6, train_size=0.5))


@pytest.mark.slow
# dask's own, of sockets that it leaves to the garbage collector (2026-11).
@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_on_a_cluster_it_is_the_audit_of_this_machine(tmp_path):
    pytest.importorskip("distributed")
    cluster = importlib.import_module("_helpers.cluster").cluster
    calls = [
        {"model": model, "groups": groups, "precision": precision}
        for model in (FOREST, TREE)
        for groups in (None, PAIR)
        for precision in (0.9, 1e-6)
    ]
    here = [audit(**call) for call in calls]
    assert {tuple(steps(report)) for report in here} == {(8,), (8, 16)}
    with cluster(tmp_path, 1) as made, joblib.parallel_config(backend="dask"):
        for n_added in (0, 1):
            made.add_workers(n_added)
            for call, report in zip(calls, here, strict=True):
                assert_same(audit(**call), report)
        cached = {"cache_dir": tmp_path / "cache"} | calls[-1]
        assert_same(audit(**cached), here[-1])
        assert len(list((tmp_path / "cache").iterdir())) == 16
        assert_same(audit(**cached), here[-1])
