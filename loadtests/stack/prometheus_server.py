"""A private Prometheus that scrapes a local stack and evaluates the repository's rules."""

import json
from collections.abc import Mapping
from pathlib import Path

from loadtests.service_under_test.urls import page_answers
from loadtests.stack.guardian import FILES, Guardian
from loadtests.stack.private_server import PrivateServer
from loadtests.stack.servers import ServerProgram

RULES = FILES / "rules.yml"
_SCRAPE_INTERVAL = "5s"


class PrometheusServer(PrivateServer):
    """Prometheus on a port of its own; `url` is its address.

    Args:
        guardian: Stops it when this process ends.
        program: Prometheus.
        port: Where it listens.
        targets: Addresses (host:port) to scrape, by job name.
    """

    def __init__(
        self,
        guardian: Guardian,
        program: ServerProgram,
        port: int,
        targets: Mapping[str, list[str]],
    ) -> None:
        super().__init__(guardian, "prometheus", port)
        self._program = program
        self._targets = targets
        self.url = f"http://127.0.0.1:{port}"

    def command(self) -> list[str | Path]:
        """Write the configuration and return the command line."""
        # JSON is valid YAML and needs no further quoting.
        configuration = self.folder / "prometheus.yml"
        configuration.write_text(json.dumps(self._configuration(), indent=1))
        return [
            self._program.path,
            f"--config.file={configuration}",
            f"--storage.tsdb.path={self.folder / 'prometheus-data'}",
            f"--web.listen-address=127.0.0.1:{self.port}",
        ]

    def answers(self) -> bool:
        """Return whether it reports that it is ready."""
        return page_answers(f"{self.url}/-/ready")

    def _configuration(self) -> dict[str, object]:
        return {
            "global": {
                "scrape_interval": _SCRAPE_INTERVAL,
                "evaluation_interval": _SCRAPE_INTERVAL,
            },
            "rule_files": [str(RULES)] if RULES.exists() else [],
            "scrape_configs": [
                {"job_name": job, "static_configs": [{"targets": addresses}]}
                for job, addresses in self._targets.items()
            ],
        }
