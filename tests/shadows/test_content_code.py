"""Descriptions of code: an edit that means something is another estimator."""

import importlib
import math
import sys
import textwrap
import threading
import types
from pathlib import Path

import pandas as pd
import pytest
import sklearn
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline

from skmia.shadows import _content, _packages
from skmia.shadows._content import describe
from skmia.utils import installed_package

SOURCES = {
    "user_helpers": """
        FACTOR = 2
        def shift(X):
            return X + 1
        def unused(X):
            return X
    """,
    "user_models": """
        import functools
        import user_helpers
        import user_helpers as aliased
        from sklearn.linear_model import LogisticRegression
        from sklearn.base import BaseEstimator, TransformerMixin
        from user_helpers import shift

        LIMIT = 10

        class Parent(LogisticRegression):
            rate = 0.5
            def prepare(self, X):
                return X * 3

        class Model(Parent):
            '''A model.'''
            def fit(self, X, y):
                # a comment
                return super().fit(shift(self.prepare(X)) * user_helpers.FACTOR, y)
            @staticmethod
            def static(X):
                return X * 4
            @classmethod
            def named(cls, X):
                return X * 5
            @property
            def prop(self):
                return 6
            @functools.cached_property
            def cached(self):
                return 7
            class Inner:
                value = 8
            def inner(self):
                return [min(x, LIMIT) for x in range(9)]

        class Scale(TransformerMixin, BaseEstimator):
            def fit(self, X, y=None):
                return self
            def transform(self, X):
                return X * 11
    """,
}


def forget_packages():
    """Look anew whose code a module is, and of which version."""
    installed_package.cache_clear()
    _packages.package_version.cache_clear()


@pytest.fixture
def user_modules(tmp_path, monkeypatch):
    """Import modules of the user's own, with pieces of their source replaced."""
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)

    def load(old="", new=""):
        forget_packages()
        for name, source in SOURCES.items():
            sys.modules.pop(name, None)
            changed = source.replace(old, new) if old else source
            (tmp_path / f"{name}.py").write_text(textwrap.dedent(changed))
        importlib.invalidate_caches()
        return importlib.import_module("user_models")

    yield load
    for name in SOURCES:
        sys.modules.pop(name, None)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("X * 3", "X * 30"),  # of the parent
        ("rate = 0.5", "rate = 0.6"),
        ("X * 4", "X * 40"),
        ("X * 5", "X * 50"),
        ("return 6", "return 60"),
        ("return 7", "return 70"),
        ("value = 8", "value = 80"),
        ("range(9)", "range(90)"),  # inside of a list comprehension
        ("min(x", "max(x"),
        ("LIMIT = 10", "LIMIT = 100"),  # a global of the module
        ("X + 1", "X + 100"),  # a function of another module
        ("FACTOR = 2", "FACTOR = 20"),  # an attribute of another module
        ("Model(Parent)", "Model(LogisticRegression)"),
        ("y)\n            @static", "y)\n            a = 1\n            @static"),
    ],
)
def test_edited_code_is_another_estimator(user_modules, old, new):
    before = user_modules()
    described = describe(before.Model()), describe(before.Scale())
    assert describe(user_modules().Model()) == described[0]
    after = user_modules(old, new)
    assert describe(after.Model()) != described[0]
    assert describe(after.Scale()) == described[1]  # which is none of its business


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("# a comment", "# another comment"),
        ("def unused(X):\n            return X", ""),
        ("X * 11", "X * 12"),
    ],
)
def test_edits_that_change_nothing_for_it(user_modules, old, new):
    before = describe(user_modules().Model())
    assert describe(user_modules(old, new).Model()) == before


def test_edited_steps_of_a_pipeline(user_modules):
    before = describe(make_pipeline(user_modules().Scale(), GaussianNB()))
    after = describe(
        make_pipeline(user_modules("X * 11", "X * 12").Scale(), GaussianNB())
    )
    assert before != after


def test_code_without_a_file_is_told_by_its_bytecode():
    """As in a notebook, whose classes have no source to be found."""

    def make(factor):
        namespace = {"__name__": "__main__"}
        source = (
            f"class Scale:\n    def __call__(self, X):\n        return X * {factor}"
        )
        exec(source, namespace)
        return namespace["Scale"]()

    assert describe(make(2)) == describe(make(2))
    assert describe(make(2)) != describe(make(3))


