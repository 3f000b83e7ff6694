"""Services whose speed or limit is known are compared and searched as what they are."""

import json
import threading
import time

import pytest

from tests.integration.target.small_services import ProductApi, SmallService
from tests.integration.verb_answers import answer_of_verb, run_verb

pytestmark = [pytest.mark.integration, pytest.mark.accept]

LIMIT = 400.0
"""Answers per second of `NarrowApi`."""


class SteadyApi(ProductApi):
    """A product API that takes as long as it is told for each answer."""

    def note(self):
        time.sleep(self.server.answer_seconds)
        super().note()


class NarrowApi(ProductApi):
    """A product API that answers one request after the other, each in its time."""

    lock = threading.Lock()
    free_at = 0.0

    def note(self):
        with self.lock:
            turn = max(time.monotonic(), NarrowApi.free_at)
            NarrowApi.free_at = turn + 1 / LIMIT
        time.sleep(max(0.0, turn + 1 / LIMIT - time.monotonic()))
        super().note()


def measured(service, answer_seconds, folder):
    service.answer_seconds = answer_seconds
    words = ["--target-url", f"{service.url}/api/v2/products/{{key}}", "--target-keys", "1-40"]
    words += ["--ttl", "1", "--items", "40", "--rate", "100", "--window-ttls", "12"]
    answer_of_verb("sweep", *words, "--output", folder, timeout_seconds=300)
    return folder


def compared(*words):
    done = run_verb("compare", *words, "--json", timeout_seconds=60)
    answer = json.loads(done.stdout) if done.stdout else {"differences": []}
    verdicts = {each["metric"]["name"]: each["verdict"] for each in answer["differences"]}
    return done.returncode, verdicts, done.stderr


def test_target_that_became_a_tenth_slower_is_worse_and_another_target_is_refused(tmp_path):
    with SmallService(SteadyApi, ttl_seconds=1.0) as shop:
        quick = measured(shop, 0.020, tmp_path / "quick")
        slow = measured(shop, 0.022, tmp_path / "slow")
        with SmallService(SteadyApi, ttl_seconds=1.0) as other:
            elsewhere = measured(other, 0.022, tmp_path / "elsewhere")

    code, verdicts, _ = compared(quick, slow)
    assert (code, verdicts["p50"]) == (1, "worse")
    assert verdicts["hit ratio"] != "worse"

    code, verdicts, _ = compared(slow, quick)
    assert (code, verdicts["p50"]) == (0, "better")

    code, verdicts, said = compared(quick, elsewhere)
    assert (code, verdicts) == (2, {})
    assert f"differ in target: target GET {shop.url}" in said
    assert f" and GET {other.url}" in said

    code, verdicts, said = compared(quick, elsewhere, "--allow", "target")
    assert (code, verdicts.get("p50")) == (1, "worse"), said


def search(url, folder, *words):
    words = ["--target-url", url, "--target-keys", "1-50", "--ttl-seconds", "0.5", *words]
    words += ["--items", "50", "--arrivals", "paced", "--max-p99-ms", "100", "--step-seconds", "2"]
    found = answer_of_verb("capacity", *words, "--output", folder, timeout_seconds=600)
    return found["capacities"][0]


def test_capacity_of_a_service_is_its_known_limit_less_a_sixth_at_most(tmp_path):
    with SmallService(NarrowApi, ttl_seconds=0.5) as narrow:
        url = f"{narrow.url}/api/v2/products/{{key}}"
        found = search(url, tmp_path / "run", "--from-rate", "150", "--to-rate", "1200")

    assert LIMIT * 5 / 6 <= found["capacity"] <= LIMIT
    assert found["capacity"] < found["breaks_at"] <= LIMIT * 1.1
    assert (found["limited_by"], found["generator_limit"]) == ("service", None)
