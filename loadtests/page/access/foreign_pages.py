"""Refuses what other web pages ask of Locust's page through a visitor's browser."""

import ipaddress
import socket
from collections.abc import Iterable
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from flask import Flask, jsonify, request
from flask.typing import ResponseReturnValue

from loadtests.workload.flags import FlagParser, add_repeatable_flag

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_ONLY_READ = {"GET", "HEAD", "OPTIONS"}
_OWN_SITES = {"same-origin", "none"}
_CORS = "access-control-"
_OWN_PAGES_ONLY = (
    # A page of another site that shows this one in a frame could lead a visitor's clicks.
    ("Content-Security-Policy", "frame-ancestors 'none'"),
    ("X-Frame-Options", "DENY"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("X-Content-Type-Options", "nosniff"),
)
_FOR_ALL = "/metrics"


def add_page_name_flag(parser: FlagParser) -> None:
    """Declare --page-name on Locust's parser."""
    add_repeatable_flag(
        parser,
        "page-name",
        "<name>",
        "A host name under which browsers open this page, such as a proxy's; repeat for more.",
    )


class ForeignPages:
    """Keeps other web pages from changing or reading anything through Locust's page.

    Locust itself obeys and answers the pages of every origin. What it answers without our own name
    is /metrics, because Prometheus may know this page by any.

    Args:
        host: The host that Locust listens on; its name is one of this page, as are localhost,
            addresses, and the machine's own. Any other may be an attacker's that leads here.
        names: More host names of this page, also of a proxy that hands on another Host.
    """

    def __init__(self, host: str, names: Iterable[str]) -> None:
        self._given = {name.lower() for name in names}
        self._own = self._given | {"localhost", host.lower(), socket.gethostname().lower()}

    def install(self, app: Flask) -> None:
        """Check every request of *app* from now on, before all that is added to it later."""
        app.before_request(self._refuse)
        app.wsgi_app = _for_own_pages(app.wsgi_app)  # type: ignore[method-assign, assignment]

    def _refuse(self) -> ResponseReturnValue | None:
        headers, reads = request.headers, request.method in _ONLY_READ
        if reads and request.path.endswith(_FOR_ALL):
            return None
        host, origin = headers.get("Host", ""), headers.get("Origin")
        site = headers.get("Sec-Fetch-Site", "none")
        if not self._is_own_name(_host_name(f"//{host}")):
            who = f"a page at Host {host!r}"
        elif reads:
            return None
        elif origin is not None and not self._is_own_origin(origin, host):
            who = f"a page of Origin {origin!r}"
        elif site not in _OWN_SITES:
            who = f"a page of another site (Sec-Fetch-Site {site!r})"
        else:
            return None
        message = (
            f"only Locust's own page may do that, not {who}; if browsers open Locust's page under"
            " another name, start Locust with --page-name and that name"
        )
        return jsonify(success=False, message=message), 403

    def _is_own_origin(self, origin: str, host: str) -> bool:
        try:
            same = urlsplit(origin).netloc == host
        except ValueError:
            return False
        return same or _host_name(origin) in self._given

    def _is_own_name(self, name: str) -> bool:
        try:
            ipaddress.ip_address(name)
        except ValueError:
            return name in self._own
        return True


def _host_name(url: str) -> str:
    """Return the host name in *url* in lower case; empty if there is none."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _for_own_pages(serve: "WSGIApplication") -> "WSGIApplication":
    """Return *serve* with answers that no other origin may read or show."""

    def serve_own_pages(
        environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        def start(status, headers, exc_info=None):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
            kept = [(name, text) for name, text in headers if not name.lower().startswith(_CORS)]
            return start_response(status, [*kept, *_OWN_PAGES_ONLY], exc_info)

        return serve(environ, start)

    return serve_own_pages
