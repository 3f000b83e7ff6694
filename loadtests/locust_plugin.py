"""Joins our load to Locust's events: the one place that knows every part."""

import logging
import os
import sys

import locust.stats
from locust.env import Environment
from locust.event import Events
from locust.runners import MasterRunner, WorkerRunner
from locust.web import WebUI

from loadtests.page.cache_pages import CachePages
from loadtests.page.exporter import Exposition, LoadCollector
from loadtests.page.live_view import LiveView, LoadSource
from loadtests.page.metrics_server import METRICS_PORT, MetricsServer
from loadtests.page.start_form import fewest_users, require_users
from loadtests.run.closing import Closing
from loadtests.run.gates import add_gate_flags
from loadtests.run.load_user import LoadUser, available_classes, scenarios_of
from loadtests.run.master import MasterLoad
from loadtests.run.preparation import Preparation
from loadtests.run.single_process import LocalLoad
from loadtests.run.typed_locust import listen, parsed_options
from loadtests.run.worker import WorkerLoad
from loadtests.sender.histogram import bucket_milliseconds
from loadtests.service_under_test.client import ServiceError
from loadtests.workload.flags import EXIT_USAGE, Flag, FlagError, FlagParser, add_load_flags
from loadtests.workload.knob_flags import add_knob_flags
from loadtests.workload.load_settings import settings_from

logger = logging.getLogger(__name__)


def install(events: Events) -> None:
    """Hook everything into *events*; call once, when the locustfile is imported."""
    # keys below 100 ms are fractions: Locust only counts and sorts by them
    locust.stats.bucket_response_time = bucket_milliseconds  # type: ignore[assignment]
    listen(events.init_command_line_parser, _add_flags)
    listen(events.init, _init)


def _add_flags(parser: FlagParser, **_: object) -> None:
    names = [scenario.__name__ for scenario in LoadUser.__subclasses__()]
    text = "What the users do, unless User classes are named or picked."
    Flag("scenario", names[0], text, choices=tuple(names)).add_to(parser)
    add_load_flags(parser)
    add_knob_flags(parser)
    add_gate_flags(parser)
    METRICS_PORT.add_to(parser)


def _init(environment: Environment, web_ui: WebUI | None = None, **_: object) -> None:
    try:
        _join(environment, web_ui)
    except (FlagError, ServiceError) as error:
        logger.error("%s", error)  # noqa: TRY400 - the sentence is for the user, no traceback
        sys.exit(EXIT_USAGE)


def _join(environment: Environment, web_ui: WebUI | None) -> None:
    options = parsed_options(environment)
    settings = settings_from(options)
    environment.host = options.host = ",".join(settings.service_urls)
    options.service_url = list(settings.service_urls)
    token = os.environ.get("CONTROL_TOKEN") or None
    if isinstance(environment.runner, WorkerRunner):
        environment.user_classes = list(available_classes(environment).values())
        WorkerLoad(environment, environment.runner, token)
        return
    if not options.user_classes:
        environment.user_classes = [available_classes(environment)[options.scenario]]
    if options.num_users is None:
        fewest = fewest_users(environment.user_classes)
        options.num_users = max(options.expect_workers or 1, fewest)
    elif options.headless or options.autostart:
        require_users(str(options.num_users), environment.user_classes)
    preparation = Preparation(environment, token, Closing(environment).on_outcome)
    if options.headless or options.autostart:
        preparation.ready_service(settings)
    source: LoadSource
    if isinstance(environment.runner, MasterRunner):
        source = MasterLoad(environment, environment.runner, preparation)
    else:
        source = LocalLoad(environment, preparation)
    _show(environment, web_ui, preparation, source)


def _show(
    environment: Environment,
    web_ui: WebUI | None,
    preparation: Preparation,
    source: LoadSource,
) -> None:
    """Show what is going on, to a person on the web page and to Prometheus."""
    options = parsed_options(environment)
    if web_ui is None and not options.metrics_port:
        return
    live = LiveView(source, preparation)
    exposition = Exposition(
        LoadCollector(
            lambda: live.view,
            tuple(scenarios_of(environment)),
            lambda: environment.runner.user_count if environment.runner else 0,
            lambda: preparation.target_rate,
        )
    )
    live.start()
    listen(environment.events.test_start, live.begin)
    listen(environment.events.reset_stats, live.reset)
    if web_ui is not None:
        CachePages(environment, web_ui, preparation, live, exposition)
    if options.metrics_port:
        MetricsServer(exposition).start(options.web_host, int(options.metrics_port))
