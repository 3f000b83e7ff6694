"""The control token, and the addresses that may receive it."""

from collections.abc import Collection
from dataclasses import dataclass, field


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
