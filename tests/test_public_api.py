"""What importing skmia costs, and what its namespaces promise."""

import inspect
import re
import subprocess
import sys
from importlib import import_module

import numpy as np
import pytest
from sklearn.frozen import FrozenEstimator
from sklearn.naive_bayes import GaussianNB

import skmia
from _helpers import halves, noisy_rows
from skmia.attacks import ShadowAttack
from skmia.shadows import fit_shadows

MODULES = [name for name in skmia.__all__ if not name.startswith("__")]


def run(code):
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.strip()


@pytest.mark.parametrize("module", MODULES)
def test_all_names_exist_and_are_documented(module):
    package = import_module(f"skmia.{module}")
    assert getattr(skmia, module) is package
    names = getattr(package, "__all__", [])
    assert list(names) == sorted(names)
    for name in names:
        thing = getattr(package, name)
        if callable(thing):
            assert thing.__doc__, f"{module}.{name} has no docstring"
            # Templates and plain records have nothing to run by themselves.
            bare = inspect.isclass(thing) and (
                inspect.isabstract(thing) or issubclass(thing, tuple)
            )
            assert bare or ">>> " in thing.__doc__, f"{module}.{name} has no example"


ATTACKS = [*skmia.attacks.ATTACKS.values()]


@pytest.mark.parametrize("cls", ATTACKS, ids=lambda cls: cls.__name__)
def test_an_attack_has_few_parameters(cls):
    assert len(inspect.signature(cls).parameters) <= 12


def test_lira_has_ten_parameters_beside_the_estimator():
    assert len(inspect.signature(skmia.attacks.LiRAAttack).parameters) <= 11


def test_one_default_set_of_shadows_serves_every_attack():
    X, y = noisy_rows(200)
    member = halves(200)
    model = GaussianNB().fit(X[member], y[member])
    shadows = fit_shadows(model, X, y, shadows=16, random_state=0)
    with_shadows = [cls for cls in ATTACKS if issubclass(cls, ShadowAttack)]
    assert len(with_shadows) >= 5
    for cls in with_shadows:
        attack = cls(FrozenEstimator(model), shadows=shadows, random_state=0)
        attack.fit(X, y, membership=member)
        assert attack.shadows_ is shadows
        assert np.isfinite(attack.score_samples(X, y)).all()


def public_things():
    """Classes and functions that a public module names in ``__all__``."""
    for module in MODULES:
        package = import_module(f"skmia.{module}")
        for name in getattr(package, "__all__", ()):
            thing = getattr(package, name)
            if inspect.isclass(thing) or inspect.isfunction(thing):
                yield pytest.param(thing, id=f"{module}.{name}")


def sections(doc):
    """The text of each numpydoc section; what stands before the first is at ''."""
    parts = re.split(r"^(\w[\w ]+)\n-{3,}$", doc, flags=re.MULTILINE)
    return {"": parts[0]} | dict(zip(parts[1::2], parts[2::2], strict=True))


@pytest.mark.parametrize("thing", [*public_things()])
def test_a_docstring_is_complete_and_in_the_imperative(thing):
    found = sections(inspect.getdoc(thing))
    summary = found[""].split("\n\n")[0].strip()
    assert summary.endswith(".")
    assert summary.split()[0] not in {"The", "A", "An", "What", "How"}
    template = inspect.isclass(thing) and (
        inspect.isabstract(thing) or issubclass(thing, (tuple, Warning))
    )
    if not template:
        assert {"See Also", "Examples"} <= set(found)
        assert {"Parameters", "Returns", "Attributes"} & set(found)
    for name in set(found) - {"Parameters", "Examples", "References"}:
        measured = re.findall(r"\d+\.\d\d+", re.sub(r"``.*?``", "", found[name]))
        assert measured == [], f"move to the guide: {measured}"


def test_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = skmia.nonsense
    assert set(skmia.__all__) <= set(dir(skmia))


HEAVY = ["matplotlib", "pandas", "polars", "diffprivlib", "typer", "skops"]


def loaded(*modules):
    imports = "; ".join(f"import {name}" for name in modules)
    return set(
        run(
            f"import sys; {imports}; print(*[m for m in {HEAVY} if m in sys.modules])"
        ).split()
    )


def test_import_is_light():
    """Neither the package nor a subpackage adds plotting, frames or diffprivlib."""
    assert loaded("skmia") == set()
    # scikit-learn 1.9 loads pandas by itself where it is installed.
    theirs = loaded("sklearn.ensemble", "sklearn.utils.parallel")
    assert loaded(*(f"skmia.{name}" for name in MODULES)) <= theirs


def test_import_is_fast():
    """`import skmia` next to `import sklearn.base`, as a ratio within one process."""
    code = """
import time
start = time.perf_counter(); import sklearn.base; base = time.perf_counter() - start
start = time.perf_counter(); import skmia; own = time.perf_counter() - start
print(own / base)
"""
    # scikit-learn's base takes a second or so cold and half of one warm; 0.2 s is
    # asked for, and the import of nothing but a lazy module is far below.
    assert min(float(run(code)) for _ in range(2)) < 0.2


def test_version():
    assert skmia.__version__ == run("import skmia; print(skmia.__version__)")
