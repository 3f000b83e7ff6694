"""Pages in a real Chromium, whose scripts must raise no error."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Locator, Page, sync_playwright

SHOTS = Path("results") / "screenshots"
PATIENCE_MS = 60_000
_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@contextmanager
def running_chromium(path: str) -> Iterator[Browser]:
    """Run the Chromium at a path."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=[*_FLAGS])
        yield browser
        browser.close()


@contextmanager
def opened_page(browser: Browser, across: int = 1440, down: int = 900) -> Iterator[Page]:
    """Open an empty page of a width and height in CSS pixels.

    Raises:
        AssertionError: At the end, scripts of what was shown there had raised errors.
    """
    page = browser.new_page(viewport={"width": across, "height": down})
    page.set_default_timeout(PATIENCE_MS)
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    page.close()
    assert errors == []


def shoot(page: Page, name: str, *, whole: bool = False) -> None:
    """Keep a picture of what a page shows, or of the whole page."""
    SHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SHOTS / f"{name}.png", full_page=whole)


def row_of(page: Page, table: str, name: str) -> Locator:
    """Return the rows of a table of the Cache tab whose names begin so."""
    return page.locator(f".cacheaside-view table.{table} tr").filter(
        has=page.locator("th", has_text=re.compile(f"^{re.escape(name)}"))
    )
