"""Groups of so few records that a name says who they are."""

import numpy as np

from skmia.audit import AuditReport

N = 400
MEMBER = np.arange(N) < N // 2
REPORT = AuditReport(
    MEMBER, {"loss": np.random.RandomState(0).normal(size=N)}, max_fprs=(0.1,)
)
# Three patients, of whom everybody knows who they are, and twelve others.
TOWN = np.array(["Here"] * N, dtype=object)
TOWN[[0, 250]] = ["Duke of Kent", "Astronaut"]
TOWN[20:26], TOWN[380:386] = "Small place", "Small place"


def test_single_persons_are_not_named():
    """A table of groups had a line for each of them."""
    found = REPORT.subgroups({"town": TOWN})
    assert [g.name for g in found.groups] == [
        "2 groups of fewer than 10 records each",
        "town = Here",
        "town = Small place",
    ]
    pooled = found.groups[0]
    assert (pooled.n_members, pooled.n_nonmembers, pooled.judged) == (1, 1, False)
    shown = REPORT.including(found)
    for form in (str(shown.to_dict()), shown.summary(), shown._repr_html_()):
        assert "Kent" not in form
        assert "Astronaut" not in form
    assert "2 groups of fewer than 10 records each" in shown.summary().replace(
        "\n    ", " "
    )
    assert found.to_frame()["n_members"].iloc[0] == N // 2


def test_they_are_named_where_that_is_asked_for():
    names = {g.name for g in REPORT.subgroups({"town": TOWN}, min_named=1).groups}
    assert "town = Duke of Kent" in names
    (more,) = (
        g.name
        for g in REPORT.subgroups({"town": TOWN}, min_named=13).groups
        if "fewer" in g.name
    )
    assert more == "3 groups of fewer than 13 records each"


def test_persons_are_counted_where_they_are_known():
    """Twelve rows of one person are one person."""
    person = np.arange(N)
    person[20:26], person[380:386] = 20, 380
    scores = {"loss": np.random.RandomState(0).normal(size=N)}
    report = AuditReport(MEMBER, scores, groups=person, max_fprs=(0.1,))
    found = report.subgroups({"town": TOWN})
    assert found.groups[0].name == "3 groups of fewer than 10 persons each"
