"""The service itself; its metrics count or do nothing, as the path that was asked last says."""

from service import create_app
from service.domain.observer import Observer
from service.metrics import Metrics

app = create_app()
EVENTS = [getattr(Metrics, name) for name in vars(Observer) if not name.startswith("_")]
COUNTED = {event: event.__code__ for event in (*EVENTS, Metrics.http_request)}


def do_nothing(*_):
    return None


@app.get("/metrics/on")
def count():
    # Methods that others hold already are switched too.
    for event, code in COUNTED.items():
        event.__code__ = code
    return ""


@app.get("/metrics/off")
def count_nothing():
    for event in COUNTED:
        event.__code__ = do_nothing.__code__
    return ""


app.extensions["start"]()
