"""The control token, and the addresses that may receive it."""

import re
from collections.abc import Collection
from dataclasses import dataclass, field


class TokenError(Exception):
    """The token cannot be sent; one line for the user, without the token."""


def bearer_header(token: str | None) -> dict[str, str]:
    """Return the header that carries a token; none without one.

    Raises:
        TokenError: No header can carry it.
    """
    if not token:
        return {}
    if not re.fullmatch(r"[!-~]+", token):
        raise TokenError(
            "CONTROL_TOKEN has a blank or a character beyond ASCII, which a header cannot carry;"
            " use only letters, digits and punctuation"
        )
    return {"Authorization": f"Bearer {token}"}


@dataclass(frozen=True)
class ControlToken:
    """Hands out the token for addresses that were given at start, and for no others.

    Whoever reaches Locust's form can name any address there, and would collect the token.

    Attributes:
        text: The token; None where the service asks for none.
        urls: The addresses given at start.
    """

    text: str | None = field(repr=False)
    urls: Collection[str]

    def for_urls(self, urls: Collection[str]) -> str | None:
        """Return the token for requests to *urls*; None if one of them was not given at start."""
        return self.text if set(urls) <= set(self.urls) else None
