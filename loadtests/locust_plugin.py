"""Connects the parts of the load generator to each other and to Locust's events."""

import logging
import os
import sys
from argparse import Namespace
from functools import partial

from locust.env import Environment
from locust.event import Events
from locust.runners import MasterRunner, WorkerRunner
from locust.web import WebUI

from loadtests.page.access.foreign_pages import add_page_name_flag
from loadtests.page.cache_pages import CachePages
from loadtests.page.exporter import Exposition, LoadCollector
from loadtests.page.html_report import add_to_html_report
from loadtests.page.live_view import LiveView, LoadSource
from loadtests.page.metrics_server import METRICS_PORT, start_metrics_server
from loadtests.page.start_form import fewest_users, require_users
from loadtests.page.trace_folders import add_trace_folder_flag
from loadtests.run.closing import close_run
from loadtests.run.gates import GATE_FLAGS
from loadtests.run.ledger import Ledger
from loadtests.run.load_user import LoadUser, available_classes
from loadtests.run.master import MasterLoad
from loadtests.run.readiness import Readiness
from loadtests.run.run_watch import RunWatch
from loadtests.run.single_process import LocalLoad
from loadtests.run.typed_locust import (
    count_run_time_from_now,
    keep_fractions_of_milliseconds,
    keep_rows_small,
    listen,
    parsed_options,
    web_app,
)
from loadtests.run.worker import WorkerLoad
from loadtests.service_under_test.client import ServiceError
from loadtests.service_under_test.control_token import ControlToken, TokenError, bearer_header
from loadtests.workload.flags import EXIT_USAGE, Flag, FlagError, FlagParser, add_load_flags
from loadtests.workload.knob_flags import KNOB_FLAGS
from loadtests.workload.load_settings import settings_from
from loadtests.workload.target_flags import add_target_flags

logger = logging.getLogger(__name__)


def install(events: Events) -> None:
    """Connect to *events*; call once, when the locustfile is imported."""
    keep_fractions_of_milliseconds()
    listen(events.init_command_line_parser, _add_flags)
    listen(events.init, _init)


def _add_flags(parser: FlagParser, **_: object) -> None:
    names = [scenario.__name__ for scenario in LoadUser.__subclasses__()]
    text = "What the users do, unless User classes are named or picked."
    Flag("scenario", names[0], text, choices=tuple(names)).add_to(parser)
    add_load_flags(parser)
    add_target_flags(parser)
    for flag in (*KNOB_FLAGS, *GATE_FLAGS, METRICS_PORT):
        flag.add_to(parser)
    add_trace_folder_flag(parser)
    add_page_name_flag(parser)


def _init(environment: Environment, web_ui: WebUI | None = None, **_: object) -> None:
    try:
        _connect(environment, web_ui)
    except (FlagError, ServiceError, TokenError) as error:
        logger.error("%s", error)  # noqa: TRY400 - the user needs the sentence, not a traceback
        sys.exit(EXIT_USAGE)
    count_run_time_from_now()


def _connect(environment: Environment, web_ui: WebUI | None) -> None:
    options = parsed_options(environment)
    keep_rows_small(environment)
    _require_usable(options, web_ui)
    settings = settings_from(options)
    environment.host = options.host = ",".join(settings.service_urls)
    options.service_url = list(settings.service_urls)
    options.urls_at_start = list(settings.service_urls)
    token = os.environ.get("CONTROL_TOKEN") or None
    bearer_header(token)  # A worker sends it too.
    if isinstance(environment.runner, WorkerRunner):
        environment.user_classes = list(available_classes(environment).values())
        # Each forked worker would print its own document, or write it over the master's.
        options.json, options.json_file = False, None
        WorkerLoad(environment, environment.runner, token)
        return
    if not options.user_classes:
        environment.user_classes = [available_classes(environment)[options.scenario]]
    if options.num_users is None:
        fewest = fewest_users(environment.user_classes)
        options.num_users = max(options.expect_workers or 1, fewest)
    elif options.headless or options.autostart:
        require_users(str(options.num_users), environment.user_classes)
    control_token = ControlToken(token, settings.service_urls)
    ledger = Ledger(environment, control_token, partial(close_run, environment))
    readiness = Readiness(environment, ledger)
    if options.headless or options.autostart:
        readiness.ready_service(settings)
    source: LoadSource
    if isinstance(environment.runner, MasterRunner):
        source = MasterLoad(environment, environment.runner, ledger)
    else:
        source = LocalLoad(environment, ledger)
    RunWatch(ledger, source.tallies).start()
    _show(environment, web_ui, readiness, source)


def _require_usable(options: Namespace, web_ui: WebUI | None) -> None:
    """Refuse two flags of Locust's that would fail only later, in a run or on its page.

    Raises:
        FlagError: One of them is given.
    """
    if tags := [*(options.tags or ()), *(options.exclude_tags or ())]:
        raise FlagError(
            f"tags must be left out, because scenarios have none, got {' '.join(tags)!r};"
            " name the scenarios instead"
        )
    if web_ui is not None and options.web_login and not web_app(web_ui).secret_key:
        raise FlagError(
            "web-login needs a login page, and this locustfile has none; leave it out, or set the"
            " page's secret_key and login_manager in an init listener before `install`"
        )


def _show(
    environment: Environment, web_ui: WebUI | None, readiness: Readiness, source: LoadSource
) -> None:
    """Show the run on the web page and to Prometheus."""
    options = parsed_options(environment)
    if web_ui is None and not options.metrics_port and not options.html_file:
        return
    live = LiveView(source, readiness.ledger)
    add_to_html_report(live)
    exposition = Exposition(
        LoadCollector(
            lambda: live.view,
            lambda: environment.runner.user_count if environment.runner else 0,
        )
    )
    live.start()
    listen(environment.events.test_start, live.on_test_start)
    listen(environment.events.reset_stats, live.on_reset_stats)
    if web_ui is not None:
        CachePages(environment, web_ui, readiness, live, exposition)
    if options.metrics_port:
        start_metrics_server(exposition.registry, options.web_host, int(options.metrics_port))
