"""Write `docs/report.png`, the picture of the demo's report in README and guide.

Needs chromium and playwright:

    python -m skmia.cli demo --html demo-report.html
    python benchmarks/report_picture.py demo-report.html
"""

import shutil
import sys
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

OUT = Path(__file__).resolve().parents[1] / "docs" / "report.png"
WIDTH, N_COLORS = 1000, 255
# What is left out, to have the curves on the same picture as the verdict.
_LEFT_OUT = "nav, .guards .note, #figures h3 ~ *:not(.scroll), #figures h3 ~ h3 ~ *"


def main(report: str) -> None:
    """Photograph the verdict, the warnings, a table of figures and the curves."""
    with sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        page = browser.new_page(viewport={"width": WIDTH, "height": 1000})
        page.goto(Path(report).resolve().as_uri())
        page.locator(_LEFT_OUT).evaluate_all("all => all.forEach(n => n.remove())")
        end = page.locator("#scores").bounding_box()
        assert end is not None, "the page has no part #scores"
        picture = page.screenshot(
            full_page=True,
            clip={"x": 0, "y": 0, "width": WIDTH, "height": end["y"]},
        )
        head = Image.open(BytesIO(picture))
        browser.close()
    # Few colours: the picture is in the repository.
    head.convert("RGB").quantize(N_COLORS, dither=Image.Dither.NONE).save(
        OUT, optimize=True
    )


if __name__ == "__main__":
    main(sys.argv[1])
