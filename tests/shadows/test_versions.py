"""Versions of packages on other machines, compared before anything runs there."""

import sys

import pytest

from skmia.shadows._packages import different_packages, package_versions


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package without a wheel's metadata, not imported so far."""
    folder = tmp_path / "site-packages"
    folder.mkdir()
    (folder / "lonely_package.py").write_text("__version__ = '1.0'\n")
    monkeypatch.syspath_prepend(folder)
    yield "lonely_package"
    sys.modules.pop("lonely_package", None)


def test_a_package_that_tells_its_version_when_imported(package):
    assert different_packages({package: "1.0"}) == ""


def test_other_versions_and_lacking_packages_are_named(package):
    assert different_packages({package: "2.0"}) == f"{package} 1.0 in place of 2.0"
    assert different_packages({"nosuch": "3"}) == "nosuch none in place of 3"


def test_our_own_are_the_same_here():
    expected = package_versions(["sklearn.tree"])
    assert {"Python", "skmia", "sklearn", "numpy"} <= expected.keys()
    assert different_packages(expected) == ""
    changed = expected | {"numpy": "0.1"}
    assert different_packages(changed).endswith("in place of 0.1")
