"""What is sent to a target for a key."""

import collections
import socket

from loadtests.sender.samples import RESULTS
from tests.loadtests.sender.answering import PLAIN, answering


def result(answer):
    return RESULTS[answer.result]


def test_header_of_ones_own_goes_before_ours_whatever_its_letters(client_of):
    with answering(PLAIN) as server:
        client_of(server, headers=("x-a: 1", "X-A: 2", "HOST: shop.example")).look_up(7)

    assert server.requests[0].split("\r\n") == [
        "GET /p/7 HTTP/1.1",
        "User-Agent: cacheaside-loadtests",
        "X-A: 2",
        "HOST: shop.example",
        *("", ""),
    ]


def test_key_in_the_query_of_a_server_without_a_path_is_asked_at_its_root(client_of):
    with answering(PLAIN) as server:
        client_of(server, "http://127.0.0.1:PORT?id={key}").look_up(7)

    assert server.requests[0].startswith("GET /?id=7 HTTP/1.1\r\nHost: 127.0.0.1:")


def test_body_goes_with_its_length_and_says_that_it_is_json(client_of):
    toml = """
        url = "http://127.0.0.1:PORT/search"
        method = "post"
        body = '{"q": "{key}"}'
        """
    with answering(PLAIN) as server:
        client_of(server, toml=toml).look_up(7)

    head, _, body = server.requests[0].partition("\r\n\r\n")
    assert body == '{"q": "7"}'
    assert head.splitlines()[0] == "POST /search HTTP/1.1"
    assert {"Content-Type: application/json", "Content-Length: 10"} < set(head.splitlines())


def test_login_from_the_environment_stands_in_header_address_and_body(client_of, monkeypatch):
    monkeypatch.setenv("SHOP_KEY", 'a&"{key}"')
    toml = """
        url = "http://127.0.0.1:PORT/search?login=${SHOP_KEY}"
        method = "POST"
        body = '{"login": "${SHOP_KEY}", "q": "{key}"}'
        headers = { X-Login = "${SHOP_KEY}" }
        """
    with answering(PLAIN) as server:
        client = client_of(server, toml=toml)
        found = client.look_up(7)

    head, _, body = server.requests[0].partition("\r\n\r\n")
    assert head.startswith("POST /search?login=a%26%22%7Bkey%7D%22 ")
    assert 'X-Login: a&"{key}"' in head.splitlines()
    assert '"login": "a&' in body
    assert body.endswith(', "q": "7"}')
    assert found.request == ("POST", "/search")


def test_endpoints_are_asked_by_their_weights(client_of):
    toml = "".join(
        f'[[endpoints]]\nurl = "http://127.0.0.1:PORT/{name}/{{key}}"\nweight = {weight}\n'
        for name, weight in (("often", 3), ("seldom", 1))
    )
    with answering(PLAIN) as server:
        client = client_of(server, toml=toml)
        rows = collections.Counter(client.look_up(1).request for _ in range(400))

    asked = collections.Counter(request.split("/")[1] for request in server.requests)
    assert rows == {("GET", f"/{name}/{{key}}"): count for name, count in asked.items()}
    assert 270 <= asked["often"] <= 330  # Four standard deviations around 300.


def test_ipv6_address_is_asked_by_its_name_in_brackets(client_of):
    with answering(PLAIN, address=("::1", 0), family=socket.AF_INET6) as server:
        found = client_of(server, "http://[::1]:PORT/{key}").look_up(7)

    assert result(found) == "hit"
    assert f"Host: [::1]:{server.port}\r\n" in server.requests[0]


def test_proxy_of_the_environment_is_not_asked(client_of, monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with answering(PLAIN) as server:
        assert result(client_of(server).look_up(7)) == "hit"


def test_server_that_is_away_fails_the_lookup(client_of):
    with answering(PLAIN) as server:
        client = client_of(server)

    found = client.look_up(1)
    assert result(found) == "failed"
    assert "refused" in str(found.failure)
