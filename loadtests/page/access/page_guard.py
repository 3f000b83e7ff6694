"""Guards Locust's page: who may ask something of it, how much, and for how long without a word."""

from locust.env import Environment
from locust.web import WebUI

from loadtests.page.access.foreign_pages import ForeignPages
from loadtests.page.access.idle_connections import close_idle_connections
from loadtests.run.typed_locust import parsed_options, web_app

_MOST_BYTES = 1_000_000  # Of a request: more than any form needs.


def guard_page(environment: Environment, web_ui: WebUI) -> None:
    """Guard a page that is not started yet, before anything is added to it."""
    options, app = parsed_options(environment), web_app(web_ui)
    app.config["MAX_CONTENT_LENGTH"] = _MOST_BYTES
    ForeignPages(options.web_host, options.page_name or ()).install(app)
    close_idle_connections()
