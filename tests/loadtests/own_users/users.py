"""Stands for the users and responses of a locustfile of one's own."""

from locust.event import Events


class Environment:
    """What a user knows of Locust; `rows` and `raised` keep what its events told."""

    def __init__(self):
        self.events = Events()
        self.rows, self.raised = [], []
        self.events.request.add_listener(lambda **row: self.rows.append(row))
        self.events.user_error.add_listener(lambda exception, **_: self.raised.append(exception))


class Shopper:
    """A user that is no particular one of Locust's."""

    def __init__(self):
        self.environment = Environment()


class Response:
    """A response of Locust's, asked for with catch_response=True."""

    def __init__(self, status=200, headers=None, content=b""):
        self.status_code = status
        self.headers = headers
        self.content = content
        self.request_meta = {"name": "product", "response_time": 1.0}
