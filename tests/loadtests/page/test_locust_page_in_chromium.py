"""Locust's page in a real Chromium: form, Cache tab, run-time panel, CSV, refusals."""

import csv
import io
import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from loadtests.output.figure_text import UNKNOWN
from loadtests.sender.samples import RESULTS
from loadtests.stack.local import LocalStack
from tests import chromium
from tests.chromium import PATIENCE_MS, opened_page, row_of, running_chromium
from tests.integration.load.locust_load import LocustProcess, fetch

pytestmark = [pytest.mark.browser, pytest.mark.integration]

WIDTHS = {"desktop": (1440, 900), "phone": (390, 844)}


@pytest.fixture(scope="module")
def browser(chromium_path):
    with running_chromium(chromium_path) as running:
        yield running


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
    with opened_page(browser, *WIDTHS[width]) as opened:
        opened.goto(locust.page_url)
        yield opened


def shoot(page, name, width, *, whole=False):
    chromium.shoot(page, f"locust-{name}-{width}", whole=whole)


def start(page, **fields):
    for name, value in fields.items():
        page.locator(f"input[name={name}]").fill(value)
    page.get_by_role("button", name="Start").click()


def count(page, result):
    """Return the locator of the count of one result in the Cache tab."""
    return row_of(page, "results", result).locator("td").first


def percent(page, name):
    """Return a figure of the run in the Cache tab; None if it is in words."""
    text = row_of(page, "run", name).locator("td").first.inner_text()
    return float(text.removesuffix(" %")) if text.endswith("%") else None


def wait_for_hit_ratio(page, comparison):
    page.wait_for_function(
        "([name, compare]) => [...document.querySelectorAll('.cacheaside-view tr')].some(tr =>"
        " tr.cells[0].innerText === name && new Function('ratio', `return ratio ${compare}`)("
        "parseFloat(tr.cells[1].innerText)))",
        arg=["Hit ratio, last 10 s", comparison],
        timeout=PATIENCE_MS,
    )


def knob(page, name):
    return page.locator(f"#cacheaside-panel [name={name}]")


def has_no_sideways_scroll(page):
    return page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


@pytest.mark.long
def test_a_run_is_started_watched_changed_and_stopped_on_the_page(page, locust, width):
    shoot(page, "form", width)
    start(page, rate="200", items="300", ttlSeconds="30")
    page.get_by_role("tab", name="Cache").click()
    expect(count(page, "hit")).to_have_text(re.compile(r"^[1-9]\d*$"), timeout=PATIENCE_MS)
    first = int(count(page, "all lookups").inner_text())
    expect(count(page, "all lookups")).not_to_have_text(str(first), timeout=PATIENCE_MS)
    wait_for_hit_ratio(page, "> 85")
    assert percent(page, "Hit ratio, predicted") > 85

    page.locator("#cacheaside-panel summary").click()
    expect(knob(page, "ttl_seconds")).to_have_value("30")
    knob(page, "ttl_seconds").fill("0.05")
    page.get_by_role("button", name="Apply").click()
    expect(page.locator("#cacheaside-panel [role=status]")).to_have_text("ttl seconds: in force")
    shoot(page, "panel", width)
    wait_for_hit_ratio(page, "< 50")
    assert percent(page, "Hit ratio, predicted") < 50
    page.locator("#cacheaside-panel summary").click()
    shoot(page, "cache", width)
    assert has_no_sideways_scroll(page)
    assert UNKNOWN not in page.locator(".cacheaside-view").inner_text()

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
    counts = {row["name"]: row["count"] for row in rows if row["count"]}
    assert int(counts["all lookups"]) == sum(int(counts.get(word, 0)) for word in RESULTS)
    exported = fetch(locust.page_url + "/metrics")
    hits = re.search(
        r'loadtest_requests_total\{result="hit",scenario="ReadHeavy"\} (\S+)', exported
    )
    assert float(hits[1]) == int(counts["hit"])


