"""Fixtures of the tests of shadows."""

import pytest

from skmia.shadows._task import ShadowTask


@pytest.fixture
def fits(monkeypatch):
    """How many shadows were fitted since the list was cleared."""
    fitted = []
    run = ShadowTask.run

    def count(self, *args):
        fitted.append(args[-1])
        return run(self, *args)

    monkeypatch.setattr(ShadowTask, "run", count)
    return fitted
