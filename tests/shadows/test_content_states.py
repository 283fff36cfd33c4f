"""Two states of one thing, which could look alike: each is told apart, or refused.

Each case makes one thing in two states, 0 and 1.
"""

import collections
import dataclasses
import decimal
import enum
import functools
import logging
import operator
import sys
import types
import weakref

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import sparse
from sklearn.naive_bayes import GaussianNB

from skmia.shadows import ShadowModels, fit_shadows
from skmia.shadows._content import describe

MODULE = types.ModuleType("users_own_module")


def function(body, **names):
    """A function of a script, whose globals are `names`."""
    namespace = {"__name__": "__main__", **names}
    exec(f"def f(X):\n    {body}", namespace)
    return namespace["f"]


def holds(**members):
    """An instance of a class of the user's own with these members."""
    return type("Holds", (), {"__module__": "__main__", **members})()


def plus(state):
    return function(f"return X + {state}")


def with_attributes(value, **attributes):
    for name, attribute in attributes.items():
        setattr(value, name, attribute)
    return value


class Described:
    def __init__(self, by):
        self.by = by

    def __get__(self, instance, owner):
        return self.by


class Reduced:
    def __init__(self, by):
        self.by = by

    def __reduce__(self):
        return dict, ()


class Slotted:
    __slots__ = ("by",)

    def __init__(self, by):
        self.by = by

    def __getstate__(self):
        return None


class MyArray(np.ndarray):
    pass


class MyDict(dict):
    pass


class MyInt(int):
    def __repr__(self):
        return "0"


def metaclass(state):
    kind = type("Kind", (type,), {"__module__": "__main__", "by": state})
    return kind("Made", (), {"__module__": "__main__"})


def bound_to_an_instance(state):
    instance = holds()
    instance.f = types.MethodType(plus(state), instance)
    return instance


def module_with(state):
    MODULE.FACTOR, MODULE.f = state, plus(state)
    return MODULE


def decorated(state):
    @functools.wraps(plus(state))
    def wrapper(X):
        return inner(X)

    inner = plus(state)
    return wrapper


def dispatched(state):
    dispatch = functools.singledispatch(plus(0))
    dispatch.register(int, plus(state))
    return dispatch


def logger(state):
    return with_attributes(logging.Logger("skmia.test"), level=10 * state + 10)


def structured(state):
    records = np.zeros(2, [("a", float), ("b", int, (2,))])
    records["b"][0, state] = 7
    return records


def indices(state):
    order = ([0, 1], [1, 0])[state]
    return sparse.csr_array(([1.0, 2.0], order, [0, 2]), shape=(1, 2))