def test_a_bad_value_is_refused_in_the_page(page, locust, width):
    start(page, rate="-5")

    alert = page.get_by_role("alert")
    expect(alert).to_have_text(
        "rate must be a number from 0.01 to 100000 arrivals/s, got '-5'; try 100"
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


COVERED = """() => {
  const panel = document.getElementById("cacheaside-panel").getBoundingClientRect();
  const all = document.querySelectorAll("#root :is(button, th, td, h2, [role=tab])");
  return [...all].filter((shown) => {
    const box = shown.getBoundingClientRect();
    return box.width && box.top < panel.bottom && panel.top < box.bottom;
  }).map((shown) => shown.textContent);
}"""
"""What lies at the height of the panel, which is as wide as the page."""


@pytest.mark.parametrize("tab", ["Statistics", "Charts", "Cache"])
def test_the_knob_panel_covers_nothing(page, width, tab):
    start(page, rate="50")
    page.get_by_role("tab", name=tab).click()
    panel = page.locator("#cacheaside-panel")
    expect(panel).to_contain_text("hit ratio")

    assert page.evaluate(COVERED) == []
    panel.locator("summary").click()
    expect(knob(page, "ttl_seconds")).to_be_visible()
    assert page.evaluate(COVERED) == []
    assert has_no_sideways_scroll(page)
    shoot(page, f"panel-{tab.lower()}", width)


def test_the_form_shows_the_common_ten_first_and_opens_the_other_groups(page):
    shown = page.locator(".cacheaside-fields [name]:visible")
    expect(shown).to_have_count(10)
    assert shown.nth(0).get_attribute("name") == "scenario"
    users = page.locator("[name=userCount]")
    described = page.locator("#" + users.get_attribute("aria-describedby"))
    expect(described).to_contain_text("How many arrival streams share the rate")

    page.get_by_role("button", name="Which ids").click()

    expect(shown).to_have_count(21)
    expect(page.locator("[name=hotKey]")).to_be_visible()
    assert has_no_sideways_scroll(page)


def test_the_charts_have_one_of_the_hit_ratio_measured_and_by_theory(page, width):
    start(page, rate="100", items="50", ttlSeconds="1")
    page.get_by_role("tab", name="Charts").click()

    chart = page.locator(".cacheaside-view svg")
    expect(chart.locator("path.measured")).not_to_have_count(0, timeout=PATIENCE_MS)
    expect(chart.locator("path.theory")).to_have_count(1)
    expect(chart).to_contain_text("theory")
    shoot(page, "charts", width)
    page.get_by_role("tab", name="Statistics").click()
    expect(chart).to_have_count(0)
    expect(page.get_by_role("cell", name="/fruit/[id] hit")).to_be_visible(timeout=PATIENCE_MS)
    page.get_by_role("tab", name="Charts").click()
    expect(chart).to_have_count(1)


def edit(page, width, **fields):
    if width == "phone":
        page.get_by_role("button", name="menu").click()
    page.get_by_role("button", name="Edit", exact=True).click()
    form = page.locator("form", has=page.get_by_role("button", name="Update"))
    for name, value in fields.items():
        form.locator(f"[name={name}]").fill(value)
    form.get_by_role("button", name="Update").click()
    expect(form).to_have_count(0)
    if width == "phone":
        page.keyboard.press("Escape")


def test_an_edit_obeys_or_refuses_in_a_sentence(page, locust, width):
    start(page, rate="60", items="200", ttlSeconds="30")
    page.get_by_role("tab", name="Cache").click()
    expect(row_of(page, "run", "Target rate")).to_contain_text("60 arrivals/s")

    edit(page, width, rate="120", ttlSeconds="2")

    expect(row_of(page, "run", "Target rate")).to_contain_text("120", timeout=PATIENCE_MS)
    expect(row_of(page, "run", "Hit ratio, warm since")).to_contain_text("ttl_seconds 30 → 2")
    assert json.loads(fetch(locust.page_url + "/cacheaside/live"))["knobs"]["ttl_seconds"] == 2

    edit(page, width, rate="-1")

    refusal = page.get_by_role("alert")
    expect(refusal).to_contain_text("Not changed: rate must be a number from 0.01")
    shoot(page, "edit-refused", width)
    refusal.get_by_role("button", name="Close").click()
    expect(refusal).to_have_count(0)


def test_the_edit_form_shows_what_is_in_force_and_what_cannot_change(page, locust, width):
    start(page, rate="77", items="200")
    page.get_by_role("tab", name="Cache").click()
    expect(count(page, "all lookups")).to_be_visible(timeout=PATIENCE_MS)
    page.goto(locust.page_url)
    if width == "phone":
        page.get_by_role("button", name="menu").click()
    page.get_by_role("button", name="Edit", exact=True).click()

    expect(page.locator("[name=rate]")).to_have_value("77")
    expect(page.locator("[name=rate]")).to_be_enabled()
    expect(page.locator("[name=items]")).to_have_value("200")
    expect(page.locator("[name=items]")).to_be_disabled()
    expect(page.get_by_text("Ids in the catalogue. Cannot change during a run.")).to_be_visible()
    shoot(page, "edit", width)


def test_the_html_report_has_the_chart_and_both_tables(page, locust, browser, tmp_path, width):
    start(page, rate="100", items="50", ttlSeconds="1")
    page.get_by_role("tab", name="Cache").click()
    expect(count(page, "hit")).to_have_text(re.compile(r"^[1-9]\d*$"), timeout=PATIENCE_MS)
    saved = tmp_path / "report.html"
    saved.write_text(fetch(locust.page_url + "/stats/report"), encoding="utf-8")

    with opened_page(browser, *WIDTHS[width]) as report:
        report.goto(saved.as_uri())
        expect(report.locator("#root #cacheaside-report svg:visible")).to_have_count(1)
        expect(report.locator("#cacheaside-report svg:visible path.theory")).to_have_count(1)
        expect(row_of(report, "results", "hit")).to_be_visible()
        shoot(report, "report", width, whole=True)
