"""The metric of HTTP requests; the answers that are expected stand at 0 from the start."""

from collections.abc import Mapping

from service.series.families import Families

EXPECTED_ANSWERS: Mapping[str, Mapping[str, tuple[int, ...]]] = {
    "/fruit/<id>": {
        "GET": (200, 404, 503),
        "HEAD": (200, 404, 503),
        "PUT": (200, 201, 400, 401, 404, 413, 415, 503),
        "DELETE": (204, 401, 404, 503),
    },
    "/control/settings": {"GET": (200, 401), "PATCH": (200, 400, 401, 413, 415)},
    "/control/cache": {"DELETE": (200, 401, 503)},
    "/control/catalogue": {"PUT": (200, 400, 401, 413, 415, 503)},
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
