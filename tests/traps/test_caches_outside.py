"""Trap 50, further: what code reads beside its arguments, where no name tells of it.

As in the tests of caches, the model ignores its rows in the first state, and remembers
them in the second.
"""

import codecs
import csv
import decimal
import functools
import logging
import operator
import typing

import numpy as np
import pytest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.tree import DecisionTreeClassifier

from tests.traps.test_caches import X, assert_naive_cache_is_stale, auc, tree_on

FILE = ""
LOGGER = logging.getLogger(__name__)


class Noted:
    scale: int = 0


# -- what is refused -------------------------------------------------------------------


def times_file_of_codecs(X):
    with codecs.open(FILE) as file:
        return X * int(file.read())


def times_file_imported(X):
    from codecs import open as opened

    with opened(FILE) as file:
        return X * int(file.read())


def times_limit_of_csv(X):
    return X * csv.field_size_limit()


def times_logger_by_name(X):
    return X * logging.getLogger(__name__).scale


def times_decimal_context(X):
    return X * -decimal.getcontext().Emin


def times_attribute_of_numpy(X):
    return X * getattr(np, "users_own")  # noqa: B009


def times_variable_of_numpy(X):
    return X * vars(np)["users_own"]


def times_getter_of_numpy(X):
    return X * operator.attrgetter("users_own")(np)


def times_numpy_imported(X):
    import numpy

    return X * getattr(numpy, "users_own")  # noqa: B009


def times_docstring(X):
    return X * int(Noted.__doc__)


def times_docstring_by_text(X):
    return X * int(getattr(Noted, "__doc__"))  # noqa: B009


def times_docstring_formatted(X):
    return X * int("{.__doc__}".format(Noted))  # noqa: UP032


def times_annotation(X):
    return X * len(Noted.__annotations__)


def times_hints(X):
    return X * len(typing.get_type_hints(Noted))


def times_subclasses(X):
    return X * len(Noted.__subclasses__())


REFUSED = {
    times_file_of_codecs: "codecs.open",
    times_file_imported: "import of 'codecs' inside a function",
    times_limit_of_csv: "_csv.field_size_limit",
    times_logger_by_name: "logging.getLogger",
    times_decimal_context: "decimal.getcontext",
    times_attribute_of_numpy: "the module 'numpy' as a whole",
    times_variable_of_numpy: "the module 'numpy' as a whole",
    times_getter_of_numpy: "the module 'numpy' as a whole",
    times_numpy_imported: "the module 'numpy' as a whole, imported inside",
    times_docstring: "the attribute '__doc__'",
    times_docstring_by_text: "the text '__doc__'",
    times_docstring_formatted: "the text '__doc__'",
    times_annotation: "the attribute '__annotations__'",
    times_hints: "typing.get_type_hints",
    times_subclasses: "the attribute '__subclasses__'",
}


@pytest.fixture
def set_all(tmp_path, monkeypatch):
    """Set what the functions read to 0 or 1."""
    kept = []
    limit, emin = csv.field_size_limit(), decimal.getcontext().Emin

    def change(state):
        monkeypatch.setitem(globals(), "FILE", str(tmp_path / "state"))
        (tmp_path / "state").write_text(str(state))
        csv.field_size_limit(state)
        decimal.getcontext().Emin = -state
        for holder, name in [(LOGGER, "scale"), (np, "users_own")]:
            monkeypatch.setattr(holder, name, state, raising=False)
        monkeypatch.setattr(DecisionTreeClassifier, "users_own", state, raising=False)
        monkeypatch.setattr(np.median, "users_own", state, raising=False)
        monkeypatch.setattr(Noted, "__doc__", str(state))
        notes = {"scale": state} if state else {}
        monkeypatch.setattr(Noted, "__annotations__", notes)
        kept[:] = [type("Child", (Noted,), {})] if state else []
        np.seterr(divide="ignore" if state else "raise")

    before = np.geterr()
    yield change
    np.seterr(**before)
    csv.field_size_limit(limit)
    decimal.getcontext().Emin = emin


@pytest.mark.parametrize("function", REFUSED, ids=lambda function: function.__name__)
def test_trap_50_state_beside_the_arguments_is_refused(function, tmp_path, set_all):
    def made(state):
        set_all(state)
        return tree_on(function), X

    if function is not times_subclasses:  # whose naive key needs them collected
        assert_naive_cache_is_stale(made)
    with pytest.raises(ValueError, match=r"'cache_dir'.*no key can be made") as error:
        auc(*made(0), tmp_path / "cache")
    error.match(REFUSED[function])


# -- what is told apart ----------------------------------------------------------------


def times_class_attribute(X):
    return X * DecisionTreeClassifier.users_own


def times_class_attribute_by_name(X):
    return X * getattr(DecisionTreeClassifier(), "users_own")  # noqa: B009


def times_function_attribute(X):
    return X * np.median.users_own


def times_named_attribute(X):
    return X * np.users_own


def times_imported_attribute(X):
    import numpy

    return X * numpy.users_own


def times_global_logger(X):
    return X * LOGGER.scale


def unless_an_error(X):
    try:
        return X * (np.ones(1) / np.zeros(1) > 0)
    except FloatingPointError:
        return X * 0


@pytest.mark.parametrize(
    "function",
    [
        times_class_attribute,
        times_class_attribute_by_name,
        times_function_attribute,
        times_named_attribute,
        times_imported_attribute,
        times_global_logger,
        unless_an_error,
    ],
)
def test_trap_50_what_was_put_on_others_counts(function, tmp_path, set_all):
    def made(state):
        set_all(state)
        return tree_on(function), X

    right = assert_naive_cache_is_stale(made)
    assert auc(*made(0), tmp_path) == pytest.approx(0.5, abs=0.02)
    assert auc(*made(1), tmp_path) == right


def zeros(self, X):
    return X * 0


@pytest.mark.parametrize(
    "patch",
    [
        lambda: StandardScaler.inverse_transform,
        lambda: functools.partialmethod(StandardScaler.inverse_transform),
    ],
    ids=["method", "partialmethod"],
)
def test_trap_50_another_method_of_a_package(patch, tmp_path, monkeypatch):
    """A method of the class in the place of another: the version is the same."""
    big = X * 1e6 + 3e6  # which trees see alike, and a narrow binning does not

    def made(state):
        if state:
            monkeypatch.setattr(StandardScaler, "transform", patch())
        model = make_pipeline(
            StandardScaler(),
            FunctionTransformer(clipped),
            DecisionTreeClassifier(),
        )
        return model, big

    before = auc(*made(0), tmp_path)
    after = auc(*made(1))
    assert after < before - 0.05
    assert auc(*made(1), tmp_path) == after


def clipped(X):
    return np.clip(X, -9, 9)


def test_trap_50_a_patch_under_the_name_of_another(tmp_path, monkeypatch):
    """`functools.wraps` makes it say that it is of the package."""
    wrapped = functools.wraps(StandardScaler.transform)(zeros)
    del wrapped.__wrapped__
    monkeypatch.setattr(StandardScaler, "transform", wrapped)
    model = make_pipeline(StandardScaler(), DecisionTreeClassifier())
    with pytest.raises(ValueError, match=r"StandardScaler'>, into which .* was put"):
        auc(model, X, tmp_path)
