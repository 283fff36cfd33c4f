"""What a model was fitted with: a pair of values of rows, or a constant."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from _helpers.audits import N_IN, N_OUT, SETS, audit
from skmia.audit import audit_classifier
from skmia.shadows import ShadowModels, fit_shadows

X, Y = np.concatenate(SETS[::2]), np.concatenate(SETS[1::2])


class Noting(LogisticRegression):
    """Takes anything, and hands the rest to `note`, which all copies share."""

    def fit(self, X, y, note=None, **params):
        if note is not None:
            note(X, params)
        return super().fit(X, y)


def given_to_shadows(fit_params):
    """What every shadow was given: rows as positions, and the parameters."""
    calls = []
    where = {tuple(row): k for k, row in enumerate(X)}

    def note(rows, params):
        calls.append(([where[tuple(row)] for row in rows], params))

    model = Noting().fit(*SETS[:2])
    audit(model, attacks=["lira"], fit_params=fit_params | {"note": note})
    assert len(calls) == 4
    return calls


CONSTANTS = {
    "two names": ["race", "sex"],
    "two names in a tuple": ("race", "sex"),
    "two numbers": [0, 1],
    "the classes": np.array([0, 1]),
    "a number": 3.5,
    "a switch": False,
    "text": "auc",
    "nothing": None,
    "a dict of two": {"race": 0, "sex": 1},
    "a set": {"race"},
    "one pair of tables": [(np.zeros((7, 6)), np.zeros(7))],
    "two pairs of tables": [
        (np.zeros((7, 6)), np.zeros(7)),
        (np.ones((9, 6)), [1] * 9),
    ],
    "two functions": [len, print],
    "a table": np.zeros((7, 6)),
}


@pytest.mark.parametrize("kind", CONSTANTS)
def test_a_constant_is_given_to_every_shadow(kind):
    constant = CONSTANTS[kind]
    for _, params in given_to_shadows({"constant": constant}):
        assert repr(params["constant"]) == repr(constant)
        assert type(params["constant"]) is type(constant)


PAIRS = {
    "tuple": tuple,
    "list": list,
    "lists": lambda pair: tuple(side.tolist() for side in pair),
    "pandas": lambda pair: tuple(map(pd.Series, pair)),
    "two columns": lambda pair: tuple(np.column_stack([s, s]) for s in pair),
}


@pytest.mark.parametrize("kind", PAIRS)
def test_a_pair_is_sliced_with_the_rows(kind):
    values = np.arange(N_IN + N_OUT)
    pair = PAIRS[kind]((values[:N_IN], values[N_IN:]))
    for rows, params in given_to_shadows({"values": pair, "fixed": ["a", "b"]}):
        sliced = np.asarray(params["values"])
        assert_array_equal(sliced.reshape(len(rows), -1)[:, 0], rows)
        assert params["fixed"] == ["a", "b"]


def test_the_same_rule_holds_for_fit_shadows_by_length():
    calls = []

    def note(rows, params):
        calls.append(params)

    values = np.arange(N_IN + N_OUT)
    params = {"values": values, "fixed": ["a", "b"], "note": note}
    fit_shadows(Noting(), X, Y, shadows=4, params=params, random_state=0)
    by_audit = given_to_shadows(
        {"values": (values[:N_IN], values[N_IN:]), "fixed": ["a", "b"]}
    )
    assert {len(given["values"]) for given in calls} == {(N_IN + N_OUT) // 2}
    assert all(given["fixed"] == ["a", "b"] for given in calls)
    assert {len(given["values"]) for _, given in by_audit} < {N_IN, N_IN - 30, N_IN + 1}


REFUSED = {
    "the wrong lengths": (
        (np.ones(N_IN), np.ones(3)),
        "is taken for a pair .* being a tuple of two, .* 180 for the members and 120 "
        "for the non-members. Got 180 and 3",
    ),
    "the sides the other way round": (
        (np.ones(N_OUT), np.ones(N_IN)),
        "Got 120 and 180 instead",
    ),
    "a list of two arrays": ([np.ones(7), np.ones(9)], "a list of two, .* Got 7 and 9"),
    "half a pair": ((np.ones(N_IN), None), "Got 180 and None instead"),
    "the other half": ([None, np.ones(N_OUT)], "Got None and 120 instead"),
    "a validation set": ((np.ones((7, 6)), np.ones(7)), "form is given in fit="),
    "the members alone": (
        np.ones(N_IN),
        "must be a pair .* with 180 values of the mem",
    ),
    "all rows in one": (np.ones(N_IN + N_OUT), "must be a pair .* with 300 values"),
    "all rows in a list": ([1] * (N_IN + N_OUT), "Got list with 300 values"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_could_be_meant_for_rows_is_refused(kind):
    value, message = REFUSED[kind]
    with pytest.raises(ValueError, match=message) as caught:
        audit(fit_params={"values": value})
    assert "fit_params['values']" in str(caught.value)


def test_weights_are_a_pair_or_one_number():
    for weights in (np.ones(3), ["a", "b"], [1.0, 2.0]):
        with pytest.raises(ValueError, match=r"\['sample_weight'\] must be a pair"):
            audit(fit_params={"sample_weight": weights})
        with pytest.raises(ValueError, match=r"\['clf__sample_weight'\] must be"):
            audit(fit_params={"clf__sample_weight": weights})
    assert audit(fit_params={"sample_weight": None}).attacks


def test_names_are_text():
    with pytest.raises(TypeError, match=r"names of type str as its keys\. Got 1"):
        audit(fit_params={1: "a"})


def test_a_constant_as_long_as_the_rows_that_are_left():
    """It would be sliced as if it had one value for each."""
    weights = np.ones(N_IN), np.ones(N_OUT)
    weights[0][:5] = 0
    params = {"sample_weight": weights, "names": ["a"] * (N_IN + N_OUT - 5)}
    with pytest.raises(ValueError, match="295 values, as many as there are rows with"):
        audit(fit_params=params)


def test_names_of_steps():
    model = make_pipeline(StandardScaler(), Noting()).fit(*SETS[:2])
    seen = []
    values = np.arange(N_IN + N_OUT)
    audit(
        model,
        attacks=["lira"],
        fit_params={
            "noting__values": (values[:N_IN], values[N_IN:]),
            "noting__names": ["race", "sex"],
            "noting__note": lambda X, params: seen.append((len(X), params)),
        },
    )
    assert len(seen) == 4
    for n, params in seen:
        assert params["names"] == ["race", "sex"]
        assert len(params["values"]) == n


@pytest.mark.parametrize("place", [lambda X, y: [(X, y)], lambda X, y: X, dict])
def test_a_validation_set_holds_no_rows_of_the_audit(place):
    """A shadow would be stopped by rows that it was trained on."""
    X_valid, y_valid = np.random.default_rng(0).normal(size=(50, 6)), np.ones(50)
    if place is dict:
        place = lambda X, y: {"X": X, "y": y}  # noqa: E731
    given_to_shadows({"valid": place(X_valid, y_valid)})
    X_valid[:3] = SETS[2][:3]
    with pytest.raises(ValueError, match=r"'valid'\] must not hold .* Got 3 such rows"):
        audit(fit_params={"valid": place(X_valid, y_valid)})
    params = {"valid": place(X_valid, y_valid)}
    with pytest.raises(ValueError, match=r"params\['valid'\] must not hold"):
        fit_shadows(Noting(), X, Y, shadows=4, params=params)


def test_a_hook_is_told_positions_among_the_rows_that_were_passed():
    weights = np.ones(N_IN + N_OUT)
    weights[[3, 4, 200]] = 0
    met = set()

    def hook(estimator, A, b, rows, sample_weight, name):
        assert_array_equal(A, X[rows])
        assert_array_equal(b, Y[rows])
        assert_array_equal(sample_weight, weights[rows])
        assert name == ["race", "sex"]
        met.update(rows.tolist())
        return estimator.fit(A, b, sample_weight)

    params = {"sample_weight": (weights[:N_IN], weights[N_IN:])}
    # A hook has no closed form.
    shadows = ShadowModels(4, counterfactual=False)
    given = {"attacks": ["loss", "lira"], "shadows": shadows}
    report = audit(fit=hook, fit_params=params | {"name": ["race", "sex"]}, **given)
    assert met == set(range(N_IN + N_OUT)) - {3, 4, 200}
    plain = audit(fit_params=params, **given)
    assert report.to_frame().equals(plain.to_frame())
    assert report.settings["fit"] == "hook"
    assert report.to_dict()["settings"]["fit"] == "hook"
    assert report.settings["fit_params"] == ["name", "sample_weight"]
    assert plain.settings["fit"] is None


def test_where_a_hook_has_no_use():
    shadows = fit_shadows(Noting(), X, Y, shadows=4, random_state=0)
    with pytest.raises(ValueError, match="'fit' parameter must be None where"):
        audit(shadows=shadows, fit=lambda *given: None)
    with pytest.raises(TypeError, match="'fit' parameter must be a callable"):
        audit(attacks=["loss"], fit=3)


def test_shadows_by_a_hook_are_for_an_attack_alone_or_an_audit():
    def shallow(estimator, X, y, rows):
        return estimator.set_params(C=1e-3).fit(X, y)

    model = LogisticRegression().fit(*SETS[:2])
    models = {"shadows": 8, "random_state": 0}
    shadows = fit_shadows(model, X, Y, fit=shallow, **models)
    own = fit_shadows(LogisticRegression(C=1e-3), X, Y, **models)
    assert_array_equal(shadows.signals["logit"], own.signals["logit"])
    report = audit_classifier(model, *SETS, shadows=shadows, max_fprs=(0.1,))
    assert "LiRA" in repr(report.settings["attacks"]["lira"])
