"""Whether all is well, asked of every process: ready, hits, fills, invalidates."""

import http.client
import itertools

import pytest

from loadtests.service_under_test.recovery_probe import RecoveryProbe

URLS = ["http://127.0.0.1:1", "http://127.0.0.1:2"]
WELL = {
    "/readyz": (200, {}),
    "/fruit/11": (200, {"X-Cache": "HIT"}),
    "cold": (200, {"Cache-Status": "cacheaside; fwd=miss; stored"}),
    "PUT": (200, {"Cache-Status": "cacheaside; fwd=method; detail=invalidated"}),
}


class Answers:
    """Stands for the connections to two processes; the second answers as told."""

    def __init__(self, second):
        self.of = {URLS[0]: WELL, URLS[1]: second}
        self.asked = []

    def send(self, method, url, path, _body, _timeout):
        self.asked.append((url, method, path))
        known = self.of[url]
        answer = known["PUT"] if method == "PUT" else known.get(path) or known["cold"]
        if isinstance(answer, Exception):
            raise answer
        response = http.client.HTTPMessage()
        for name, value in answer[1].items():
            response[name] = value
        return type("Response", (), {"status": answer[0], "headers": response}), b""


def probe(second):
    made = RecoveryProbe(URLS, None, 11, 12, itertools.count(13))
    made._connections = Answers(second)
    return made


def test_all_is_well_where_every_process_is_ready_hits_fills_and_invalidates():
    asking = probe(WELL)

    assert asking.is_well()
    of_one = [("GET", "/readyz"), ("GET", "/fruit/11"), ("GET", "/fruit/13"), ("PUT", "/fruit/12")]
    of_other = [*of_one[:2], ("GET", "/fruit/14"), of_one[3]]
    assert asking._connections.asked == [
        *((URLS[0], *each) for each in of_one),
        *((URLS[1], *each) for each in of_other),
    ]


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        ("/readyz", (503, {})),
        ("/fruit/11", (200, {"X-Cache": "BYPASS"})),
        ("/fruit/11", (200, {"X-Cache": "MISS"})),
        ("cold", (200, {"Cache-Status": "cacheaside; fwd=miss; detail=fill-failed"})),
        ("cold", (503, {})),
        ("PUT", (200, {"Cache-Status": "cacheaside; fwd=method; detail=invalidation-pending"})),
        ("/readyz", ConnectionRefusedError()),
        ("cold", http.client.RemoteDisconnected()),
        ("PUT", TimeoutError()),
    ],
)
def test_one_process_that_does_not_is_enough_not_to_be_well(path, answer):
    assert not probe({**WELL, path: answer}).is_well()


def test_near_and_stale_entries_are_served_from_the_cache_too():
    for word in ("NEAR", "STALE"):
        assert probe({**WELL, "/fruit/11": (200, {"X-Cache": word})}).is_well()
