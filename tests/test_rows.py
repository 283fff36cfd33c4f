"""The same rows in any container: equal figures from every public entry."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.frozen import FrozenEstimator
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import ShuffleSplit, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder
from sklearn.tree import DecisionTreeClassifier

from _helpers.audits import CHEAP
from skmia.attacks import ATTACKS, LiRAAttack
from skmia.audit import audit_classifier, audit_cv
from skmia.defenses import HighEntropyClassifier, WeightedSmoothingClassifier
from skmia.model_selection import AuditableClassifier, leakage_scorer
from skmia.shadows import fit_shadows

N = 120
NAMES = ["town", "age", "sort"]


def mixed_rows(n=N, seed=0):
    """Different lists of a text, a number, and a text that is missing at times."""
    rng = np.random.RandomState(seed)
    town = rng.choice(list("abcd"), n).tolist()
    age = rng.permutation(n).tolist()
    sort = rng.choice(["x", "y"], n).tolist()
    sort[::7] = [None] * len(sort[::7])
    y = (np.isin(town, ["a", "b"]) ^ (rng.rand(n) < 0.35)).astype(int)
    return [list(row) for row in zip(town, age, sort, strict=True)], y


def as_objects(rows):
    return np.array(rows, dtype=object)


def as_pandas(rows):
    return pd.DataFrame(rows, columns=NAMES)


def as_polars(rows):
    return pl.DataFrame(rows, schema=NAMES, orient="row")


CONTAINERS = {
    "list": list,
    "tuples": lambda rows: tuple(map(tuple, rows)),
    "pandas": as_pandas,
    "polars": as_polars,
}
ROWS, Y = mixed_rows()
MEMBER = np.arange(N) % 2 == 0


def model():
    encoder = OneHotEncoder(handle_unknown="ignore")
    return make_pipeline(encoder, DecisionTreeClassifier(random_state=0))


def members(rows):
    return [row for row, is_member in zip(rows, MEMBER, strict=True) if is_member]


def others(rows):
    return [row for row, is_member in zip(rows, MEMBER, strict=True) if not is_member]


def fitted(container):
    return model().fit(container(members(ROWS)), Y[MEMBER])


def small(attack):
    """The attack, with few shadows and few queries."""
    params = attack.get_params(deep=False)
    wanted = {"max_fpr": 0.1, "random_state": 0}
    if "shadows" in params:
        wanted["shadows"] = 4
    elif "n_queries" in params:
        wanted["n_queries"] = 5
    wanted["regressor"] = HistGradientBoostingRegressor(loss="quantile", max_iter=10)
    return attack.set_params(**{k: v for k, v in wanted.items() if k in params})


def scores(attack_class, container, frozen):
    X = container(ROWS)
    target = FrozenEstimator(fitted(container)) if frozen else model()
    attack = small(attack_class(target))
    attack.fit(X, Y, **({"membership": MEMBER} if frozen else {}))
    return attack.membership_, attack.score_samples(X, Y)


@pytest.mark.parametrize("attack_class", ATTACKS.values(), ids=ATTACKS)
def test_attacks(attack_class):
    expected = scores(attack_class, as_objects, True)[1]
    auc = roc_auc_score(MEMBER, expected)
    for container in CONTAINERS.values():
        got = scores(attack_class, container, True)[1]
        assert roc_auc_score(MEMBER, got) == pytest.approx(auc, abs=1e-12)


def test_the_membership_game():
    expected = scores(LiRAAttack, as_objects, False)
    for container in CONTAINERS.values():
        member, got = scores(LiRAAttack, container, False)
        assert np.array_equal(member, expected[0])
        np.testing.assert_allclose(got, expected[1], rtol=0, atol=1e-12)


def test_fit_shadows_and_an_attack_on_the_same_rows():
    expected = None
    for container in (as_objects, *CONTAINERS.values()):
        X = container(ROWS)
        shadows = fit_shadows(model(), X, Y, shadows=4, random_state=0)
        attack = LiRAAttack(FrozenEstimator(fitted(container)), shadows=shadows)
        got = attack.fit(X, Y, membership=MEMBER).score_samples(X, Y)
        expected = got if expected is None else expected
        np.testing.assert_allclose(got, expected, rtol=0, atol=1e-12)


def test_audit_classifier():
    def figures(container):
        sets = container(members(ROWS)), Y[MEMBER], container(others(ROWS)), Y[~MEMBER]
        report = audit_classifier(
            fitted(container),
            *sets,
            attacks=CHEAP,
            shadows=4,
            max_fprs=(0.1,),
            random_state=0,
        )
        return report.figures, report.guards

    expected = figures(as_objects)
    for container in CONTAINERS.values():
        assert figures(container) == expected


def test_audit_cv_and_the_scorer():
    def figures(container):
        X = container(ROWS)
        results = cross_validate(
            AuditableClassifier(model()),
            X,
            Y,
            cv=ShuffleSplit(6, test_size=0.5, random_state=0),
            scoring=leakage_scorer(),
            return_estimator=True,
            return_indices=True,
            error_score="raise",
        )
        report = audit_cv(results, X, Y, attacks=CHEAP, max_fprs=(0.1,), random_state=0)
        return report.figures, results["test_score"].tolist()

    expected = figures(as_objects)
    for container in CONTAINERS.values():
        assert figures(container) == expected


@pytest.mark.parametrize(
    "defense", [HighEntropyClassifier, WeightedSmoothingClassifier]
)
def test_defenses(defense):
    expected = None
    for container in (as_objects, *CONTAINERS.values()):
        X = container(ROWS)
        proba = defense(model(), random_state=0).fit(X, Y).predict_proba(X)
        expected = proba if expected is None else expected
        np.testing.assert_allclose(proba, expected, rtol=0, atol=1e-12)
