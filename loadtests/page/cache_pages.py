"""Adds our parts to Locust's web page: a checked start form, the Cache tab, its CSV, /metrics."""

import csv
import io
import json
import logging

from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue
from locust.argument_parser import ui_extra_args_dict
from locust.env import Environment
from locust.runners import STATE_RUNNING, STATE_SPAWNING
from locust.web import WebUI

from loadtests.page.cache_table import COLUMNS, cache_rows
from loadtests.page.exporter import CONTENT_TYPE, Exposition
from loadtests.page.foreign_pages import ForeignPages
from loadtests.page.live_view import LiveView
from loadtests.page.run_panel import RunPanel
from loadtests.page.start_form import check_fields, check_users, chosen_classes, settings_of_form
from loadtests.page.trace_folders import TraceFolders
from loadtests.run.ledger import FIXED_USERS
from loadtests.run.readiness import Readiness
from loadtests.run.typed_locust import parsed_options, protected, web_app
from loadtests.service_under_test.client import ServiceError
from loadtests.workload.flags import FlagError
from loadtests.workload.knob_flags import KNOB_FLAGS

logger = logging.getLogger(__name__)

TAB = "cache"


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
        self._environment = environment
        self._picker = web_ui.userclass_picker_is_active
        options = parsed_options(environment)
        self._named = options.user_classes or None  # On the command line.
        self._shown = frozenset(ui_extra_args_dict())
        self._trace_folders = TraceFolders(options.trace_folder or (), options.trace)
        self._readiness = readiness
        self._live = live
        self._exposition = exposition
        self._base = options.web_base_path
        app = web_app(web_ui)
        self._add_tab(web_ui)
        self._refuse_without_login = protected(web_ui, lambda: None)
        # The form shows its fields in the order of their declaration.
        app.jinja_env.policies["json.dumps_kwargs"] = {"sort_keys": False}
        ForeignPages(options.web_host, options.page_name or ()).install(app)
        app.before_request(self._check_start)
        app.after_request(self._add_rows)
        pages = Blueprint("cacheaside", __name__, url_prefix=self._base)
        pages.get("/metrics")(self._metrics)
        pages.get("/cacheaside/cache.csv")(protected(web_ui, self._csv))
        RunPanel(readiness.ledger, live, self._base).install(app, pages, web_ui)
        app.register_blueprint(pages)

    def _add_tab(self, web_ui: WebUI) -> None:
        structure = [{"key": key, "title": title} for key, title in COLUMNS]
        web_ui.template_args["extended_tabs"] = [{"title": "Cache", "key": TAB}]
        web_ui.template_args["extended_tables"] = [{"key": TAB, "structure": structure}]
        web_ui.template_args["extended_csv_files"] = [
            {"href": "./cacheaside/cache.csv", "title": "Download cache CSV"}
        ]

    def _check_start(self) -> ResponseReturnValue | None:
        """Refuse a wrong form before Locust acts on it; ready the service for a right one."""
        if request.method != "POST" or request.path != f"{self._base}/swarm":
            return None
        to_login: Response | None = self._refuse_without_login()
        if to_login is not None:
            return to_login
        running = self._running()
        try:
            check_fields(request.form, self._shown)
            self._trace_folders.require(request.form.get("trace", ""))
            if running:
                self._check_edit()
            else:
                self._ready()
        except (FlagError, ServiceError) as error:
            refused = "not changed" if running else "not started"
            logger.error("%s: %s", refused, error)  # noqa: TRY400 - a sentence for the user
            return jsonify(success=False, message=str(error), host=self._environment.host)
        return None

    def _check_edit(self) -> None:
        users = check_users(request.form, self._environment.user_classes)
        # Locust keeps all fields for the next run, although they change nothing of this one.
        settings_of_form(request.form, parsed_options(self._environment))
        ledger = self._readiness.ledger
        if ledger.has_fixed_users:
            raise FlagError(FIXED_USERS)
        self._readiness.require_slots(ledger.settings_now(), users)

    def _running(self) -> bool:
        runner = self._environment.runner
        return runner is not None and runner.state in (STATE_RUNNING, STATE_SPAWNING)

    def _ready(self) -> None:
        options = parsed_options(self._environment)
        named = request.form.getlist("user_classes") if self._picker else self._named
        classes = chosen_classes(request.form, named, self._environment)
        users = check_users(request.form, classes)
        settings = settings_of_form(request.form, options)
        self._environment.user_classes = classes
        self._readiness.require_slots(settings, users)
        self._readiness.ready_service(settings)
        options.service_url = list(settings.service_urls)
        for flag in KNOB_FLAGS:  # As texts, because Locust keeps the type of the value it finds.
            setattr(options, flag.key, str(getattr(options, flag.key)))

    def _add_rows(self, response: Response) -> Response:
        if request.path == f"{self._base}/stats/requests" and response.status_code == 200:
            report = json.loads(response.get_data())
            rows = cache_rows(self._live.view)
            report["extended_stats"] = [{"key": TAB, "data": rows}]
            response.set_data(json.dumps(report))
        return response

    def _metrics(self) -> ResponseReturnValue:
        return Response(self._exposition.page(), content_type=CONTENT_TYPE)

    def _csv(self) -> ResponseReturnValue:
        text = io.StringIO()
        table = csv.DictWriter(text, [key for key, _ in COLUMNS])
        table.writeheader()
        self._live.update()
        table.writerows(cache_rows(self._live.view))
        headers = {"Content-Disposition": "attachment; filename=cache.csv"}
        return Response(text.getvalue(), content_type="text/csv", headers=headers)