# -- installed packages ----------------------------------------------------------------


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """A package in a folder for such, of a version of its own or of none."""
    folder = tmp_path / "site-packages"
    folder.mkdir()
    monkeypatch.syspath_prepend(folder)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)

    def install(head, factor):
        forget_packages()
        sys.modules.pop("some_package", None)
        (folder / "some_package.py").write_text(
            f"{head}\ndef scale(X):\n    return helper(X)\n"
            f"def helper(X):\n    return X * {factor}\n"
            f"class Scale:\n    def scale(self, X):\n        return X * {factor}\n"
        )
        importlib.invalidate_caches()
        return importlib.import_module("some_package")

    yield install
    sys.modules.pop("some_package", None)
    forget_packages()


@pytest.mark.parametrize("name", ["scale", "Scale"])
def test_an_installed_package_is_told_by_its_version(installed, name):
    described = [
        describe(getattr(installed(f"__version__ = {version!r}", factor), name))
        for version, factor in [("1.0", 2), ("1.0", 3), ("1.1", 2)]
    ]
    assert described[0] == described[1] != described[2]


@pytest.mark.parametrize("name", ["scale", "Scale"])
def test_a_package_of_no_version_is_told_by_its_code(installed, name):
    assert describe(getattr(installed("", 2), name)) != describe(
        getattr(installed("", 3), name)
    )


def test_a_module_that_has_the_name_of_one_of_pythons_own(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    described = []
    for factor in (2, 3):
        (tmp_path / "antigravity.py").write_text(f"def f(X):\n    return X * {factor}")
        monkeypatch.delitem(sys.modules, "antigravity", raising=False)
        importlib.invalidate_caches()
        forget_packages()
        described.append(describe(importlib.import_module("antigravity").f))
    del sys.modules["antigravity"]
    assert described[0] != described[1]


def test_versions(monkeypatch):
    assert _packages.package_version("sklearn.linear_model") == sklearn.__version__
    assert _packages.package_version("collections.abc") == "Python"
    assert _packages.package_version("builtins") == "Python"
    assert _packages.package_version("math") == "Python"
    assert _packages.package_version("__main__") is None
    assert _packages.package_version("no_such_module") is None
    # A compiled module that has lost its package, as some of older scikit-learn have.
    lost = types.ModuleType("lost")
    lost.__file__ = str(Path(sklearn.__file__).with_name("lost.so"))
    monkeypatch.setitem(sys.modules, "lost", lost)
    assert _packages.package_version("lost") == sklearn.__version__
    # A package that is known to the installer only, under another name.
    assert _packages.package_version("_pytest.mark") == pytest.__version__


def test_a_class_of_a_package_that_was_patched_is_refused(installed, monkeypatch):
    """Its version is that of what was there before."""
    scale = installed("__version__ = '1.0'", 2).Scale
    before = describe(scale())
    monkeypatch.setattr(scale, "extra", lambda self: 3, raising=False)
    with pytest.raises(ValueError, match=r"Scale'>, into which <function .* was put"):
        describe(scale())
    monkeypatch.undo()
    assert describe(scale()) == before


def test_a_class_of_a_package_with_an_accessor_of_the_users_is_refused():
    """`X.users_own.feature()` names neither the class nor its module."""
    X = pd.DataFrame({"a": [1]})
    before = describe(X)
    pd.api.extensions.register_dataframe_accessor("users_own")(Accessor)
    try:
        with pytest.raises(ValueError, match=r"DataFrame'>, into which .* was put"):
            describe(X)
    finally:
        del pd.DataFrame.users_own
        pd.DataFrame._accessors.discard("users_own")
    assert describe(X) == before


class Accessor:
    def __init__(self, X):
        self.X = X


def test_compiled_code_of_no_package_is_refused(monkeypatch):
    """Nothing of it can be read: not even whether it was compiled anew."""
    lock = type(threading.RLock())
    monkeypatch.setattr(_packages, "package_version", lambda module: None)
    monkeypatch.setattr(_content, "package_version", lambda module: None)
    with pytest.raises(ValueError, match="compiled, and of no installed package"):
        describe(lock)
    with pytest.raises(ValueError, match=r"<built-in function .*no installed package"):
        describe(math.sqrt)
