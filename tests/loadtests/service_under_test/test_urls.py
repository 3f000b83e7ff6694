"""Which addresses are valid, and how they are shown."""

import pytest

from loadtests.service_under_test.urls import names_server, without_password


@pytest.mark.parametrize("url", ["http://a", "https://a:8443/service", "http://[::1]:8000"])
def test_a_url_with_scheme_and_host_names_a_server(url):
    assert names_server(url)


@pytest.mark.parametrize(
    "url", ["a:1", "ftp://a", "http://", "http://a:0", "http://a:99999", "http://a:x", "http://a b"]
)
def test_a_url_without_a_host_or_with_a_wrong_port_names_no_server(url):
    assert not names_server(url)


def test_a_password_may_contain_characters_that_a_host_may_not():
    assert names_server("mysql+pymysql://me:pass wört@db/grocerydb", ("mysql+pymysql",))


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("redis://127.0.0.1:6379/0", "redis://127.0.0.1:6379/0"),
        ("rediss://:secret@cache:6380/0", "rediss://:***@cache:6380/0"),
        ("mysql+pymysql://me:p%40ss@db/grocerydb", "mysql+pymysql://me:***@db/grocerydb"),
        ("mysql+pymysql://me:pass@[::1/grocerydb", "mysql+pymysql://me:***@[::1/grocerydb"),
    ],
    ids=["no password", "redis", "mysql", "invalid address"],
)
def test_password_of_an_address_is_never_shown(url, shown):
    assert without_password(url) == shown
