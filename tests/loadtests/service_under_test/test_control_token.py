"""Which addresses receive the control token."""

import pytest

from loadtests.service_under_test.control_token import ControlToken, TokenError, bearer_header

TOKEN = ControlToken("secret", ("http://a:1", "http://b:1"))


@pytest.mark.parametrize("urls", [("http://a:1",), ("http://b:1", "http://a:1")])
def test_addresses_given_at_start_receive_it(urls):
    assert TOKEN.for_urls(urls) == "secret"


@pytest.mark.parametrize(
    "urls", [("http://a:2",), ("https://a:1",), ("http://a:1", "http://evil:1"), ("http://a:1@x",)]
)
def test_no_address_receives_it_beside_one_that_was_not_given_at_start(urls):
    assert TOKEN.for_urls(urls) is None


def test_it_is_not_shown():
    assert "secret" not in repr(TOKEN)


@pytest.mark.parametrize(
    "token", ["sec\nret", "sec\r\nX: ret", "secret ", "s\u00e9cret", "sec\u2028ret", "\0secret"]
)
def test_a_token_that_no_header_can_carry_is_refused_without_being_shown(token):
    with pytest.raises(TokenError, match=r"^CONTROL_TOKEN has a blank or a character beyond") as no:
        bearer_header(token)

    assert "ret" not in str(no.value).replace("character", "")
