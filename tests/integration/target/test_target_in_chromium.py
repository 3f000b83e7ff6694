"""Locust's page with a target that says nothing of a cache, in a real Chromium."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect, sync_playwright

from tests.integration.load.locust_load import LocustProcess
from tests.integration.target.small_services import SilentApi, SmallService

pytestmark = [pytest.mark.browser, pytest.mark.integration, pytest.mark.accept]

FLAGS = ("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking")
SHOTS = Path("results") / "screenshots"
PATIENCE_MS = 60_000
SAID_BY_NOBODY = "unknown: the answers do not say whether they came from a cache"


@pytest.fixture
def page(chromium_path):
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path, args=[*FLAGS])
        opened = browser.new_page(viewport={"width": 1440, "height": 900})
        opened.set_default_timeout(PATIENCE_MS)
        errors = []
        opened.on("pageerror", lambda error: errors.append(str(error)))
        yield opened
        browser.close()
        assert errors == []


def row_of(page, table, name):
    return page.locator(f".cacheaside-view table.{table} tr").filter(
        has=page.locator("th", has_text=re.compile(f"^{re.escape(name)}"))
    )


def test_hit_ratio_is_unknown_and_the_latencies_stand(page, tmp_path):
    described = tmp_path / "books.toml"
    with SmallService(SilentApi) as books:
        described.write_text(f"""
            url = "{books.url}/search"
            method = "POST"
            body = '{{"isbn": "{{key}}"}}'
        """)
        words = ["--target-file", described, "--items", 50, "--ttl-seconds", 30]
        with LocustProcess(tmp_path, None, *words, headless=False) as locust:
            locust.until_page()
            page.goto(locust.page_url)
            page.get_by_role("button", name="Start").click()
            page.get_by_role("tab", name="Cache").click()
            unknown = row_of(page, "results", "unknown").locator("td")
            expect(unknown.first).to_have_text(re.compile(r"^[1-9]\d*$"))
            expect(unknown.nth(2)).to_have_text(re.compile(r"^\d+\.\d+$"))
            ratio = row_of(page, "run", "Hit ratio, whole run").locator("td").first
            expect(ratio).to_have_text(SAID_BY_NOBODY)
            SHOTS.mkdir(parents=True, exist_ok=True)
            page.screenshot(path=SHOTS / "target-silent.png", full_page=True)
            page.get_by_role("button", name="Stop").click()
            expect(page.get_by_role("button", name="New")).to_be_visible()
            page.screenshot(path=SHOTS / "target-silent-stopped.png", full_page=True)
