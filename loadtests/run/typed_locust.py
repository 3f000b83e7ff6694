"""Typed access to the parts of Locust that have no types, and to its clocks."""

from argparse import Namespace
from collections.abc import Callable
from typing import Any

import gevent
import locust.stats
from flask import Flask
from locust.env import Environment
from locust.event import EventHook
from locust.stats import StatsEntry
from locust.web import WebUI

from loadtests.sender.histogram import bucket_milliseconds

# Locust's current rate looks back for twelve seconds, and workers' reports are late by a few.
SECONDS_KEPT = 60
# Name and method of the total, which is a row too.
TOTAL = ("Aggregated", "")

View = Callable[[], Any]
_copy_response_times = StatsEntry._cache_response_times  # noqa: SLF001 - Locust has no other hook


def listen(hook: EventHook, listener: Callable[..., Any]) -> None:
    """Call *listener* with the event's keywords whenever *hook* fires."""
    hook.add_listener(listener)  # type: ignore[no-untyped-call]


def parsed_options(environment: Environment) -> Namespace:
    """Return the parsed options of a Locust process.

    Raises:
        RuntimeError: Locust is used as a library, without options.
    """
    options: Namespace | None = environment.parsed_options
    if options is None:
        raise RuntimeError("this locustfile needs Locust's parsed options; start it with `locust`")
    return options


def web_app(web_ui: WebUI) -> Flask:
    """Return the Flask app of Locust's page.

    Raises:
        RuntimeError: There is none.
    """
    if web_ui.app is None:
        raise RuntimeError("Locust's web UI has no app")
    return web_ui.app


def protected(web_ui: WebUI, view: View) -> View:
    """Return *view* behind Locust's login, if that is enabled."""
    guarded: View = web_ui.auth_required_if_enabled(view)  # type: ignore[no-untyped-call]
    return guarded


def keep_fractions_of_milliseconds() -> None:
    """Let Locust's statistics tell response times apart that are the same in whole milliseconds."""
    # Below 100 ms the keys are fractions, which is fine: Locust only counts and sorts by them.
    locust.stats.bucket_response_time = bucket_milliseconds  # type: ignore[assignment]


def keep_rows_small(environment: Environment) -> None:
    """Let the rows of Locust's statistics keep only what somebody reads, in this process.

    Locust keeps the requests of each second for ever, and every second copies all response times
    of each row. Only the total's copies are read, unless `--csv-full-history` writes every row's.
    """
    rows_are_read = getattr(environment.parsed_options, "stats_history_enabled", False)

    def on_a_new_second(row: StatsEntry, second: int) -> None:
        for counts in (row.num_reqs_per_sec, row.num_fail_per_sec):
            if len(counts) > 2 * SECONDS_KEPT:
                for old in sorted(counts)[:-SECONDS_KEPT]:
                    del counts[old]
        if rows_are_read or (row.name, row.method) == TOTAL:
            _copy_response_times(row, second)

    StatsEntry._cache_response_times = on_a_new_second  # type: ignore[method-assign,assignment] # noqa: SLF001


def count_run_time_from_now() -> None:
    """Let Locust's --run-time begin now, and not at gevent's last look at the clock.

    That was before all imports.
    """
    gevent.get_hub().loop.update_now()
