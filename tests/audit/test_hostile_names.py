"""Names that a terminal acts on, that turn the text around, or that no encoding has."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from skmia.audit import AuditReport, Guard, Policy

EVIL = "a\x1b[2J\x07\x00\u202eb\ud800c"
UNSEEN = "\x1b\x07\x00\u202e\ud800"
SHOWN = r"\u001b[2J\u0007\u0000\u202eb\ud800c"


@pytest.fixture
def report():
    member = np.arange(400) < 200
    scores = np.random.RandomState(0).normal(size=400)
    guard = Guard("shared_rows", "warning", f"In {EVIL}.")
    found = AuditReport(
        member, {EVIL: scores}, max_fprs=(0.1,), estimator=EVIL, guards=(guard,)
    )
    return found.including(found.decide(Policy(max_auc=0.9, name=EVIL)))


def test_text_is_free_of_them(report):
    """They went to the terminal as they were."""
    for text in (report.summary(), report.decide(Policy(max_auc=0.9)).summary()):
        assert not set(text) & set(UNSEEN)
    decision = report.decide(Policy(max_auc=0.9, name=EVIL))
    for text in (report.summary(), decision.summary()):
        assert SHOWN in text
        assert not set(text) & set(UNSEEN)
        text.encode()


def test_pages_and_files_are_written(report, tmp_path):
    """A UnicodeEncodeError was raised."""
    report.to_html(tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert SHOWN in page
    assert not set(page) & set(UNSEEN)
    report.to_json(tmp_path / "report.json")
    again = AuditReport.from_json(tmp_path / "report.json")
    assert again.to_dict() == report.to_dict()


def test_cards_are_free_of_them(report):
    card = pytest.importorskip("skops.card").Card(LogisticRegression())
    text = report.to_skops_card(card).select("Membership inference audit").content
    assert not set(text) & set(UNSEEN)
    text.encode()
