import matplotlib as mpl
import numpy as np
import pytest

from skmia.audit import AuditReport


@pytest.fixture(autouse=True)
def no_window():
    mpl.use("Agg")
    from matplotlib import pyplot as plt

    yield
    plt.close("all")


@pytest.fixture(scope="session")
def report():
    """Two attacks, the second stronger, on 80 rows of 40 persons a side."""
    rng = np.random.RandomState(0)
    member = np.repeat([True, False], 80)
    scores = {f"attack {i}": rng.normal(size=160) + 0.5 * i * member for i in range(2)}
    return AuditReport(member, scores, groups=np.arange(160) // 2)
