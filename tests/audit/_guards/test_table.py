"""The one table of guards: it is whole, and the docs name all that is in it."""

import re
from pathlib import Path

import numpy as np
import pytest

from skmia.audit import AuditReport, Guard
from skmia.audit._guards import CHECKS, NEEDS, run_guards

GUIDE = Path(__file__).parents[3] / "docs/guide/guards.md"


def test_names_are_there_once_and_title_no_longer_than_a_heading():
    names = [check.name for check in CHECKS]
    assert len(set(names)) == len(names)
    for check in CHECKS:
        assert check.find.__name__ == check.name
        assert set(check.severities) <= {"warning", "note"}
        assert check.severities


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.name)
def test_the_docs_name_every_guard(check):
    assert f'- ``"{check.name}"``: {check.title}' in Guard.__doc__
    headings = re.findall(r"^## `(\w+)`", GUIDE.read_text(encoding="utf-8"), re.M)
    assert check.name in headings


def test_the_guide_documents_nothing_else():
    headings = re.findall(r"^## `(\w+)`", GUIDE.read_text(encoding="utf-8"), re.M)
    assert sorted(headings) == sorted(check.name for check in CHECKS)
    assert "<names>" not in Guard.__doc__


def test_many_of_them_at_once(evidence):
    """An audit that went wrong in many ways: each has its own name and severity."""
    rng = np.random.default_rng(0)
    member = np.arange(400) < 200
    found = run_guards(
        evidence(
            member,
            scores={"a": np.round(rng.normal(size=400) - member)},
            max_fprs=(0.1, 0.01, 0.001),
            labels=np.arange(400) % 2,
            X=rng.normal(size=(400, 2)) + 2 * member[:, None],
            n_shared=(1, 1),
            n_repeated=(2, 0),
            n_near=(1, 1),
            n_weightless=(1, 0),
            n_not_passed=3,
            correct=~member,
            own_proba=np.ones(400),
            n_missing_classes=1,
            n_models=4,
            one_sided_fraction=0.5,
            no_shadows="They are folds.",
        )
    )
    severities = {check.name: check.severities for check in CHECKS}
    names = {guard.name for guard in found}
    assert names <= set(severities)
    assert names >= {
        "below_chance",
        "blind_classifier",
        "dependent_splits",
        "duplicate_rows",
        "few_false_positives",
        "members_less_accurate",
        "missing_classes",
        "near_copies",
        "one_sided_records",
        "partial_members",
        "saturated_probabilities",
        "shared_rows",
        "tied_scores",
        "unresolvable_fpr",
        "weightless_rows",
    }
    for guard in found:
        assert guard.severity in severities[guard.name]


def test_a_report_made_of_scores_runs_the_guards_of_scores():
    rng = np.random.default_rng(3)
    member = np.repeat([True, False], 200)
    swapped = rng.normal(size=400) - member
    tied = np.round(rng.normal(size=400))
    given = Guard("missing_classes", "note", "Given.", 1)
    report = AuditReport(
        member, {"swapped": swapped, "tied": tied}, max_fprs=(0.1,), guards=[given]
    )
    found = [(guard.name, guard.attack) for guard in report.guards]
    assert sorted(found, key=str) == sorted(
        [
            ("below_chance", "swapped"),
            ("tied_scores", "tied"),
            ("missing_classes", None),
        ],
        key=str,
    )
    assert given in report.guards
    # Warnings come first, whatever the order in which they were found.
    severities = [guard.severity for guard in report.guards]
    assert severities == sorted(severities, reverse=True)
    text = " ".join(report.summary().split())
    for guard in report.guards:
        assert guard.message in text


def test_every_guard_says_what_it_has_to_see():
    """Its silence is a finding only where it could look."""
    assert set(NEEDS) == {check.name for check in CHECKS}
