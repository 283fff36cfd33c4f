"""Sections on the structure and on attributes, as parts of the page."""

from _helpers.audits import MODEL, SETS, audit
from _helpers.pages import EVIL, Page
from skmia.audit import (
    AttributeFigure,
    AttributeInference,
    Structure,
    StructureFinding,
    audit_attributes,
)


def written(report, tmp_path):
    report.to_html(tmp_path / "report.html")
    return (tmp_path / "report.html").read_text("utf-8")


def test_findings_and_columns_are_shown(tmp_path):
    inference = audit_attributes(
        MODEL, *SETS, columns=[0, 1], shadows=None, random_state=0
    )
    report = audit(attacks=["loss"]).including(inference)
    text = " ".join("".join(Page(written(report, tmp_path)).texts).split())
    (structure,) = (
        s for s in report.to_dict()["sections"] if s["section"] == "structure"
    )
    for finding in structure["findings"]:
        assert finding["message"] in text
    for column in inference.columns:
        assert f"{100 * column.advantage:.1f} %" in text
    assert inference.meaning in text


def test_names_in_them_stay_names(tmp_path):
    finding = StructureFinding("carried_rows", "risk", EVIL, EVIL, f"In {EVIL}.", 1, 2)
    column = AttributeFigure(EVIL, "not_judged", f"{EVIL} was not.")
    other = AttributeFigure(
        EVIL, "found", "It is.", 0.5, 0.2, 0.2, 0.2, 0.3, 0.1, 0.4, 3, False
    )
    report = audit(attacks=["loss"]).including(
        Structure(10, 180, 3, (finding,)),
        AttributeInference(0.95, 30, 30, 8, 0.05, (column, other)),
    )
    page = written(report, tmp_path)
    assert "<script" not in page.lower()
    shown = "".join(Page(page).texts)
    assert f"In {EVIL}." in shown
    assert f"{EVIL} was not." in shown
