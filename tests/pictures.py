"""Draws the pictures of README.md that show a sweep, from its records.

`make pictures FOLDER=results/sweep-…` runs it. The folder is that of a `make demo`.
"""

import html
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from loadtests.experiments.report.answer import answer_run
from loadtests.stack import servers
from loadtests.stack.guardian import ROOT

IMAGES = ROOT / "docs/images"
DESKTOP = {"width": 1280, "height": 1240}
PHONE = {"width": 390, "height": 844}
PAPER = {"width": 794, "height": 1123}
"""A4 in CSS pixels, with its margins of 12 mm."""

TERMINAL = """<body style="margin:0; background:#1b1d25"><pre style="margin:0; padding:18px;
 display:inline-block; color:#e8e8ea; font:14px/19px 'DejaVu Sans Mono', monospace">{text}</pre>"""


def main() -> None:
    """Draw the report on a desktop, a phone and paper, and what the terminal shows."""
    if len(sys.argv) != 2:
        sys.exit("name the folder of a sweep: make pictures FOLDER=results/sweep-…")
    folder = Path(sys.argv[1])
    address = answer_run(folder).page.resolve().as_uri()
    with sync_playwright() as playwright:
        program = servers.find_or_unpack(servers.CHROMIUM)
        browser = playwright.chromium.launch(
            executable_path=str(program.path), args=["--no-sandbox", "--disable-gpu"]
        )
        _draw(browser, address, "report", DESKTOP)
        _draw(browser, address, "report-phone", PHONE)
        _draw(browser, address, "report-paper", PAPER, print_it=True)
        _draw_terminal(browser, folder)
        browser.close()


def _draw(
    browser: Browser, address: str, name: str, size: dict[str, int], *, print_it: bool = False
) -> None:
    page = browser.new_page(viewport=size)
    page.goto(address)
    page.wait_for_function("document.querySelectorAll('.cartesianlayer .subplot').length > 5")
    if print_it:
        page.emulate_media(media="print")
        # The third chart does not fit, and print moves it to the next page.
        later = ".charts .chart:nth-child(n+3) { visibility: hidden; }"
        page.add_style_tag(content=f"body {{ padding: 45px; }} {later}")
        page.evaluate("dispatchEvent(new Event('beforeprint'))")
    if size == PHONE:
        page.evaluate("document.querySelector('.charts').scrollIntoView()")
    page.screenshot(path=IMAGES / f"{name}.png")
    page.close()


def _draw_terminal(browser: Browser, folder: Path) -> None:
    shown = subprocess.run(
        [sys.executable, "-m", "loadtests", "report", str(folder)],
        cwd=ROOT,
        check=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ).stdout
    lines = [line.rstrip() for line in ["$ make demo", *shown.splitlines()]]
    page = browser.new_page(viewport={"width": 920, "height": 400})
    page.set_content(TERMINAL.format(text=html.escape("\n".join(lines))))
    page.locator("pre").screenshot(path=IMAGES / "demo.png")
    page.close()


if __name__ == "__main__":
    main()
