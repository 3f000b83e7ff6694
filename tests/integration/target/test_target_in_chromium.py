"""Locust's page with a target that says nothing of a cache, in a real Chromium."""

import re

import pytest
from playwright.sync_api import expect

from tests.chromium import opened_page, row_of, running_chromium, shoot
from tests.integration.load.locust_load import LocustProcess
from tests.integration.target.small_services import SilentApi, SmallService

pytestmark = [pytest.mark.browser, pytest.mark.integration, pytest.mark.accept]

SAID_BY_NOBODY = "unknown: the answers do not say whether they came from a cache"


@pytest.fixture
def page(chromium_path):
    with running_chromium(chromium_path) as browser, opened_page(browser) as page:
        yield page


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
            shoot(page, "target-silent", whole=True)
            page.get_by_role("button", name="Stop").click()
            expect(page.get_by_role("button", name="New")).to_be_visible()
            shoot(page, "target-silent-stopped", whole=True)
