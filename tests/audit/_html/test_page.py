"""The page as text: what is in it, what is not, and that names stay names."""

import base64
import hashlib
import itertools
import re
import sys

import pytest

from _helpers.audits import audit
from _helpers.pages import EVIL, HOSTILE, Page, hostile_report
from skmia.audit import AuditReport, Guard


def write(report, tmp_path):
    path = tmp_path / "report.html"
    report.to_html(path)
    return path.read_text("utf-8")


@pytest.fixture(scope="module")
def hostile(path):
    return path.read_text("utf-8")


def test_names_are_shown_and_never_run(hostile):
    page = Page(hostile)
    assert "<script" not in hostile.lower()
    assert not [t for t, a in page.tags if any(key.startswith("on") for key in a)]
    assert not page.of("b")
    shown = "".join(page.texts)
    for name in HOSTILE:
        # What would turn the text around it is written as what it is.
        assert name.replace("\u202e", r"\u202e") in shown
    assert "\u202e" not in hostile
    assert f"Pipeline({EVIL})" in shown
    assert f"A row of {EVIL} is" in shown


def test_nothing_of_a_row_is_in_the_page(hostile):
    assert "secret" not in hostile


def test_nothing_is_asked_of_anybody(hostile):
    page = Page(hostile)
    policy = next(
        meta["content"]
        for meta in page.of("meta")
        if meta.get("http-equiv") == "Content-Security-Policy"
    )
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy
    # The one style sheet is the one that the policy lets through.
    (style,) = re.findall("<style>(.*?)</style>", hostile, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"'sha256-{digest}'" in policy
    assert "url(" not in style
    assert "@import" not in style
    for tag, attributes in page.tags:
        assert tag not in ("script", "link", "img", "iframe", "object", "base", "form")
        assert "style" not in attributes
        for key in ("href", "xlink:href", "src"):
            assert attributes.get(key, "#").startswith("#")


def test_every_reference_has_its_place(hostile):
    page = Page(hostile)
    ids = [a["id"] for _, a in page.tags if "id" in a]
    assert len(ids) == len(set(ids))
    for _, attributes in page.tags:
        for key in ("href", "xlink:href"):
            if key in attributes:
                assert attributes[key][1:] in ids
        if "aria-labelledby" in attributes:
            assert attributes["aria-labelledby"] in ids
    for name in re.findall(r"url\(#([^)]*)\)", hostile):
        assert name in ids


def test_what_readers_of_screens_need(hostile):
    page = Page(hostile)
    assert page.of("html") == [{"lang": "en"}]
    levels = [level for level, _ in page.headings]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(b - a <= 1 for a, b in itertools.pairwise(levels))
    for attributes in page.of("svg"):
        hidden = attributes.get("aria-hidden") == "true"
        assert hidden or (attributes["role"] == "img" and attributes["aria-label"])
    assert page.of("th")
    assert all(attributes["scope"] in ("row", "col") for attributes in page.of("th"))
    assert "viewport" in [attributes.get("name") for attributes in page.of("meta")]


def test_the_verdict_comes_first_then_guards_then_figures(hostile):
    titles = [title for level, title in Page(hostile).headings if level == 2]
    assert titles[:3] == [
        "This model leaks",
        "Before you rely on the figures",
        "How many members can be named",
    ]
    assert titles[-4:] == [
        "Test report: how this was made",
        "Residual risk: what is left to you",
        "Which heading answers what is asked",
        "Glossary",
    ]


def test_persons_come_first(tmp_path):
    persons = [i // 2 for i in range(200)]
    report = hostile_report(n=100, names=["loss"], groups=persons, index=None)
    text = write(report, tmp_path)
    shown = Page(text).text
    assert shown.index("Per person") < shown.index("Per row")
    assert text.index('id="roc-person-') < text.index('id="roc-row-')
    assert "50 persons" in shown


def test_exposed_members_are_listed_where_that_is_asked_for(tmp_path):
    report = hostile_report(shift=5.0, names=["loss"])
    listed = report.exposed()
    path = tmp_path / "records.html"
    report.to_html(path, records=True)
    page = Page(path.read_text("utf-8"))
    assert len(listed) > 100
    for name in (listed.index[0], listed.index[-1], listed["label"].iloc[0]):
        assert name in "".join(page.texts)
    assert "<script" not in path.read_text("utf-8").lower()
    assert page.text.count("ersonal data") == 2
    assert "secret" not in write(report, tmp_path)
    report.to_json(tmp_path / "report.json")
    with pytest.raises(ValueError, match="a file holds figures and no records"):
        AuditReport.from_json(tmp_path / "report.json").to_html(path, records=True)


@pytest.mark.parametrize(
    ("changes", "title"),
    [
        ({"shift": 0.0}, "Nothing was found, which is no proof of safety"),
        ({"shift": -3.0}, "Worse than guessing: nothing can be concluded"),
        (
            {"guards": [Guard("blind_classifier", "warning", "The sets differ.")]},
            "Members are told apart, but so they are without the model",
        ),
        (
            {"guards": [Guard("unmoved_shadows", "warning", "All alike.")]},
            "These figures are no measure of this model",
        ),
    ],
    ids=["nothing found", "below chance", "not the model alone", "void"],
)
def test_other_verdicts(changes, title, tmp_path):
    text = write(hostile_report(names=["loss"], **changes), tmp_path)
    assert Page(text).headings[1][1] == title
    assert "This model leaks" not in text


def test_void_figures_come_after_what_voids_them(tmp_path):
    guards = [
        Guard("tied_scores", "note", "Many are equal."),
        Guard("blind_classifier", "warning", "The sets differ."),
        Guard("unmoved_shadows", "warning", "All alike."),
    ]
    text = write(hostile_report(guards=guards, names=["loss"]), tmp_path)
    shown = Page(text).text
    places = [shown.index(m) for m in ("All alike.", "The sets differ.", "Many are eq")]
    assert places == sorted(places)
    assert "they say nothing of what the model leaks" in shown
    assert 'class="above"' not in text  # no figure is marked as above guessing
    assert 'class="above"' in write(hostile_report(names=["loss"]), tmp_path)


def test_every_figure_stands_beside_what_guessing_gives(tmp_path):
    report = audit()
    text = Page(write(report, tmp_path)).text
    assert "Guessing gives 10 %." in text
    for figure in report.figures:
        show = "{:.3f}" if "@" not in figure.metric else "{:.2%}"
        for value in (figure.value, figure.low, figure.high):
            assert show.format(value).replace("%", " %") in text
    for attack in report.attacks:
        assert report.to_dict()["attacks"][attack][1:] in text


def test_figures_that_cannot_be_read_are_named(tmp_path):
    text = Page(write(hostile_report(n=60, names=["loss"]), tmp_path)).text
    assert "Not resolvable: it needs 1,000 non-members, and there are 60" in text


def test_a_report_from_a_file_gives_the_same_page(report, hostile, tmp_path):
    report.to_json(tmp_path / "report.json")
    again = AuditReport.from_json(tmp_path / "report.json")
    assert write(again, tmp_path) == hostile
    assert again._repr_html_() == report._repr_html_()


def test_a_page_is_drawn_without_matplotlib(tmp_path, monkeypatch):
    report = hostile_report(names=["loss"])
    before = write(report, tmp_path)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    assert write(report, tmp_path) == before
    assert before.count('<svg role="img"') > before.count('id="roc-row-inside"') == 1


def test_a_page_is_written_whole_or_not_at_all(tmp_path, monkeypatch):
    path = tmp_path / "report.html"
    path.write_text("before")
    report = hostile_report(names=["loss"])
    monkeypatch.setattr("os.fsync", lambda _: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        report.to_html(path)
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]
    with pytest.raises(FileNotFoundError):
        report.to_html(tmp_path / "missing" / "report.html")


def test_a_missing_package_is_named(monkeypatch, tmp_path):
    report = hostile_report(names=["loss"])
    monkeypatch.setitem(sys.modules, "jinja2", None)
    with pytest.raises(ImportError, match=r"to_html needs jinja2.*skmia\[report\]"):
        report.to_html(tmp_path / "report.html")
