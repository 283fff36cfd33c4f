import numpy as np
import pytest

from skmia.audit._evidence import Evidence


@pytest.fixture
def evidence():
    """Make the evidence of one attack, "a", whose scores are all different."""

    def make(membership, **facts):
        membership = np.asarray(membership)
        given = {
            "membership": membership,
            "scores": {"a": np.arange(membership.size, dtype=np.float64)},
            "max_fprs": (0.1,),
            "confidence_level": 0.95,
        }
        return Evidence(**(given | facts))

    return make
