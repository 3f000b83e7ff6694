"""Adds our parts to Locust's web page: start form, Cache tab, chart, knob panel, CSV, /metrics."""

import csv
import io
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue
from locust.env import Environment
from locust.web import WebUI

from loadtests.page.cache_table import COLUMNS, MEANINGS, result_rows, run_lines
from loadtests.page.exporter import CONTENT_TYPE, Exposition
from loadtests.page.foreign_pages import ForeignPages
from loadtests.page.form_groups import form_guide, form_options
from loadtests.page.hit_ratio.hit_ratio_chart import NARROW, WIDE, hit_ratio_chart
from loadtests.page.hit_ratio.hit_ratio_series import series_of
from loadtests.page.knob_panel import KnobPanel
from loadtests.page.live_view import LiveView
from loadtests.page.start_checks import StartChecks
from loadtests.run.readiness import Readiness
from loadtests.run.typed_locust import parsed_options, protected, web_app

_SCRIPTS = Path(__file__).with_name("scripts")
_FILES: Mapping[str, str] = {
    "page.css": "text/css",
    "knob_panel.js": "text/javascript",
    "run_view.js": "text/javascript",
    "start_form.js": "text/javascript",
}
"""What the page loads, and its type."""


class CachePages:
    """Adds our parts to Locust's page at `/` and beside it.

    Args:
        environment: Locust's environment.
        web_ui: Locust's web server, not started yet.
        readiness: Readies the service for a run.
        live: The view of the run.
        exposition: The page /metrics.
    """

    def __init__(
        self,
        environment: Environment,
        web_ui: WebUI,
        readiness: Readiness,
        live: LiveView,
        exposition: Exposition,
    ) -> None:
        options = parsed_options(environment)
        self._environment = environment
        self._live = live
        self._exposition = exposition
        self._base = options.web_base_path
        app = web_app(web_ui)
        # The form shows its fields in the order in which they are given.
        app.jinja_env.policies["json.dumps_kwargs"] = {"sort_keys": False}
        self._fill_template(web_ui)
        ForeignPages(options.web_host, options.page_name or ()).install(app)
        StartChecks(environment, web_ui, readiness).install(app)
        app.after_request(self._add_scripts)
        pages = Blueprint("cacheaside", __name__, url_prefix=self._base)
        pages.get("/metrics")(self._metrics)
        pages.get("/cacheaside/<any(" + ",".join(_FILES) + "):name>")(self._send_file)
        pages.get("/cacheaside/cache.csv")(protected(web_ui, self._csv))
        pages.get("/cacheaside/tables")(protected(web_ui, self._tables))
        pages.get("/cacheaside/hit-ratio.svg")(protected(web_ui, self._chart))
        KnobPanel(readiness.ledger, live).install(pages, web_ui)
        app.register_blueprint(pages)

    def _fill_template(self, web_ui: WebUI) -> None:
        """Add to what Locust's page is made from, each time that it is made."""
        make_template_args = web_ui.update_template_args

        def update_template_args() -> None:
            make_template_args()  # type: ignore[no-untyped-call]
            args, options = web_ui.template_args, parsed_options(self._environment)
            args["extra_options"] = form_options(args["extra_options"], options)
            args["cacheaside"] = form_guide()

        web_ui.update_template_args = update_template_args  # type: ignore[method-assign]
        web_ui.template_args["extended_tabs"] = [{"title": "Cache", "key": "cache"}]
        web_ui.template_args["extended_csv_files"] = [
            {"href": "./cacheaside/cache.csv", "title": "Download cache CSV"}
        ]

    def _add_scripts(self, response: Response) -> Response:
        is_page = request.path == f"{self._base}/" and response.mimetype == "text/html"
        if is_page and response.status_code == 200:
            tags = '<link rel="stylesheet" href="./cacheaside/page.css">'
            for name in _FILES:
                if name.endswith(".js"):
                    tags += f'<script src="./cacheaside/{name}" defer></script>'
            page = response.get_data(as_text=True)
            response.set_data(page.replace("</body>", f"{tags}</body>"))
        return response

    def _send_file(self, name: str) -> ResponseReturnValue:
        text = (_SCRIPTS / name).read_text(encoding="utf-8")
        return Response(text, content_type=f"{_FILES[name]}; charset=utf-8")

    def _metrics(self) -> ResponseReturnValue:
        return Response(self._exposition.page(), content_type=CONTENT_TYPE)

    def _tables(self) -> ResponseReturnValue:
        view = self._live.view
        return jsonify(
            run=[asdict(line) for line in run_lines(view)],
            columns=[{"key": key, "title": title} for key, title in COLUMNS],
            results=result_rows(view),
            meanings=MEANINGS,
        )

    def _chart(self) -> ResponseReturnValue:
        width = min(max(request.args.get("width", WIDE, type=int), NARROW), 2 * WIDE)
        drawing = hit_ratio_chart(series_of(self._live.view), width)
        return Response(drawing, content_type="image/svg+xml; charset=utf-8")

    def _csv(self) -> ResponseReturnValue:
        self._live.update()
        view, text = self._live.view, io.StringIO()
        table = csv.DictWriter(text, ["name", "value", *(key for key, _ in COLUMNS[1:])])
        table.writeheader()
        table.writerows({"name": line.name, "value": line.value} for line in run_lines(view))
        table.writerows(result_rows(view))
        headers = {"Content-Disposition": "attachment; filename=cache.csv"}
        return Response(text.getvalue(), content_type="text/csv", headers=headers)
