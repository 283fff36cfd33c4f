"""Debian's chromium, driven by playwright, or a skip that says what is missing."""

import importlib.util
import shutil
from contextlib import contextmanager

import pytest


@contextmanager
def open_browser():
    """A browser; tests that ask for it are skipped where there is none."""
    path = shutil.which("chromium")
    if path is None:
        pytest.skip("no browser: chromium is not installed")
    if importlib.util.find_spec("playwright") is None:
        pytest.skip("no browser: playwright is not installed (the extra 'test')")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        # In a container there are no users to keep apart.
        browser = driver.chromium.launch(executable_path=path, args=["--no-sandbox"])
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def watch(page):
    """Collect what a page complains of, and whatever it asks for beside itself."""
    seen = []
    page.on("console", lambda message: seen.append(f"console: {message.text}"))
    page.on("pageerror", lambda error: seen.append(f"error: {error}"))
    page.on("dialog", lambda dialog: (seen.append("dialog"), dialog.dismiss()))
    page.on("request", lambda request: seen.append(f"request: {request.url}"))
    yield seen
