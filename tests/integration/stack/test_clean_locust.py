"""Locust as a private stack starts it: without the configuration of whoever starts the stack."""

import json
import os
import subprocess
import sys

import pytest

from loadtests.stack.guardian import ROOT

pytestmark = pytest.mark.integration

_PROBE = """
import json
from locust import User, events
@events.init.add_listener
def show(environment, **_):
    options = environment.parsed_options
    names = ("run_time", "master", "headless", "num_users", "only_summary")
    print(json.dumps({name: getattr(options, name) for name in names}))
    raise SystemExit(0)
class Nobody(User):
    pass
"""


def _options(module, folder, *, home, **variables):
    locustfile = folder / "probe.py"
    locustfile.write_text(_PROBE)
    words = [sys.executable, "-m", module, "-f", locustfile, "--headless"]
    ended = subprocess.run(
        words,
        cwd=ROOT,
        env=os.environ | {"HOME": str(home)} | variables,
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    return json.loads(ended.stdout.splitlines()[0])


def test_neither_a_persons_file_nor_their_variables_reach_it(tmp_path):
    (tmp_path / ".locust.conf").write_text("users = 7\nonly-summary = true\n")
    given = {"home": tmp_path, "LOCUST_RUN_TIME": "3s"}

    usual = _options("locust", tmp_path, **given)
    clean = _options("loadtests.clean_locust", tmp_path, **given, LOCUST_MODE_MASTER="true")

    assert (usual["run_time"], usual["num_users"], usual["only_summary"]) == (3, 7, True)
    assert clean == {
        "run_time": None,
        "master": False,
        "headless": True,
        "num_users": None,
        "only_summary": False,
    }
