"""A Redis that speaks TLS only, with a certificate that nobody vouches for."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from loadtests.stack import servers
from loadtests.stack.ports import free_port
from tests.conftest import find_or_skip


@contextmanager
def running_tls_redis(folder: Path) -> Iterator[int]:
    """Run it in an empty folder; yield its port."""
    program = find_or_skip(servers.REDIS)
    key, certificate, port = folder / "key.pem", folder / "cert.pem", free_port()
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=nobody"),
            *("-keyout", key, "-out", certificate),
        ],
        check=True,
        capture_output=True,
    )
    server = subprocess.Popen(
        [
            *(program.path, "--port", "0", "--tls-port", str(port), "--tls-auth-clients", "no"),
            *("--tls-cert-file", certificate, "--tls-key-file", key, "--save", ""),
        ],
        stdout=subprocess.DEVNULL,
    )
    try:
        yield port
    finally:
        server.kill()
        server.wait()
