"""Shows a run on Locust's page: the Cache tab, the chart of the hit ratio, the CSV, /metrics."""

import csv
import io
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Protocol

from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue
from locust.web import WebUI

from loadtests.page.cache_table import COLUMNS, MEANINGS, Line, result_rows
from loadtests.page.exporter import CONTENT_TYPE, Exposition
from loadtests.page.hit_ratio.hit_ratio_chart import NARROW, WIDE, hit_ratio_chart
from loadtests.page.hit_ratio.hit_ratio_series import series_of
from loadtests.page.snapshot import View
from loadtests.run.typed_locust import protected, web_app

_SCRIPTS = Path(__file__).with_name("scripts")
_TYPES: Mapping[str, str] = {"css": "text/css", "js": "text/javascript"}
RUN_FILES = ("page.css", "run_view.js")
"""What the page of every run loads."""


class ShownRun(Protocol):
    """A run that is shown."""

    @property
    def view(self) -> View:
        """Return the last look at it."""

    def update(self) -> None:
        """Look at it again."""


class RunPages:
    """Adds the Cache tab and what belongs to it to Locust's page.

    Args:
        web_ui: Locust's web server, not started yet.
        base: The path that it is served under; "" for none.
        run: The run to show.
        lines: Returns the lines of the Cache tab about the run as a whole.
        exposition: The page /metrics.
        files: The scripts and styles that the page loads, in this order.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - what a page is made of
        self,
        web_ui: WebUI,
        base: str,
        run: ShownRun,
        lines: Callable[[View], list[Line]],
        exposition: Exposition,
        files: tuple[str, ...] = RUN_FILES,
    ) -> None:
        self._base = base
        self._run = run
        self._lines = lines
        self._exposition = exposition
        self._files = files
        web_ui.template_args["extended_tabs"] = [{"title": "Cache", "key": "cache"}]
        web_ui.template_args["extended_csv_files"] = [
            {"href": "./cacheaside/cache.csv", "title": "Download cache CSV"}
        ]
        app = web_app(web_ui)
        app.after_request(self._add_scripts)
        pages = Blueprint("cacheaside", __name__, url_prefix=base)
        pages.get("/metrics")(self._metrics)
        pages.get("/cacheaside/<any(" + ",".join(files) + "):name>")(self._send_file)
        pages.get("/cacheaside/cache.csv")(protected(web_ui, self._csv))
        pages.get("/cacheaside/tables")(protected(web_ui, self._tables))
        pages.get("/cacheaside/hit-ratio.svg")(protected(web_ui, self._chart))
        app.register_blueprint(pages)

    def _add_scripts(self, response: Response) -> Response:
        is_page = request.path == f"{self._base}/" and response.mimetype == "text/html"
        if is_page and response.status_code == 200:
            tags = "".join(
                f'<script src="./cacheaside/{name}" defer></script>'
                if name.endswith(".js")
                else f'<link rel="stylesheet" href="./cacheaside/{name}">'
                for name in self._files
            )
            page = response.get_data(as_text=True)
            response.set_data(page.replace("</body>", f"{tags}</body>"))
        return response

    def _send_file(self, name: str) -> ResponseReturnValue:
        text = (_SCRIPTS / name).read_text(encoding="utf-8")
        kind = _TYPES[name.rpartition(".")[2]]
        return Response(text, content_type=f"{kind}; charset=utf-8")

    def _metrics(self) -> ResponseReturnValue:
        return Response(self._exposition.page(), content_type=CONTENT_TYPE)

    def _tables(self) -> ResponseReturnValue:
        view = self._run.view
        return jsonify(
            run=[asdict(line) for line in self._lines(view)],
            columns=[{"key": key, "title": title} for key, title in COLUMNS],
            results=result_rows(view),
            meanings=MEANINGS,
        )

    def _chart(self) -> ResponseReturnValue:
        width = min(max(request.args.get("width", WIDE, type=int), NARROW), 2 * WIDE)
        drawing = hit_ratio_chart(series_of(self._run.view), width)
        return Response(drawing, content_type="image/svg+xml; charset=utf-8")

    def _csv(self) -> ResponseReturnValue:
        self._run.update()
        view, text = self._run.view, io.StringIO()
        table = csv.DictWriter(text, ["name", "value", *(key for key, _ in COLUMNS[1:])])
        table.writeheader()
        table.writerows({"name": line.name, "value": line.value} for line in self._lines(view))
        table.writerows(result_rows(view))
        headers = {"Content-Disposition": "attachment; filename=cache.csv"}
        return Response(text.getvalue(), content_type="text/csv", headers=headers)
