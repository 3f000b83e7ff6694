"""A service under traffic with writes and turned knobs holds no more after half an hour.

`make soak` runs it for SOAK_MINUTES (30) and prints every slope with its interval.
"""

import os
import subprocess
import sys
import time

import pytest

from loadtests.stack.local import LocalStack
from tests.soak.slopes import round_means, slope
from tests.soak.soaking import SHARE, capacity, soak
from tests.soak.table import judge, text
from tests.soak.watching import DESCRIPTORS, MEMORY, THREADS, Watch

# Of about thirteen slopes that are zero, one in twenty soaks shows one that is not.
CONFIDENCE = 0.996
MINUTES = float(os.environ.get("SOAK_MINUTES", "30"))
# To start the servers, and to find the capacity.
BEFORE_AND_AFTER_SECONDS = 300
LEAKING = """
import os, threading, time
kept = []
for _ in range(80):
    kept.append(bytearray(os.urandom(200_000)))
    kept.append(open(os.devnull))
    threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
    time.sleep(0.05)
"""


@pytest.mark.accept
@pytest.mark.timeout(60 * MINUTES + BEFORE_AND_AFTER_SECONDS)
def test_nothing_rises_while_the_service_is_used_for_half_an_hour(require_servers, tmp_path):
    del require_servers
    with LocalStack(database="mariadb") as stack:
        full = capacity(stack, tmp_path / "capacity")
        say(f"\nsoak: {full:.0f} requests a second are the capacity; {SHARE:.0%} of them for")
        say(f"{MINUTES:g} minutes, one in twenty a write, all knobs turned in each round")
        found = soak(
            stack,
            tmp_path / "soak",
            MINUTES,
            SHARE * full,
            full=full,
            confidence=CONFIDENCE,
            say=say,
        )
    rows = judge(found.slopes)
    say(
        f"\n{found.requests} requests in {found.seconds:.0f} s at {found.rate:.0f} of "
        f"{found.capacity:.0f} a second; failed lookups {found.failed}, answers of 500: "
        f"{found.errors_500}"
    )
    say(text(rows, CONFIDENCE))

    assert (found.failed, found.errors_500) == (0, 0)
    assert [f"{row.name}, {row.figure}" for row in rows if row.leaks] == []


def test_soak_may_take_longer_than_its_half_hour():
    marks = test_nothing_rises_while_the_service_is_used_for_half_an_hour.pytestmark
    (seconds,) = (mark.args[0] for mark in marks if mark.name == "timeout")

    assert seconds > 1800


@pytest.mark.integration
def test_leak_of_a_real_program_is_seen_within_seconds():
    with (
        subprocess.Popen([sys.executable, "-c", LEAKING]) as leaking,
        subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as sound,
    ):
        time.sleep(0.5)
        began = time.time()
        with Watch({"leaking": leaking.pid, "sound": sound.pid}, 0.05) as watch:
            time.sleep(3)
        leaking.kill()
        sound.kill()
    slopes = {
        of: slope(round_means(samples, began, 0.3, range(1, 9)), CONFIDENCE)
        for of, samples in watch.series.items()
    }

    leaks = {(row.name, row.figure) for row in judge(slopes) if row.leaks}
    assert leaks == {("leaking", figure) for figure in (MEMORY, DESCRIPTORS, THREADS)}


def say(line: str) -> None:
    print(line, flush=True)  # noqa: T201 - the result
