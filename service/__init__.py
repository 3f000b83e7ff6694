"""A cache-aside service: Redis in front of a database."""

from collections.abc import Iterable
from wsgiref.types import StartResponse, WSGIEnvironment

from flask import Flask

from service.assembly import Service, assemble
from service.settings import Settings
from service.web import (
    catalogue_command,
    control,
    health,
    lookups,
    openapi,
    problems,
    routes,
    turns,
)


def create_app(settings: Settings | None = None) -> Flask:
    """Build the service; it connects to nothing before the first request.

    A server that has its process to itself calls `app.extensions["start"]()` before it listens, so
    that the first lookup finds Redis connected.

    A program that outlives the app calls `app.extensions["close"]()` when it is done with the
    app, with the seconds that a silent Redis has to accept the pending invalidations.

    Args:
        settings: None reads them from the environment.

    Raises:
        SettingsError: A setting in the environment is wrong.
    """
    settings = settings or Settings.from_environment()
    service, token = assemble(settings), settings.control_token
    fill_catalogue = service.fill_catalogue
    app = Flask("service", static_folder=None)
    app.url_map.merge_slashes = False
    turns.install(app, settings.threads, settings.port)
    problems.install(app)
    routes.install(app, service.writes, token)
    routes.count_requests(app, service.metrics.http_request)
    health.install(app, service.page, service.checks, service.near_state, token)
    control.install(
        app, service.knobs, service.change_knobs, service.clear_cache, fill_catalogue, token
    )
    openapi.install(app)
    catalogue_command.install(app, fill_catalogue)
    lookups.install(app, service.cache_aside, service.metrics.http_request)
    _start_with_first_request(app, service)
    app.extensions["start"] = service.start
    app.extensions["close"] = service.close
    return app


def _start_with_first_request(app: Flask, service: Service) -> None:
    """Start the chores before the first request, at no cost to those that follow."""
    serve = app.wsgi_app

    def start_and_serve(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if service.start():
            app.wsgi_app = serve  # type: ignore[method-assign]
        return serve(environ, start_response)

    app.wsgi_app = start_and_serve  # type: ignore[method-assign]
