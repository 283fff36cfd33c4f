"""The page in a real browser: on a screen, on a phone, in the dark, and in print."""

import pytest

from _helpers.browser import open_browser, watch
from _helpers.pages import EVIL

# How far apart text and its background are, as the contrast of WCAG 2; the background
# is that of the nearest parent that has one.
_CONTRASTS = """
() => {
  const parse = text => {
    const c = text.match(/[\\d.]+/g).map(Number);
    return c.length < 4 ? [...c, 1] : c;
  };
  const light = c => {
    const [r, g, b] = c.slice(0, 3).map(v => {
      v /= 255; return v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4;
    });
    return .2126 * r + .7152 * g + .0722 * b;
  };
  const behind = node => {
    for (; node; node = node.parentElement) {
      const c = parse(getComputedStyle(node).backgroundColor);
      if (c[3] > 0) return c;
    }
    return [255, 255, 255, 1];
  };
  const found = [];
  for (const node of document.querySelectorAll("body *")) {
    const own = [...node.childNodes].some(
      n => n.nodeType === 3 && n.textContent.trim() && node.getClientRects().length
    );
    if (!own || node.matches(".skip, style")) continue;
    const style = getComputedStyle(node);
    const ink = parse(node.closest("svg") ? style.fill : style.color);
    const [a, b] = [light(ink), light(behind(node))].sort((x, y) => y - x);
    const ratio = (a + .05) / (b + .05);
    if (ratio < 4.5) found.push([node.tagName, node.textContent.slice(0, 40), ratio]);
  }
  return found;
}
"""


@pytest.fixture(scope="module")
def browser():
    with open_browser() as browser:
        yield browser


@pytest.fixture
def show(browser, path):
    """Open the page as given; what it complains of, or asks for, fails the test."""
    opened = []

    def show(**kwargs):
        context = browser.new_context(**kwargs)
        opened.append(context)
        page = context.new_page()
        with watch(page) as seen:
            page.goto(path.as_uri())
            assert seen == [f"request: {path.as_uri()}"]
        return page

    yield show
    for context in opened:
        context.close()


def test_the_page_is_all_there(show):
    page = show()
    titles = page.locator("h2").all_inner_texts()
    assert titles[0] == "This model leaks"
    for link in page.locator("nav a").all():
        assert page.locator(link.get_attribute("href")).is_visible()
    assert EVIL in page.locator("h1").inner_text()
    assert EVIL in page.locator("#figures").inner_text()
    assert page.locator("script").count() == 0
    # The style sheet counts: the policy lets it through, by its hash.
    assert page.evaluate("getComputedStyle(document.body).margin") == "0px"


def test_the_page_is_readable_without_script(show):
    page = show(java_script_enabled=False)
    assert "This model leaks" in page.content()
    assert page.locator("#glossary").is_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_from_what_is_behind_it(show, scheme):
    page = show(color_scheme=scheme)
    behind = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (behind == "rgb(255, 255, 255)") is (scheme == "light")
    assert page.evaluate(_CONTRASTS) == []


def test_a_phone_scrolls_downwards_only(show):
    page = show(viewport={"width": 390, "height": 844})
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= 390
    # No table of figures is wider than the screen either.
    wider = "nodes => nodes.filter(n => n.scrollWidth > n.clientWidth + 1).length"
    assert page.locator(".scroll").evaluate_all(wider) == 0
    sizes = "nodes => nodes.map(n => parseFloat(getComputedStyle(n).fontSize))"
    assert min(page.locator("main p, main td, main th").evaluate_all(sizes)) >= 12


def test_a_printed_page_is_black_on_white(show):
    page = show(color_scheme="dark")
    page.emulate_media(media="print")
    assert page.locator("nav").is_hidden()
    behind = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert behind == "rgb(255, 255, 255)"
    assert page.evaluate(_CONTRASTS) == []
    assert page.pdf(prefer_css_page_size=True).startswith(b"%PDF")
