"""What a run asks of what it measures: our service, or a target in its place."""

from loadtests.service_under_test.client import ServiceClient
from loadtests.target.target_control import TargetControl
from loadtests.workload.load_settings import LoadSettings

RunClient = ServiceClient | TargetControl
"""A client of the control API, or what stands in its place for a target."""


def client_of(settings: LoadSettings, token: str | None) -> RunClient:
    """Return the client for *settings*; the token goes to our service alone."""
    if settings.target is not None:
        return TargetControl(settings.target, settings.knobs)
    return ServiceClient(settings.service_urls, token)
