"""The Cache tab of a locustfile of one's own, in a real Chromium."""

import os
import re
import subprocess
import sys
from contextlib import ExitStack

import pytest
from playwright.sync_api import expect

from loadtests.stack.guardian import ROOT
from loadtests.stack.ports import free_port
from tests.chromium import opened_page, row_of, running_chromium, shoot
from tests.integration.load.locust_load import answers, wait_for
from tests.integration.target.small_services import ProductApi, SilentApi, SmallService

pytestmark = [pytest.mark.browser, pytest.mark.integration]


@pytest.fixture(scope="module")
def browser(chromium_path):
    with running_chromium(chromium_path) as running:
        yield running


@pytest.fixture
def shown(browser, tmp_path):
    """Return a function that opens the Cache tab of an example's page, and starts its run there."""
    with ExitStack() as ending:

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
            ending.callback(locust.wait, 60)
            ending.callback(locust.terminate)
            wait_for(lambda: answers(f"http://127.0.0.1:{port}") or locust.poll() is not None)
            page = ending.enter_context(opened_page(browser))
            page.goto(f"http://127.0.0.1:{port}")
            page.get_by_role("button", name="Start").click()
            page.get_by_role("tab", name="Cache").click()
            return page

        yield show


@pytest.mark.accept
def test_product_api_has_rows_of_hits_and_misses_and_a_hit_ratio(shown):
    with SmallService(ProductApi, ttl_seconds=60.0) as service:
        page = shown("product_api.py", service.url, "Shopper")
        count = re.compile(r"^[1-9]\d*$")
        expect(row_of(page, "results", "hit").locator("td").first).to_have_text(count)
        expect(row_of(page, "results", "miss").locator("td").first).to_have_text(count)
        ratio = row_of(page, "run", "Hit ratio, whole run").locator("td").first
        expect(ratio).to_have_text(re.compile(r"^\d+\.\d %$"))
        shoot(page, "own-product-api")
        page.get_by_role("tab", name="Charts").click()
        expect(page.locator(".cacheaside-view svg")).to_be_visible()
        shoot(page, "own-product-api-chart")


def test_hit_ratio_of_an_api_that_says_nothing_is_unknown(shown):
    with SmallService(SilentApi) as service:
        page = shown("silent_api.py", service.url)
        unknown = row_of(page, "results", "unknown")
        expect(unknown.locator("td").first).to_have_text(re.compile(r"^[1-9]\d*$"))
        expect(unknown.locator("td").nth(2)).to_have_text(re.compile(r"^\d+\.\d+$"))
        ratio = row_of(page, "run", "Hit ratio, whole run").locator("td").first
        expect(ratio).to_have_text("unknown: the answers do not say whether they came from a cache")
        shoot(page, "own-silent-api")
