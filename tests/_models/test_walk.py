"""The walk reaches what an object holds, and stays within it."""

import argparse
import concurrent.futures
import itertools
import logging
import operator
import queue
import sys
import threading
import types
import weakref
from collections import ChainMap, OrderedDict, UserDict, defaultdict, deque, namedtuple
from dataclasses import make_dataclass
from functools import lru_cache, partial, wraps

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from skmia._models import _walk, walk
from skmia.exceptions import FreezingWarning


class Sought:
    """What is looked for."""

    def method(self):
        return self


SOUGHT = Sought()


class Slots:
    __slots__ = ("inner",)

    def __init__(self, inner):
        self.inner = inner


class HoldsByClass:
    inner = SOUGHT


class AsksGlobal:
    def method(self):
        return SOUGHT


def asks_global():
    return SOUGHT


def asks_by_way_of_another():
    return [asks_global() for _ in range(2)]


def decorated(inner):
    @wraps(asks_other)
    def wrapper():
        return inner

    return wrapper


def asks_other():
    return SOUGHT.method


def imports():
    from _models_walked import SOUGHT

    return SOUGHT


def names_no_global(SOUGHT):
    return SOUGHT


def has_attribute_of_that_name(thing):
    return thing.SOUGHT


def put_into(holder):
    holder.put(SOUGHT)
    return holder


def of_a_thread():
    local = threading.local()
    local.inner = SOUGHT
    return local


def done():
    future = concurrent.futures.Future()
    future.set_result(SOUGHT)
    return future


def cyclic():
    items = [SOUGHT]
    items.append(items)
    return items


@pytest.mark.parametrize(
    "holder",
    [
        [SOUGHT],
        ({"a": [(1, SOUGHT)]},),
        {SOUGHT: 1},
        {SOUGHT},
        frozenset({SOUGHT}),
        deque([SOUGHT]),
        OrderedDict(a=SOUGHT),
        np.array([None, SOUGHT], dtype=object),
        SOUGHT.method,
        partial(print, SOUGHT),
        partial(print, end=SOUGHT),
        lambda x=SOUGHT: x,
        lambda *, x=SOUGHT: x,
        (lambda x: lambda: x)(SOUGHT),
        lru_cache((lambda x: lambda: x)(SOUGHT)),
        np.vectorize((lambda x: lambda: x)(SOUGHT)),
        decorated(SOUGHT),
        Slots(SOUGHT),
        HoldsByClass,
        HoldsByClass(),
        AsksGlobal(),
        asks_global,
        asks_by_way_of_another,
        imports,
        cyclic(),
        argparse.Namespace(a=SOUGHT),
        types.SimpleNamespace(a=SOUGHT),
        UserDict(a=SOUGHT),
        ChainMap({}, {"a": SOUGHT}),
        defaultdict(SOUGHT.method),
        namedtuple("Pair", "a b")(1, SOUGHT),
        make_dataclass("Made", ["a"])(SOUGHT),
        weakref.ref(SOUGHT),
        weakref.WeakValueDictionary(a=SOUGHT),
        weakref.WeakKeyDictionary({SOUGHT: 1}),
        put_into(queue.Queue()),
        put_into(queue.SimpleQueue()),
        of_a_thread(),
        done(),
        iter([SOUGHT]),
        itertools.repeat(SOUGHT),
        map(SOUGHT.method, []),
        operator.methodcaller("ask", SOUGHT),
        make_pipeline(FunctionTransformer(SOUGHT.method), LogisticRegression()),
    ],
    ids=lambda holder: type(holder).__name__,
)
def test_what_is_held_is_found(holder, monkeypatch):
    module = types.ModuleType("_models_walked")
    module.SOUGHT = SOUGHT
    monkeypatch.setitem(sys.modules, module.__name__, module)
    assert any(part is SOUGHT for _, part in walk(holder))


@pytest.mark.parametrize(
    "holder",
    [
        names_no_global,
        has_attribute_of_that_name,
        np.log1p,
        len,
        threading.current_thread(),
        logging.getLogger(),
        make_pipeline(StandardScaler(), LogisticRegression()),
    ],
    ids=lambda holder: type(holder).__name__,
)
def test_what_is_not_held_is_not_found(holder):
    parts = list(walk(holder))
    assert all(part is not SOUGHT for _, part in parts)
    assert len(parts) < 300


def test_places_are_named_as_parameters_are():
    inner = FunctionTransformer(SOUGHT.method, kw_args={"a": [1, Slots(2)]})
    names = {id(part): name for name, part in walk(make_pipeline(inner))}
    assert names[id(inner)] == "functiontransformer"
    assert names[id(SOUGHT)] == "functiontransformer__func"
    assert names[id(inner.kw_args["a"][1])] == "functiontransformer__kw_args['a'][1]"


def test_attributes_that_are_left_out_are_not_followed():
    model = FunctionTransformer(SOUGHT.method)
    assert all(part is not SOUGHT for _, part in walk(model, lambda part: {"func"}))


def test_a_walk_that_is_cut_short_says_so(monkeypatch):
    monkeypatch.setattr(_walk, "_MAX_OBJECTS", 20)
    many = [Slots(None) for _ in range(30)]
    with pytest.warns(FreezingWarning, match="list holds more than 20 objects"):
        assert len(list(walk(many))) <= 20
