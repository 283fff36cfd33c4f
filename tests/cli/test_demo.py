"""The demo: what its text says follows from the figures."""

import numpy as np
import pytest

from skmia.audit import AuditReport
from skmia.cli import main
from skmia.cli._demo import render_demo


def make_report(shift, accuracy):
    rng = np.random.default_rng(0)
    scores = np.concatenate([rng.normal(shift, 1, 200), rng.normal(0, 1, 200)])
    return AuditReport(
        [True] * 200 + [False] * 200,
        {"loss": scores / 2, "lira": scores},
        accuracy=accuracy,
    )


def test_the_demo_says_what_the_figures_say():
    grown, kept = make_report(2.0, (1.0, 0.9)), make_report(0.5, (0.95, 0.93))
    text = render_demo(grown, kept)
    for report in (grown, kept):
        for figure in report.figures:
            if figure.resolvable:
                cell = f"{figure.value:.3f} [{figure.low:.3f}, {figure.high:.3f}]"
                assert cell in text
    assert "gains 3.0 points of accuracy" in text
    assert "still leaks" in text
    assert text.count("too few non-members") == 4
    assert max(map(len, text.splitlines())) <= 88

    text = render_demo(grown, make_report(0.0, (0.9, 0.85)))
    assert "costs 5.0 points of accuracy" in text
    assert "cannot be told from guessing" in text


def test_a_page_that_cannot_be_written_costs_no_audit(capsys, tmp_path):
    missing = tmp_path / "missing" / "report.html"
    assert main(["demo", "--html", str(missing)]) == 2
    assert "there is no folder" in capsys.readouterr().err


@pytest.mark.slow
def test_demo(capsys, tmp_path):
    path = tmp_path / "report.html"
    assert main(["demo", "--jobs", "1", "--html", str(path)]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert str(path) in out
    page = path.read_text("utf-8")
    # What the page can show: the policy's decision, groups, and the model's structure.
    for part in ("verdict", "guards", "figures", "decision", "subgroups", "comparison"):
        assert f'id="{part}"' in page
    assert "This model leaks" in page
    rows = [line.split()[:2] for line in out.splitlines()]
    assert all([attack, "auc"] in rows for attack in ("lira", "stacked"))
    assert "still leaks" in out
