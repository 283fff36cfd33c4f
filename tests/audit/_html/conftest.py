"""One hostile report and its page, which all tests of pages look at."""

import pytest

from _helpers.pages import hostile_report, with_sections


@pytest.fixture(scope="session")
def report():
    return with_sections(hostile_report())


@pytest.fixture(scope="session")
def path(report, tmp_path_factory):
    path = tmp_path_factory.mktemp("page") / "report.html"
    report.to_html(path)
    return path
