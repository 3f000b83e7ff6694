"""The Cache tab of a locustfile of one's own, in a real Chromium."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import expect, sync_playwright

from loadtests.stack.guardian import ROOT
from loadtests.stack.ports import free_port
from tests.integration.load.locust_load import answers, wait_for
from tests.integration.target.small_services import ProductApi, SilentApi, SmallService

pytestmark = [pytest.mark.browser, pytest.mark.integration]

FLAGS = ("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking")
SHOTS = Path("results") / "screenshots"
PATIENCE_MS = 60_000


@pytest.fixture(scope="module")
def browser(chromium_path):
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium_path, args=[*FLAGS])
        yield running
        running.close()


@pytest.fixture
def shown(browser, tmp_path):
    """Return a function that opens the Cache tab of an example's page, and starts its run there."""
    ended = []

    def show(example, url, *users):
        port = free_port()
        words = ["--host", url, "--web-host", "127.0.0.1", "--web-port", str(port), *users]
        locustfile = ROOT / "docs" / "examples" / example
        with (tmp_path / "log").open("w") as log:
            locust = subprocess.Popen(
                [sys.executable, "-m", "locust", "-f", locustfile, *words],
                cwd=tmp_path,
                env=os.environ | {"PYTHONPATH": str(ROOT)},
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        ended.append(locust)
        wait_for(lambda: answers(f"http://127.0.0.1:{port}") or locust.poll() is not None)
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.set_default_timeout(PATIENCE_MS)
        errors = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(f"http://127.0.0.1:{port}")
        page.get_by_role("button", name="Start").click()
        page.get_by_role("tab", name="Cache").click()
        return page, errors

    yield show
    for process in ended:
        process.terminate()
        process.wait(60)


def _row(page, table, name):
    return page.locator(f".cacheaside-view table.{table} tr").filter(
        has=page.locator("th", has_text=re.compile(f"^{re.escape(name)}"))
    )


def _shoot(page, name):
    SHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SHOTS / f"{name}.png")


@pytest.mark.accept
def test_product_api_has_rows_of_hits_and_misses_and_a_hit_ratio(shown):
    with SmallService(ProductApi, ttl_seconds=60.0) as service:
        page, errors = shown("product_api.py", service.url, "Shopper")
        count = re.compile(r"^[1-9]\d*$")
        expect(_row(page, "results", "hit").locator("td").first).to_have_text(count)
        expect(_row(page, "results", "miss").locator("td").first).to_have_text(count)
        ratio = _row(page, "run", "Hit ratio, whole run").locator("td").first
        expect(ratio).to_have_text(re.compile(r"^\d+\.\d %$"))
        _shoot(page, "own-product-api")
        page.get_by_role("tab", name="Charts").click()
        expect(page.locator(".cacheaside-view svg")).to_be_visible()
        _shoot(page, "own-product-api-chart")

    assert errors == []


def test_hit_ratio_of_an_api_that_says_nothing_is_unknown(shown):
    with SmallService(SilentApi) as service:
        page, errors = shown("silent_api.py", service.url)
        unknown = _row(page, "results", "unknown")
        expect(unknown.locator("td").first).to_have_text(re.compile(r"^[1-9]\d*$"))
        expect(unknown.locator("td").nth(2)).to_have_text(re.compile(r"^\d+\.\d+$"))
        ratio = _row(page, "run", "Hit ratio, whole run").locator("td").first
        expect(ratio).to_have_text("unknown: the answers do not say whether they came from a cache")
        _shoot(page, "own-silent-api")

    assert errors == []
