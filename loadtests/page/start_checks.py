"""Checks a start or an edit before Locust acts on it, and does what Locust itself does not."""

import logging

from flask import Flask, Response, jsonify, request
from flask.typing import ResponseReturnValue
from locust.argument_parser import ui_extra_args_dict
from locust.env import Environment
from locust.runners import STATE_RUNNING, STATE_SPAWNING
from locust.web import WebUI
from werkzeug.exceptions import BadRequest

from loadtests.page.start_form import (
    check_fields,
    check_user_class,
    check_users,
    chosen_classes,
    require_editable,
    settings_of_form,
)
from loadtests.page.trace_folders import TraceFolders
from loadtests.run.ledger import FIXED_USERS
from loadtests.run.load_user import available_classes
from loadtests.run.readiness import Readiness
from loadtests.run.typed_locust import parsed_options, protected
from loadtests.service_under_test.client import ServiceError
from loadtests.workload.flags import FlagError
from loadtests.workload.knob_flags import KNOB_FLAGS

logger = logging.getLogger(__name__)


def sent_json() -> object:
    """Return the JSON that a request carries.

    Raises:
        HTTPException: It carries none.
    """
    try:
        return request.get_json()
    except RecursionError:
        raise BadRequest("the JSON has too many brackets in brackets") from None


class StartChecks:
    """Refuses a wrong form of Locust's page in a sentence; readies the service for a right one.

    Args:
        environment: Locust's environment.
        web_ui: Locust's web server.
        readiness: Readies the service for a run, and changes a run.
    """

    def __init__(self, environment: Environment, web_ui: WebUI, readiness: Readiness) -> None:
        self._environment = environment
        self._picker = web_ui.userclass_picker_is_active
        options = parsed_options(environment)
        self._named = options.user_classes or None  # On the command line.
        self._shown = frozenset(ui_extra_args_dict())
        self._trace_folders = TraceFolders(options.trace_folder or (), options.trace)
        self._readiness = readiness
        self._path = f"{options.web_base_path}/swarm"
        self._user_path = f"{options.web_base_path}/user"
        self._refuse_without_login = protected(web_ui, lambda: None)

    def install(self, app: Flask) -> None:
        """Check every start and edit from now on."""
        app.before_request(self._check)

    def _check(self) -> ResponseReturnValue | None:
        if request.method != "POST" or request.path not in {self._path, self._user_path}:
            return None
        to_login: Response | None = self._refuse_without_login()
        if to_login is not None:
            return to_login
        return self._check_user() if request.path == self._user_path else self._check_swarm()

    def _check_user(self) -> ResponseReturnValue | None:
        try:
            check_user_class(sent_json(), available_classes(self._environment))
        except FlagError as error:
            return jsonify(success=False, message=str(error)), 400
        return None

    def _check_swarm(self) -> ResponseReturnValue | None:
        running = self._running()
        try:
            check_fields(request.form, self._shown)
            self._trace_folders.require(request.form.get("trace", ""))
            if running:
                self._edit()
            else:
                self._ready()
        except (FlagError, ServiceError) as error:
            refused = "not changed" if running else "not started"
            logger.error("%s: %s", refused, error)  # noqa: TRY400 - a sentence for the user
            return jsonify(success=False, message=str(error), host=self._environment.host)
        return None

    def _running(self) -> bool:
        runner = self._environment.runner
        return runner is not None and runner.state in (STATE_RUNNING, STATE_SPAWNING)

    def _edit(self) -> None:
        """Change the knobs and the load of the run; Locust then changes its users."""
        users = check_users(request.form, self._environment.user_classes)
        options = parsed_options(self._environment)
        before, now = settings_of_form({}, options), settings_of_form(request.form, options)
        ledger = self._readiness.ledger
        if ledger.has_fixed_users:
            raise FlagError(FIXED_USERS)
        require_editable(request.form, options)
        if now.service_urls != before.service_urls:
            raise FlagError(
                f"host cannot change during a run, got {request.form['host']!r}; stop the run and"
                " start a new one"
            )
        self._readiness.require_slots(now, users)
        self._readiness.change_run(before, now)

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
