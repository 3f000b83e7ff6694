"""python -m service: serves the app under Granian in one process with many threads."""

import gc
import logging
import multiprocessing
import os
import resource
import signal
import socket
import sys
import threading
import time
from contextlib import suppress
from multiprocessing.util import Finalize

from flask import Flask
from granian import Granian
from granian.constants import HTTPModes, Interfaces, RuntimeModes
from granian.http import HTTP1Settings
from granian.log import LogLevels

from service import create_app
from service.settings import Settings, SettingsError
from service.task_limits import require_room

# After SIGTERM, requests under way have this long to finish; then Redis has the second time to
# accept the pending invalidations. A worker that takes longer than both is killed. Together they
# stay below the ten seconds after which Docker kills.
STOP_SECONDS = 8
# A connection on which no whole head of a request comes within this time is closed, whether it
# sends slowly or not at all. Until then it costs a descriptor and no thread.
HEAD_SECONDS = 30
MOST_CONNECTIONS = 16_384
PENDING_SECONDS = 1
# They read requests and write answers, beside the threads that run Python. One alone is often not
# scheduled while those compete for the processor.
HTTP_THREADS = 2


def application() -> Flask:
    """Build the app; called in Granian's worker."""
    settings = Settings.from_environment()
    logging.basicConfig(
        level=settings.log_level.upper(), format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    _end_with_main_process()
    app = create_app(settings)
    app.extensions["start"]()
    # All that is there now stays. Each collection that goes through it stops every thread for
    # 30 ms, and under many misses there is one every few seconds.
    gc.collect()
    gc.freeze()
    # Granian's worker is a forked process, which does not run atexit handlers.
    Finalize(None, app.extensions["close"], (PENDING_SECONDS,), exitpriority=0)
    return app


def _end_with_main_process() -> None:
    """End this worker when its main process dies without a word, as after kill -9."""
    if main_process := multiprocessing.parent_process():

        def watch() -> None:
            main_process.join()
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(STOP_SECONDS + PENDING_SECONDS)
            os.kill(os.getpid(), signal.SIGKILL)

        threading.Thread(target=watch, name="main-process", daemon=True).start()


def main() -> int:
    """Serve until SIGTERM or Ctrl-C; return the exit code."""
    try:
        settings = Settings.from_environment()
        require_room(settings, HTTP_THREADS)
        address = _free_address(settings.host, settings.port)
        claim = _claim(address, settings)
    except SettingsError as error:
        print(f"service: {error}", file=sys.stderr)  # noqa: T201
        return 2
    logging.getLogger("_granian").addFilter(_is_relevant)
    Granian(
        "service.__main__:application",
        factory=True,
        interface=Interfaces.WSGI,
        http=HTTPModes.http1,
        address=address,
        port=settings.port,
        workers=1,
        runtime_mode=RuntimeModes.mt,
        runtime_threads=HTTP_THREADS,
        blocking_threads=settings.threads,
        backpressure=_connections(),
        http1_settings=HTTP1Settings(header_read_timeout=HEAD_SECONDS * 1000),
        websockets=False,
        log_level=LogLevels(settings.log_level),
        workers_kill_timeout=STOP_SECONDS + PENDING_SECONDS,
    ).serve()
    claim.close()
    return 0


def _connections() -> int:
    """Let this process open all the files that it may; return how many may be connections.

    The server accepts no more, so that some are left for Redis and the database.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        soft = hard
    return MOST_CONNECTIONS if soft < 0 else max(128, min(MOST_CONNECTIONS, soft // 2))


def _is_relevant(record: logging.LogRecord) -> bool:
    """Drop the advice to use fewer threads: most of them wait for Redis and the store."""
    return "spawning up to" not in record.getMessage()


def _free_address(host: str, port: int) -> str:
    """Return the IP address of a host, which is all that Granian takes.

    Raises:
        SettingsError: This process cannot listen there.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind, protocol) as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
    except socket.gaierror as error:
        raise SettingsError(f"HOST {host!r} is not an address of this machine: {error}") from error
    except OSError as error:
        raise SettingsError(
            f"cannot listen on HOST {host} PORT {port}: {error.strerror}; "
            "stop the program that uses it or set another PORT"
        ) from error
    return str(address[0])


def _claim(address: str, settings: Settings) -> socket.socket:
    """Keep other processes of the service from this address for as long as this one runs.

    Granian lets several processes listen on one address, so that two that start at the same time
    would share its requests, and a script that counts on one of them would meet both.

    Raises:
        SettingsError: Another process has it.
    """
    claim = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    if sys.platform == "linux":
        try:
            claim.bind(f"\0cacheaside {address} {settings.port}")
        except OSError as error:
            claim.close()
            raise SettingsError(
                f"cannot listen on HOST {settings.host} PORT {settings.port}: another process of "
                "the service does; stop it or set another PORT"
            ) from error
    return claim


if __name__ == "__main__":
    sys.exit(main())
