"""The pages of the documentation can be reached, and so can what they link to."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
INDEX = (ROOT / "docs/index.md").read_text(encoding="utf-8")
PAGES = [ROOT / "README.md", ROOT / "docs/index.md", *ROOT.glob("docs/guide/*.md")]


def entries():
    """Pages in the tables of contents of the first page."""
    trees = re.findall(r"```\{toctree\}\n(.*?)```", INDEX, re.DOTALL)
    lines = [line for tree in trees for line in tree.splitlines()]
    return [line for line in lines if line and not line.startswith(":")]


def test_each_page_of_the_guide_is_in_the_contents_once():
    guide = {f"guide/{page.stem}" for page in ROOT.glob("docs/guide/*.md")}
    assert sorted(entries()) == sorted(guide | {"api/index"})


def test_the_walk_comes_first():
    assert entries()[0] == "guide/walk"
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    where = readme[readme.index("## Where to go") :]
    assert re.findall(r"docs/guide/\w+", where)[0] == "docs/guide/walk"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_to_files_lead_somewhere(page):
    text = re.sub(r"^```.*?^```", "", page.read_text("utf-8"), flags=re.DOTALL | re.M)
    links = re.findall(r"\]\(([^)#\s]+)[^)]*\)", text)
    roles = [f"{name}.md" for name in re.findall(r"\{doc\}`(\w+)`", text)]
    files = [link for link in links if "://" not in link] + roles
    assert [f for f in files if not (page.parent / f).exists()] == []
