"""Every guard in an audit that must trigger it, and in one that must not.

A guard without an entry in `CASES` fails here. Both audits are real ones, through the
public functions, so that what an audit measures for a guard is tested as well.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import (
    GridSearchCV,
    KFold,
    RepeatedStratifiedKFold,
    ShuffleSplit,
    cross_validate,
)
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

from _helpers.audits import SETS, audit
from _helpers.persons import persons_of, sides, split
from skmia.attacks import FunctionClassifier
from skmia.audit import audit_cv
from skmia.audit._guards import CHECKS
from skmia.defenses import DifferentialPrivacyClassifier
from skmia.model_selection import AuditableClassifier
from skmia.shadows import ShadowModels

X_IN, Y_IN, X_OUT, Y_OUT = SETS
LINEAR = LogisticRegression().fit(X_IN, Y_IN)
# Right on all members, with certainty.
DEEP = DecisionTreeClassifier(random_state=0).fit(X_IN, Y_IN)


@cache
def linear(**settings):
    """An audit in order: two random halves of one source, and a smooth model."""
    return audit(LINEAR, **settings)


@cache
def deep():
    return audit(DEEP)


def of(sets, model=None, **settings):
    """An audit of a model that was fitted on these members."""
    model = LogisticRegression() if model is None else model
    return audit(model.fit(*sets[:2]), sets, **settings)


def replacing(X_in=X_IN, y_in=Y_IN, X_out=X_OUT, y_out=Y_OUT):
    return X_in, y_in, X_out, y_out


def mixed(own, other, n):
    """The same with its first rows from elsewhere."""
    return np.concatenate([other[:n], own[n:]])


# Models of a cross-validation, and which are whose shadows.


@cache
def cross_validated(cv):
    X, y = X_IN[:140], Y_IN[:140]
    results = cross_validate(
        DecisionTreeClassifier(max_depth=3, random_state=0),
        *(X, y),
        cv=cv,
        return_estimator=True,
        return_indices=True,
    )
    return results, X, y


REPEATED = RepeatedStratifiedKFold(n_splits=2, n_repeats=3, random_state=0)
ONCE = KFold(4)
UNEVEN = ShuffleSplit(6, test_size=0.3, train_size=0.4, random_state=0)


@cache
def audit_splits(cv, *, in_order=True):
    results, X, y = cross_validated(cv)
    order = slice(None) if in_order else np.argsort(X[:, 0])
    settings = {"max_fprs": (0.1,), "random_state": 0}
    return audit_cv(results, X[order], y[order], attacks=["loss"], **settings)


# Shadows that are no comparison.


def members_easier():
    """Labels that follow from the row for the members, and for nobody else."""
    noise = np.random.default_rng(0).integers(0, 2, len(Y_OUT))
    return of(replacing(y_in=(X_IN @ LINEAR.coef_[0] > 0).astype(int), y_out=noise))


def parameters(*, changed):
    tree = DecisionTreeClassifier(min_samples_leaf=2, random_state=0).fit(X_IN, Y_IN)
    return audit(tree.set_params(min_samples_leaf=60 if changed else 2), shadows=8)


def added(precision):
    shadows = ShadowModels("auto", max_models=8, precision=precision)
    return of(SETS, DEEP, attacks=["lira"], shadows=shadows)


def train_size(share):
    """60 % of the rows are members."""
    return linear(shadows=ShadowModels(4, train_size=share))


def remembered(n_left_out):
    """A model that remembers its rows, and an audit without the last of them."""
    model = AuditableClassifier(LogisticRegression()).fit(X_IN, Y_IN)
    n = len(Y_IN) - n_left_out
    return audit(model, replacing(X_IN[:n], Y_IN[:n]), attacks=["loss"])


@cache
def search(*, again):
    tree = DecisionTreeClassifier(random_state=0)
    found = GridSearchCV(tree, {"max_depth": [2, 3]}, cv=2)
    return of(SETS, found, shadows=ShadowModels(4, refit_search=again))


# Rows that are there twice.


def near_copies():
    X_out = mixed(X_OUT, X_IN.astype(np.float32).astype(np.float64), 40)
    return of(replacing(X_out=X_out, y_out=mixed(Y_OUT, Y_IN, 40)))


def rows_of_both_sides(*, same_label):
    """Of one content with one label or with two: two people, where it is two."""
    y_out = mixed(Y_OUT, Y_IN if same_label else 1 - Y_IN, 5)
    return of(replacing(X_out=mixed(X_OUT, X_IN, 5), y_out=y_out))


def twice():
    rows = np.r_[np.arange(len(Y_IN)), :5]
    return of(replacing(X_IN[rows], Y_IN[rows]))


def weights(lowest):
    weight = np.where(np.arange(len(Y_IN)) < 5, lowest, 1.0)
    model = LogisticRegression().fit(X_IN, Y_IN, sample_weight=weight)
    pair = weight, np.ones(len(Y_OUT))
    return audit(model, fit_params={"sample_weight": pair})


# Persons with several rows.

MEMBER_PERSON = split(np.arange(160))


def persons(sizes, *, n_shared=0):
    X, y, groups = persons_of(sizes)
    member = MEMBER_PERSON[groups]
    shared = np.flatnonzero(MEMBER_PERSON)[:n_shared]
    # The last row of these is on the other side.
    last = np.append(groups[1:] != groups[:-1], [True])
    sets, pair = sides(X, y, groups, member & ~(last & np.isin(groups, shared)))
    return of(sets, groups=pair, attacks=["loss"])


@cache
def visits():
    """Numbers of rows that differ, and no more on one side than on the other."""
    return persons(np.random.RandomState(0).geometric(0.3, size=160))


def few_large():
    sizes = np.ones(160, dtype=int)
    for side in (MEMBER_PERSON, ~MEMBER_PERSON):
        sizes[np.flatnonzero(side)[:4]] = 40
    return persons(sizes)


# Answers of the model.


class Noisy(ClassifierMixin, BaseEstimator):
    """Says another thing each time."""

    def fit(self, X, y):
        self.model_ = LogisticRegression().fit(X, y)
        self.classes_ = self.model_.classes_
        self.random_ = np.random.RandomState(0)
        return self

    def predict_proba(self, X):
        noise = self.random_.normal(scale=0.3, size=(len(X), 1))
        return np.clip(self.model_.predict_proba(X) + noise * [1, -1], 0.01, 0.99)

    def predict(self, X):
        return self.classes_[self.predict_proba(X).argmax(axis=1)]


@cache
def many_columns(scale):
    """More columns than a linear model needs to learn all labels by heart."""
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(200, 60)), rng.integers(0, 2, size=200)
    sets = X[:100], y[:100], X[100:], y[100:]
    model = LogisticRegression().fit(*sets[:2])
    model.coef_ *= scale
    model.intercept_ *= scale
    return audit(model, sets)


def labels_in_another_order():
    order = np.random.default_rng(0).permutation(len(Y_IN))
    return audit(LINEAR, replacing(y_in=Y_IN[order]))


@cache
def swapped():
    """The members of the model are passed as the non-members."""
    return audit(
        DecisionTreeClassifier(random_state=0).fit(X_OUT, Y_OUT), attacks=["loss"]
    )


def rare_class():
    y_in = Y_IN.copy()
    y_in[0] = 2
    return of(replacing(y_in=y_in), DecisionTreeClassifier(random_state=0))


def private(*, outside=False, broken=False):
    """A private classifier; with a scaler before it, or without its noise."""
    model = DifferentialPrivacyClassifier(epsilon=0.1, random_state=0)
    if outside:
        return of(SETS, make_pipeline(StandardScaler(), model), attacks=["loss"])
    model.fit(X_IN, Y_IN)
    if broken:
        model.estimator_ = DEEP
    return audit(model, attacks=["loss"])


@dataclass(frozen=True)
class Case:
    """Audits, made when they are called for."""

    fires: object
    quiet: object = linear


CASES = {
    "voided_promise": Case(lambda: private(outside=True), private),
    "broken_promise": Case(lambda: private(broken=True), private),
    "dependent_splits": Case(
        lambda: audit_splits(ONCE), lambda: audit_splits(REPEATED)
    ),
    "one_sided_records": Case(
        lambda: audit_splits(UNEVEN), lambda: audit_splits(REPEATED)
    ),
    "unmoved_shadows": Case(
        lambda: of(SETS, DummyClassifier(strategy="constant", constant=1))
    ),
    "informed_shadows": Case(members_easier),
    "shadows_unlike_target": Case(
        lambda: parameters(changed=True), lambda: parameters(changed=False)
    ),
    "scores_of_other_rows": Case(
        lambda: audit_splits(REPEATED, in_order=False), lambda: audit_splits(REPEATED)
    ),
    "carries_training_rows": Case(
        lambda: of(SETS, KNeighborsClassifier(), attacks=["loss"])
    ),
    "other_train_size": Case(lambda: train_size(0.3), lambda: train_size(0.52)),
    "too_few_shadows": Case(lambda: added(1e-6), lambda: added(0.9)),
    "partial_members": Case(lambda: remembered(9), lambda: remembered(0)),
    "audited_inside": Case(lambda: search(again=False)),
    "searching_shadows": Case(lambda: search(again=True), lambda: search(again=False)),
    "near_copies": Case(near_copies),
    "shared_rows": Case(
        lambda: rows_of_both_sides(same_label=True),
        lambda: rows_of_both_sides(same_label=False),
    ),
    "duplicate_rows": Case(twice),
    "shared_persons": Case(lambda: persons(np.full(160, 4), n_shared=5), visits),
    "rows_per_person": Case(lambda: persons(np.where(MEMBER_PERSON, 4, 1)), visits),
    "few_large_persons": Case(few_large, visits),
    "weightless_rows": Case(lambda: weights(0.0), lambda: weights(0.01)),
    "attacks_not_run": Case(
        lambda: audit(
            FunctionClassifier(LINEAR.predict_proba, classes=[0, 1]), attacks="default"
        )
    ),
    "labels_tell_more": Case(lambda: many_columns(1e-20), lambda: many_columns(1)),
    "members_less_accurate": Case(swapped, deep),
    "members_at_chance": Case(labels_in_another_order),
    "unsteady_answers": Case(lambda: of(SETS, Noisy(), attacks=["loss"])),
    "saturated_probabilities": Case(deep),
    "blind_classifier": Case(
        lambda: of(replacing(X_out=X_OUT + np.eye(6)[0]), attacks=["loss"])
    ),
    "missing_classes": Case(rare_class),
    # Of 120 non-members one may be accused, or twelve.
    "unresolvable_fpr": Case(lambda: linear(max_fprs=(0.001,))),
    "few_false_positives": Case(lambda: linear(max_fprs=(0.01,))),
    "below_chance": Case(swapped, deep),
    "tied_scores": Case(deep),
}


def case_of(check):
    if check.name not in CASES:
        pytest.fail(
            f"The guard {check.name!r} has no entry in CASES: an audit that must "
            "trigger it, and one that must not."
        )
    return CASES[check.name]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.name)
def test_fires_where_it_must(check):
    report = case_of(check).fires()
    found = [guard for guard in report.guards if guard.name == check.name]
    assert found
    for guard in found:
        assert guard.severity in check.severities
        assert guard.message in " ".join(report.summary().split())


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.name)
def test_is_quiet_where_it_must_be_and_has_looked(check):
    report = case_of(check).quiet()
    assert check.name not in {guard.name for guard in report.guards}
    # Silence of a guard that had nothing to look at would show nothing.
    assert check.name not in report._contents["not_checked"]


def test_there_are_no_cases_of_guards_that_are_gone():
    assert list(CASES) == [check.name for check in CHECKS]
