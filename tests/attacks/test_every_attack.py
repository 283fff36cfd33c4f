"""What every attack of the table keeps to, a new one included."""

import inspect

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.tree import DecisionTreeClassifier

import skmia.attacks
from _helpers import halves, noisy_rows
from skmia.attacks import ATTACKS, MembershipAttack
from skmia.shadows import ShadowModels

# What makes an attack fast, never what makes it pass.
SETTINGS = {
    "shadows": ShadowModels(4),
    "n_queries": 3,
    "regressor": HistGradientBoostingRegressor(loss="quantile", max_iter=5),
    "attack_estimator": DecisionTreeClassifier(max_depth=3),
    "max_fpr": 0.1,
    "random_state": 0,
}
every_attack = pytest.mark.parametrize("cls", ATTACKS.values(), ids=ATTACKS)


def attack_on(cls, estimator):
    known = inspect.signature(cls).parameters
    return cls(estimator, **{k: v for k, v in SETTINGS.items() if k in known})


def fitted_state(attack):
    return set(vars(attack)) - attack.get_params(deep=False).keys()


def test_the_table_has_every_public_attack():
    public = [getattr(skmia.attacks, name) for name in skmia.attacks.__all__]
    assert set(ATTACKS.values()) == {
        thing
        for thing in public
        if inspect.isclass(thing)
        and issubclass(thing, MembershipAttack)
        and not inspect.isabstract(thing)
    }


@pytest.fixture(scope="module")
def first_rows():
    return noisy_rows(120, n_classes=3, seed=1)


@pytest.fixture(scope="module")
def other_rows():
    """Fewer rows of fewer columns and classes."""
    X, y = noisy_rows(90, seed=2)
    return X[:, :3], y


@every_attack
def test_a_refit_keeps_nothing_of_the_former_fit(cls, first_rows, other_rows):
    tree = DecisionTreeClassifier(max_depth=4, random_state=0)
    again = attack_on(cls, tree).fit(*first_rows)
    again.fit(*other_rows)
    fresh = attack_on(cls, tree).fit(*other_rows)
    assert fitted_state(again) == fitted_state(fresh)
    np.testing.assert_array_equal(
        again.score_samples(*other_rows), fresh.score_samples(*other_rows)
    )
    np.testing.assert_array_equal(again.offset_, fresh.offset_)
    np.testing.assert_array_equal(again.membership_, fresh.membership_)


@every_attack
def test_a_refit_that_fails_leaves_nothing_of_the_former_fit(cls, first_rows):
    X, y = first_rows
    attack = attack_on(cls, DecisionTreeClassifier(max_depth=4)).fit(X, y)
    with pytest.raises(ValueError, match="class"):
        attack.fit(X, np.zeros(len(y)))
    assert fitted_state(attack) == set()
    with pytest.raises(NotFittedError):
        attack.score_samples(X, y)


@every_attack
def test_a_refit_that_fails_late_leaves_nothing_of_the_former_fit(
    cls, first_rows, other_rows
):
    X, y = first_rows
    member = halves(len(y))
    tree = DecisionTreeClassifier(max_depth=4, random_state=0)
    target = FrozenEstimator(tree.fit(X[member], y[member]))
    attack = attack_on(cls, target).fit(X, y, membership=member)
    former = {name: vars(attack)[name] for name in fitted_state(attack)}
    with pytest.raises(ValueError, match="features"):
        attack.fit(*other_rows)  # the target is asked, and knows other columns
    left = fitted_state(attack)
    assert not any(name.endswith("_") for name in left)
    assert not any(vars(attack)[name] is former.get(name) for name in left)
    with pytest.raises(NotFittedError):
        attack.score_samples(X, y)


@every_attack
def test_bad_parameters_in_a_refit_leave_nothing_of_the_former_fit(cls, first_rows):
    attack = attack_on(cls, DecisionTreeClassifier(max_depth=4)).fit(*first_rows)
    with pytest.raises(ValueError, match="'max_fpr' parameter"):
        attack.set_params(max_fpr=7.0).fit(*first_rows)
    assert fitted_state(attack) == set()
