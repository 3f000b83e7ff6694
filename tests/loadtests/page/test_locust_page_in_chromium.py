"""Locust's page in a real Chromium: form, Cache tab, run-time panel, CSV, refusals."""

import csv
import io
import re
from pathlib import Path

import pytest
from playwright.sync_api import expect, sync_playwright

from loadtests.sender.samples import RESULTS
from loadtests.stack.local import LocalStack
from tests.integration.load.locust_load import LocustProcess, fetch

pytestmark = [pytest.mark.browser, pytest.mark.integration]

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
SHOTS = Path("results") / "screenshots"
PATIENCE_MS = 60_000
WIDTHS = {"desktop": (1280, 900), "phone": (390, 844)}


@pytest.fixture(scope="module")
def browser(chromium_path):
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium_path, args=[*FLAGS])
        yield running
        running.close()


@pytest.fixture(scope="module")
def service_url(require_servers):  # noqa: ARG001 - skips, or fails under CI, without Redis
    with LocalStack(database="sqlite") as stack:
        yield stack.service_urls[0]


@pytest.fixture
def locust(service_url, tmp_path):
    with LocustProcess(tmp_path, service_url, headless=False) as running:
        running.until_page()
        yield running


@pytest.fixture(params=["desktop", pytest.param("phone", marks=pytest.mark.accept)])
def width(request):
    return request.param


@pytest.fixture
def page(browser, locust, width):
    """Yield Locust's page; fail the test if its scripts raised an error."""
    across, down = WIDTHS[width]
    opened = browser.new_page(viewport={"width": across, "height": down})
    opened.set_default_timeout(PATIENCE_MS)
    errors = []
    opened.on("pageerror", lambda error: errors.append(str(error)))
    opened.goto(locust.page_url)
    yield opened
    opened.close()
    assert errors == []


def shoot(page, name, width):
    SHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SHOTS / f"locust-{name}-{width}.png")


def start(page, **fields):
    page.get_by_text("Custom parameters").click()
    for name, value in fields.items():
        page.locator(f"input[name={name}]").fill(value)
    page.get_by_role("button", name="Start").click()


def cell(page, row, column):
    """Return the locator of one cell of the Cache tab."""
    return (
        page.locator("tr", has=page.get_by_role("cell", name=row, exact=True))
        .locator("td")
        .nth(column)
    )


def percent(page, row):
    text = cell(page, row, 2).inner_text()
    return float(text.removesuffix(" %")) if text.endswith("%") else None


def knob(page, name):
    return page.locator(f"#cacheaside-panel [name={name}]")


def has_no_sideways_scroll(page):
    return page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_a_run_is_started_watched_changed_and_stopped_on_the_page(page, locust, width):
    shoot(page, "form", width)
    start(page, rate="200", items="300", ttlSeconds="30")
    page.get_by_role("tab", name="Cache").click()
    expect(cell(page, "hit", 1)).to_have_text(re.compile(r"^[1-9]\d*$"), timeout=PATIENCE_MS)
    first = int(cell(page, "All lookups", 1).inner_text())
    expect(cell(page, "All lookups", 1)).not_to_have_text(str(first), timeout=PATIENCE_MS)
    page.wait_for_function(
        "row => [...document.querySelectorAll('tr')].some("
        "tr => tr.cells[0].innerText === row && parseFloat(tr.cells[2].innerText) > 85)",
        arg="Hit ratio, last 10 s",
        timeout=PATIENCE_MS,
    )
    assert percent(page, "Hit ratio, predicted") > 85

    page.locator("#cacheaside-panel summary").click()
    expect(knob(page, "ttl_seconds")).to_have_value("30")
    knob(page, "ttl_seconds").fill("0.05")
    page.get_by_role("button", name="Apply").click()
    expect(page.locator("#cacheaside-panel [role=status]")).to_have_text("ttl seconds: in force")
    shoot(page, "panel", width)
    page.wait_for_function(
        "row => [...document.querySelectorAll('tr')].some("
        "tr => tr.cells[0].innerText === row && parseFloat(tr.cells[2].innerText) < 50)",
        arg="Hit ratio, last 10 s",
        timeout=PATIENCE_MS,
    )
    assert percent(page, "Hit ratio, predicted") < 50
    page.locator("#cacheaside-panel summary").click()
    shoot(page, "cache", width)
    assert has_no_sideways_scroll(page)

    if width == "phone":
        page.get_by_role("button", name="menu").click()
    page.get_by_role("button", name="Stop", exact=True).click()
    expect(page.get_by_role("button", name="New", exact=True)).to_be_visible()
    if width == "phone":
        page.keyboard.press("Escape")
    page.get_by_role("tab", name="Download data").click()
    with page.expect_download() as download:
        page.get_by_text("Download cache CSV").click()
    rows = list(csv.DictReader(io.StringIO(Path(download.value.path()).read_text())))
    counts = {row["name"]: row["count"] for row in rows}
    assert int(counts["All lookups"]) == sum(int(counts.get(word, 0)) for word in RESULTS)
    exported = fetch(locust.page_url + "/metrics")
    hits = re.search(
        r'loadtest_requests_total\{result="hit",scenario="ReadHeavy"\} (\S+)', exported
    )
    assert float(hits[1]) == int(counts["hit"])


def test_a_bad_value_is_refused_in_the_page(page, locust, width):
    start(page, rate="-5")

    alert = page.get_by_role("alert")
    expect(alert).to_have_text(
        "rate must be a number from 0.01 to 100000 arrivals/s, got '-5'; try --rate 100"
    )
    alert.scroll_into_view_if_needed()
    shoot(page, "refused", width)
    assert "Ramping" not in locust.log_text
    assert has_no_sideways_scroll(page)


def test_a_bad_knob_is_refused_in_the_panel(page, width):
    start(page, rate="50")
    page.get_by_role("tab", name="Cache").click()
    page.locator("#cacheaside-panel summary").click()
    expect(knob(page, "protection")).to_be_visible()

    knob(page, "ttl_seconds").fill("-1")
    page.get_by_role("button", name="Apply").click()

    status = page.locator("#cacheaside-panel [role=status]")
    expect(status).to_contain_text("ttl-seconds must be a number from 0 to 2678400 seconds")
    knob(page, "ttl_seconds").fill("")
    page.get_by_role("button", name="Apply").click()
    expect(status).to_contain_text("got ''")
    shoot(page, "panel-refused", width)
