"""Builds load settings from Locust's options, for tests."""

import argparse

from loadtests.workload.flags import LOAD_FLAGS
from loadtests.workload.knob_flags import KNOB_FLAGS
from loadtests.workload.load_settings import settings_from
from loadtests.workload.target_flags import TARGET_FLAGS


def options(**given):
    """Return Locust's parsed options: all defaults but those *given*."""
    values = {"service_url": None, "host": None}
    values |= {"target_header": None, "i_may_load_this_host": False, "redis_url": ""}
    for flag in (*LOAD_FLAGS, *KNOB_FLAGS, *TARGET_FLAGS):
        values[flag.key] = "" if flag.optional and not flag.choices else flag.default
    return argparse.Namespace(**values | given)


def settings(**given):
    """Return the settings of `options(**given)`."""
    return settings_from(options(**given))
