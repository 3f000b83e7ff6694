"""Adds our parts to Locust's web page: the start form and its checks, the run, the knob panel."""

from flask import Blueprint
from locust.env import Environment
from locust.web import WebUI

from loadtests.page.access.page_guard import guard_page
from loadtests.page.cache_table import run_lines
from loadtests.page.exporter import Exposition
from loadtests.page.form_groups import form_guide, form_options
from loadtests.page.knob_panel import KnobPanel
from loadtests.page.live_view import LiveView
from loadtests.page.run_pages import RunPages
from loadtests.page.start_checks import StartChecks
from loadtests.run.readiness import Readiness
from loadtests.run.typed_locust import parsed_options, web_app

_FILES = ("page.css", "knob_panel.js", "run_view.js", "start_form.js")


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
        base = parsed_options(environment).web_base_path
        app = web_app(web_ui)
        # The form shows its fields in the order in which they are given.
        app.jinja_env.policies["json.dumps_kwargs"] = {"sort_keys": False}
        self._fill_template(web_ui)
        guard_page(environment, web_ui)
        StartChecks(environment, web_ui, readiness).install(app)
        RunPages(web_ui, base, live, run_lines, exposition, _FILES)
        knobs = Blueprint("cacheaside-knobs", __name__, url_prefix=base)
        KnobPanel(readiness.ledger, live).install(knobs, web_ui)
        app.register_blueprint(knobs)

    def _fill_template(self, web_ui: WebUI) -> None:
        """Add to what Locust's page is made from, each time that it is made."""
        make_template_args = web_ui.update_template_args

        def update_template_args() -> None:
            make_template_args()  # type: ignore[no-untyped-call]
            args, options = web_ui.template_args, parsed_options(self._environment)
            args["extra_options"] = form_options(args["extra_options"], options)
            args["cacheaside"] = form_guide()

        web_ui.update_template_args = update_template_args  # type: ignore[method-assign]
