"""What a notebook shows of a report."""

import importlib.util

import pytest

from _helpers.pages import EVIL, Page, hostile_report
from skmia.audit import Guard


@pytest.fixture(scope="module")
def report():
    return hostile_report(names=[EVIL, "lira"])


def test_a_cell_has_the_verdict_the_guards_and_the_first_figures(report):
    text = report._repr_html_()
    page = Page(text)
    assert len(text) < 20_000
    assert page.text.index("This model leaks") < page.text.index("Warning")
    assert page.text.index("Warning") < page.text.index("Guessing")
    assert "<script" not in text
    assert EVIL in "".join(page.texts)
    assert "secret" not in text
    best = report.strongest("auc")
    assert f"{best.value:.3f}" in text
    assert f"{best.low:.3f} to {best.high:.3f}" in text


def test_a_cell_says_what_voids_first():
    guards = [
        Guard("blind_classifier", "warning", "The sets differ."),
        Guard("unmoved_shadows", "warning", "All alike."),
    ]
    text = Page(hostile_report(names=["loss"], guards=guards)._repr_html_()).text
    assert "no measure" in text[:80]
    assert text.index("All alike.") < text.index("The sets differ.")


def test_without_jinja_a_cell_has_the_text(report, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    text = report._repr_html_()
    assert text.startswith("<pre>")
    assert "<script" not in text
    assert "Strongest attack" in text