CASES = {
    # What a function is made of.
    "comprehension": lambda s: function("return [x + K for x in X]", K=s),
    "inner": lambda s: function("return (lambda: K)()", K=s),
    "class body": lambda s: function("class A: k = K\n    return A", K=s),
    "bool or int": lambda s: function(f"return {(1, True)[s]}"),
    "sign of zero": lambda s: function(f"return {(0.0, -0.0)[s]}"),
    "sign in a tuple": lambda s: function(f"return (1, {(0.0, -0.0)[s]})"),
    "set": lambda s: function(f"return X in {{1, {s + 2}}}"),
    "attribute": lambda s: with_attributes(plus(0), by=s),
    "default": lambda s: with_attributes(plus(0), __defaults__=(s,)),
    "wrapped": decorated,
    "dispatched": dispatched,
    "partial": lambda s: functools.partial(operator.add, s),
    "vectorized": lambda s: np.vectorize(plus(s)),
    "generator": lambda s: (x for x in range(s)),
    "bound": bound_to_an_instance,
    "weak": lambda s: weakref.ref(Described(s)),
    # Modules.
    "module's value": lambda s: function("return m.FACTOR", m=module_with(s)),
    "module's function": lambda s: function("return m.f(X)", m=module_with(s)),
    "local name": lambda s: function("q = m; return q.FACTOR", m=module_with(s)),
    "in a list": lambda s: function("return m[0].FACTOR", m=[module_with(s)]),
    "vars": lambda s: function("return vars(m)['FACTOR']", m=module_with(s)),
    "dict": lambda s: function("return m.__dict__['FACTOR']", m=module_with(s)),
    "getattr": lambda s: function("return getattr(m, 'FACTOR')", m=module_with(s)),
    "stored to": lambda s: function("m.Y = 1; return m.FACTOR", m=module_with(s)),
    "in a package": lambda s: function(
        "return np.mine(X)", np=with_attributes(types.ModuleType("numpy"), mine=plus(s))
    ),
    "frame": lambda s: function("return sys._getframe().f_globals", sys=sys, K=s),
    "option": lambda s: function("return pd.get_option('display.width')", pd=pd),
    "logger": lambda s: function("return log.level", log=logger(s)),
    # Classes and instances.
    "class attribute": lambda s: holds(by=s),
    "metaclass": metaclass,
    "descriptor": lambda s: holds(by=Described(s)),
    "property": lambda s: holds(by=property(plus(s))),
    "cached": lambda s: holds(by=functools.cached_property(plus(s))),
    "partial method": lambda s: holds(by=functools.partialmethod(plus(0), s)),
    "slots": Slotted,
    "reduced": Reduced,
    "dict's attribute": lambda s: with_attributes(MyDict(), by=s),
    "repr": MyInt,
    "enum": lambda s: enum.Enum("E", {"A": s + 1}, module="__main__").A,
    "dataclass": lambda s: dataclasses.make_dataclass(
        "D", [("k", int, dataclasses.field(default=s))]
    )(),
    "factory": lambda s: dataclasses.make_dataclass(
        "D", [("k", list, dataclasses.field(default_factory=plus(s)))]
    ),
    "default factory": lambda s: collections.defaultdict(plus(s)),
    "order": lambda s: dict([("a", 1), ("b", 2)][:: (1, -1)[s]]),
    # Arrays and tables.
    "zero": lambda s: (np.float64(0.0), np.float64(-0.0))[s],
    "width": lambda s: np.zeros(3, f"S{s + 3}"),
    "nothing": lambda s: np.zeros((3, s), "S0"),
    "structured": structured,
    "arrays in arrays": lambda s: np.array([np.zeros((2 + s, 3 - s)), 0], object),
    "mask": lambda s: np.ma.masked_array([1, 2], [0, s]),
    "subclass": lambda s: with_attributes(np.zeros(3).view(MyArray), by=s),
    "attrs": lambda s: with_attributes(pd.DataFrame({"a": [1]}), attrs={"k": s}),
    "name": lambda s: pd.DataFrame({"a": [1]}).rename_axis(columns=str(s)),
    "index": lambda s: pd.Series([1.0], index=[s]),
    "ordered": lambda s: pd.Series(pd.Categorical(["x"], ordered=bool(s))),
    "nullable": lambda s: pd.Series([1, None], dtype=("Int64", "Float64")[s]),
    "zone": lambda s: pd.Series(pd.to_datetime([0], utc=True)).dt.tz_convert(
        ("UTC", "Europe/Berlin")[s]
    ),
    "polars": lambda s: pl.DataFrame({"ab"[s]: [1]}),
    "categories": lambda s: pl.Series(["x"], dtype=pl.Enum(["xy", "yx"][s])),
    "order of indices": indices,
    "format": lambda s: (sparse.csr_array(np.eye(2)), sparse.csc_array(np.eye(2)))[s],
}


@pytest.mark.parametrize("name", CASES)
def test_two_states_are_told_apart_or_refused(name):
    described = []
    for state in (0, 1):
        try:
            described.append(describe(CASES[name](state)))
        except ValueError as error:
            assert "no key can be made of" in str(error)  # noqa: PT017
            return
    assert described[0] != described[1]


def test_settings_of_arithmetic_are_in_the_key(tmp_path):
    X, y = np.random.RandomState(0).rand(40, 2), np.arange(40) % 2
    shadows = ShadowModels(2, cache_dir=tmp_path, counterfactual=False)
    for n_entries, precision in ((2, 28), (4, 5), (4, 28)):
        with decimal.localcontext(prec=precision):
            fit_shadows(GaussianNB(), X, y, shadows=shadows, random_state=0)
        assert len(list(tmp_path.iterdir())) == n_entries
