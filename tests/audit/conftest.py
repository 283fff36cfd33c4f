import pytest

from skmia.audit._guards import _blind


@pytest.fixture(autouse=True)
def two_folds(request, monkeypatch):
    """Cross-validate the blind classifier less often than its own tests do."""
    if "_guards" not in request.path.parts:
        monkeypatch.setattr(_blind, "_N_FOLDS", 2)
