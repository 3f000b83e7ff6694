"""A report in a real Chromium: on a desktop, on a phone and on paper, without a network."""

import dataclasses
import re
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from loadtests.experiments.report.pages import render_sweep

pytestmark = [pytest.mark.browser, pytest.mark.integration]

SHOTS = Path("results") / "screenshots"
WIDTHS = {"desktop": 1440, "laptop": 1110, "tablet": 768, "phone": 390}
PAPER = (703, 1031)
"""A4 less its margins of 12 mm, in CSS pixels."""

OVERFLOWING = """() => [...document.querySelectorAll("main *, main svg")]
  .filter(each => each.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
  .map(each => each.outerHTML.slice(0, 80))"""

OUTSIDE_THEIR_CARD = """() => [...document.querySelectorAll(".chart")].filter(card => {
  const outer = card.getBoundingClientRect();
  return [...card.querySelectorAll(".main-svg")].some(svg => {
    const inner = svg.getBoundingClientRect();
    return inner.right > outer.right + 1 || inner.bottom > outer.bottom + 1;
  });
}).length"""

LEGENDS_OVER_PLOTS = """() => [...document.querySelectorAll(".plotly-graph-div")].filter(chart => {
  const legend = chart.querySelector(".legend").getBoundingClientRect();
  const top = chart.getBoundingClientRect().top + chart._fullLayout._size.t;
  return legend.bottom > top + 2;
}).length"""


@pytest.fixture(scope="module")
def browser(chromium_path):
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(
            executable_path=chromium_path, args=["--no-sandbox", "--disable-gpu"]
        )
        yield running
        running.close()


@pytest.fixture
def open_report(browser, results, tmp_path):
    """Return a function that opens the report offline; its scripts must raise no error."""
    replayed = [
        dataclasses.replace(trial, replayed_hit_ratio=0.901, residual=-0.001)
        for trial in results.trials
    ]
    path = tmp_path / "report.html"
    pages = render_sweep(dataclasses.replace(results, trials=replayed))
    path.write_text(pages.html, encoding="utf-8")
    opened, errors, asked = [], [], []

    def open_at(width):
        page = browser.new_page(viewport={"width": width, "height": 900}, offline=True)
        opened.append(page)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        page.set_default_timeout(60_000)
        page.goto(path.as_uri())
        page.wait_for_function("document.querySelectorAll('.cartesianlayer .subplot').length > 0")
        return page

    yield open_at
    for page in opened:
        page.close()
    assert errors == []
    assert {url for url in asked if not url.startswith("data:")} == {path.as_uri()}


def shoot(page, name):
    SHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SHOTS / f"report-{name}.png", full_page=True)


@pytest.mark.parametrize("device", WIDTHS)
def test_report_reads_without_horizontal_scroll(open_report, device):
    page = open_report(WIDTHS[device])
    shoot(page, device)

    assert page.evaluate("document.documentElement.scrollWidth") == WIDTHS[device]
    assert page.evaluate(OVERFLOWING) == []
    assert page.evaluate(OUTSIDE_THEIR_CARD) == 0
    assert page.evaluate(LEGENDS_OVER_PLOTS) == 0
    assert page.locator(".js-plotly-plot .cartesianlayer .subplot").count() >= 9


def test_cells_name_themselves_on_a_phone_where_the_table_has_no_head(open_report):
    page = open_report(WIDTHS["phone"])

    cell = page.locator(".trials td:nth-child(3)").first
    named = cell.evaluate("cell => getComputedStyle(cell, '::before').content")

    assert named == '"hit ratio measured"'
    assert cell.text_content() == "0.900"
    assert not page.locator("thead").first.is_visible()


def test_hovering_over_a_point_shows_its_value_and_unit(open_report):
    page = open_report(WIDTHS["desktop"])
    chart = page.locator(".plotly-graph-div").nth(1)
    chart.scroll_into_view_if_needed()

    point = chart.locator(".scatterlayer .trace").last.locator(".points path").first
    box = point.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)

    text = chart.locator(".hoverlayer .hovertext").first.text_content(timeout=30_000)
    assert re.search(r"10\.0/s at TTL 2 s, trial 3, doubted", text)


@pytest.mark.parametrize("device", ["desktop", "tablet", "phone"])
def test_report_prints_on_a4_with_nothing_cut(open_report, tmp_path, device):
    page = open_report(WIDTHS[device])
    before = page.evaluate("document.querySelector('.plotly-graph-div').offsetWidth")

    page.pdf(path=tmp_path / "report.pdf", prefer_css_page_size=True)

    pages = re.findall(rb"/Type\s*/Page\b", (tmp_path / "report.pdf").read_bytes())
    boxes = set(re.findall(rb"/MediaBox\s*\[([^\]]*)\]", (tmp_path / "report.pdf").read_bytes()))
    assert 4 <= len(pages) <= 7
    assert {tuple(round(float(side)) for side in box.split()) for box in boxes} == {
        (0, 0, 595, 842)
    }
    # Afterwards the page is as it was.
    assert page.evaluate("document.querySelector('.plotly-graph-div').offsetWidth") == before


@pytest.mark.parametrize("device", ["desktop", "phone"])
def test_charts_and_tables_fit_the_paper(open_report, device):
    page = open_report(WIDTHS[device])
    across, down = PAPER

    page.emulate_media(media="print")
    page.set_viewport_size({"width": across, "height": down})
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    shoot(page, f"paper-from-{device}")

    assert page.evaluate(OVERFLOWING) == []
    assert page.evaluate(OUTSIDE_THEIR_CARD) == 0
    assert page.evaluate(LEGENDS_OVER_PLOTS) == 0
    tall = page.evaluate(
        "[...document.querySelectorAll('.chart, .answer, .settings .card')]"
        ".map(each => [each.offsetHeight, getComputedStyle(each).breakInside])"
    )
    assert {breaks for _, breaks in tall} == {"avoid"}
    assert max(height for height, _ in tall) < down / 2
    assert page.locator("thead").first.is_visible()
