"""The service itself, whose metrics count nothing."""

from service import create_app
from service.domain.observer import Observer
from service.metrics import Metrics

for event in (name for name in vars(Observer) if not name.startswith("_")):
    setattr(Metrics, event, lambda *_: None)
Metrics.http_request = lambda *_: None

app = create_app()
app.extensions["start"]()
