"""Rows, and a classifier that tells what it was fitted on.

Files with rows of their own say so with a fixture of the same name.
"""

import pytest

from _helpers import SpyClassifier, fruit


@pytest.fixture
def data():
    """Three classes with text labels, 10, 20 and 30 rows, far apart."""
    return fruit()


@pytest.fixture
def spy():
    return SpyClassifier()
