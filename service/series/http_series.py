"""The metric of HTTP requests; the answers that are expected stand at 0 from the start.

Others, such as those to an unauthorised caller, appear with their first.
"""

from collections.abc import Mapping

from service.series.families import Families

EXPECTED_ANSWERS: Mapping[str, Mapping[str, tuple[int, ...]]] = {
    "/fruit/<id>": {
        "GET": (200, 404, 503),
        "HEAD": (200, 404, 503),
        "PUT": (200, 201, 400, 404, 503),
        "DELETE": (204, 404, 503),
    },
    "/control/settings": {"GET": (200,), "PATCH": (200, 400)},
    "/control/cache": {"DELETE": (200, 503)},
    "/control/catalogue": {"PUT": (200, 400, 503)},
    "/": {"GET": (200,)},
    "/livez": {"GET": (200,)},
    "/readyz": {"GET": (200, 503)},
    "/metrics": {"GET": (200,)},
    "unmatched": {"GET": (404,)},
}
METHODS = ("GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS", "other")


class HttpSeries:
    """The answered requests by method, route and status."""

    def __init__(self, families: Families) -> None:
        self.answers = families.counter(
            "cacheaside_http_requests_total",
            "Answered HTTP requests; route is the pattern, never the path",
            *("method", "route", "status"),
        )
        self.expected = {}
        for route, answers in EXPECTED_ANSWERS.items():
            for method, statuses in answers.items():
                for status in statuses:
                    series = self.answers.labels(method, route, str(status))
                    self.expected[method, route, status] = series
