"""How many modules of the service a lookup passes through, and how often it changes between them.

A module is *entered* when one of its functions is called. A *change of module* is a call of a
function whose module is not that of the call before it, in the order of the calls; returns do not
count. Modules are the files of `service/`, without Flask, redis-py and what else is installed.
Before the folders were arranged, a hit entered 14 modules in 31 changes and a miss 20 in 82.
"""

import sys
from itertools import pairwise
from pathlib import Path

import pytest
import redis

from service.settings import Settings

pytestmark = pytest.mark.integration

SERVICE = Path(sys.modules["service"].__file__).parent


@pytest.fixture
def client(build, redis_server, tmp_path):
    """A client of the app around an emptied Redis database of its own."""
    url = redis_server.url.removesuffix("/0") + "/8"
    with redis.Redis.from_url(url) as server:
        server.flushdb()
        app = build(Settings(redis_url=url, database_url=f"sqlite:///{tmp_path}/fruit.db"))
        client = app.test_client()
        client.get("/fruit/1")  # Starts the chores, connects, and loads the scripts.
        yield client
        server.flushdb()


def look_up(client):
    """Look up fruit 1; return the result, and the module of every call in order."""
    calls = []

    def record(frame, event, _):
        file = Path(frame.f_code.co_filename)
        if event == "call" and file.is_relative_to(SERVICE):
            calls.append(str(file.relative_to(SERVICE)))

    sys.setprofile(record)
    try:
        answer = client.get("/fruit/1")
    finally:
        sys.setprofile(None)
    return answer.headers["X-Cache"], calls


def shortest(client, result, prepare=lambda: None):
    """Return the fewest calls of ten lookups; a reply that is slow by chance takes more."""
    found = []
    for _ in range(10):
        prepare()
        found.append(look_up(client))
    return min((calls for ended, calls in found if ended == result), key=len)


def changes(calls):
    return sum(before != after for before, after in pairwise(calls))


def test_hit_enters_at_most_nine_modules_in_20_changes(client):
    calls = shortest(client, "HIT")

    assert len(set(calls)) <= 9, calls
    assert changes(calls) <= 20, calls


def test_miss_enters_at_most_sixteen_modules_in_60_changes(client):
    calls = shortest(client, "MISS", prepare=lambda: client.delete("/control/cache"))

    assert len(set(calls)) <= 16, calls
    assert changes(calls) <= 60, calls


def test_hit_goes_from_the_web_through_the_pattern_to_the_server(client):
    promised = [
        "web/lookups.py",
        "pattern/cache_aside.py",
        "cache/redis_cache.py",
        "cache/redis_calls.py",
        "cache/single_server.py",
        "cache/connection.py",
    ]
    calls = shortest(client, "HIT")

    assert [name for name in dict.fromkeys(calls) if name in promised] == promised
    assert "assembly.py" not in calls
