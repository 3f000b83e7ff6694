"""Serves a sweep's own /metrics, by which Prometheus follows its trials."""

import errno
from typing import Self

from prometheus_client import CollectorRegistry, Gauge

from loadtests.experiments.commands.usage import UsageError
from loadtests.experiments.figures.trial_figures import counted_in_window
from loadtests.experiments.records.records import TrialRecord
from loadtests.page.metrics_server import serve_metrics
from loadtests.service_under_test.contract import hit_ratio
from loadtests.stack.ports import SWEEP_METRICS_PORT


class TrialGauges:
    """Measured and predicted hit ratio at each TTL, as Prometheus gauges.

    Args:
        registry: Where they are registered.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        self._measured = Gauge(
            "loadtest_trial_hit_ratio",
            "What a sweep measured at each TTL.",
            ["ttl_seconds"],
            registry=registry,
        )
        self._predicted = Gauge(
            "loadtest_trial_predicted_hit_ratio",
            "What the formula had predicted.",
            ["ttl_seconds"],
            registry=registry,
        )
        self._replayed = Gauge(
            "loadtest_trial_replay_hit_ratio",
            "What the replay of its very arrivals had predicted.",
            ["ttl_seconds"],
            registry=registry,
        )

    def show(
        self,
        ttl_seconds: float,
        measured: float | None,
        predicted: float | None,
        replayed: float | None,
    ) -> None:
        """Set the hit ratios of one TTL; None leaves a gauge out."""
        gauges = (self._measured, self._predicted, self._replayed)
        for gauge, ratio in zip(gauges, (measured, predicted, replayed), strict=True):
            if ratio is not None:
                gauge.labels(f"{ttl_seconds:g}").set(ratio)


class TrialPage:
    """Serves the hit ratios that have been measured so far; a context manager.

    `gauges` holds them.

    Args:
        host: Address to listen on.
        port: Port to listen on; None takes the usual one, or serves nothing if that is taken.
    """

    def __init__(self, host: str, port: int | None) -> None:
        self._registry = CollectorRegistry()
        self.gauges = TrialGauges(self._registry)
        self.host = host
        self._port = port
        self.address: str | None = None
        """The page's URL; None while it is not served."""

    def show(self, record: TrialRecord) -> None:
        """Add a trial, unless it was aborted."""
        counted = counted_in_window(record)
        if record.aborted is None and counted is not None:
            predicted = record.prediction.hit_ratio if record.prediction else None
            replayed = record.replay.hit_ratio if record.replay else None
            measured = hit_ratio(counted.lookups)
            self.gauges.show(record.trial.ttl_seconds, measured, predicted, replayed)

    def __enter__(self) -> Self:
        """Start serving.

        Raises:
            UsageError: The host or port that was asked for is not available.
        """
        port = SWEEP_METRICS_PORT if self._port is None else self._port
        try:
            self._server, self._thread = serve_metrics(self._registry, self.host, port)
        except OSError as error:
            if self._port is None and error.errno == errno.EADDRINUSE:
                return self
            raise UsageError(
                f"--metrics-host {self.host} --metrics-port {port} is not available: "
                f"{error.strerror}; choose others, or leave them out"
            ) from None
        self.address = f"http://{self.host}:{port}/metrics"
        return self

    def __exit__(self, *_: object) -> None:
        """Stop serving."""
        if self.address is not None:
            self._server.shutdown()
            self._server.server_close()
            self._thread.join()
