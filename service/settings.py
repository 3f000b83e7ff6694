"""The settings of one service process; the only place that reads the environment."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import SplitResult, parse_qsl, urlsplit

from service.domain.knobs import KnobError, Knobs, no_near_tier, quote

LOG_LEVELS = ("debug", "info", "warning", "error", "critical")
REDIS_SCHEMES = ("redis", "rediss", "redis+cluster", "rediss+cluster")
DATABASE_SCHEMES = ("mysql+pymysql", "mariadb+pymysql", "sqlite")
_FILE = ".+"
REDIS_TLS = {
    **dict.fromkeys(("ssl_ca_certs", "ssl_certfile", "ssl_keyfile"), _FILE),
    "ssl_cert_reqs": "required|optional|none",
    "ssl_check_hostname": "true|false",
}
MYSQL_OPTIONS = {
    **dict.fromkeys(("ssl_ca", "ssl_cert", "ssl_key"), _FILE),
    "ssl_check_hostname": "true|false",
    "charset": "utf8mb4",
    "unix_socket": "/.+",
}
# By scheme, the options that a URL may have, and the pattern of each value. The drivers' other
# options would make them fail, or override the settings of this process.
URL_OPTIONS = {
    "rediss": REDIS_TLS,
    "rediss+cluster": REDIS_TLS,
    "mysql+pymysql": MYSQL_OPTIONS,
    "mariadb+pymysql": MYSQL_OPTIONS,
}


class SettingsError(ValueError):
    """A setting is wrong; the message names it, its value and the way out in one line."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How one process runs; the defaults fit the compose stack on this machine.

    Attributes:
        redis_url: A Redis server, or with `+cluster` one node of a cluster.
        database_url: The store.
        host: The address to listen on.
        port: The port to listen on.
        threads: How many requests are served at the same time.
        store_pool_size: Connections to the store, and so loads at the same time.
        redis_timeout_seconds: Longest wait for one reply of Redis.
        log_level: The least severe messages to log.
        control_token: Required of writes and control; None accepts only those from this machine.
        knobs: The run-time knobs at the start.
    """

    redis_url: str = "redis://127.0.0.1:6379/0"
    database_url: str = "mysql+pymysql://root:root@127.0.0.1:3306/grocerydb"
    host: str = "127.0.0.1"
    port: int = 8000
    threads: int = 32
    store_pool_size: int = 16
    redis_timeout_seconds: float = 0.1
    log_level: str = "info"
    control_token: str | None = field(default=None, repr=False)
    knobs: Knobs = field(default_factory=Knobs)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> "Settings":
        """Read the settings from an environment; None reads the one of this process.

        Raises:
            SettingsError: A value is wrong.
        """
        texts = os.environ if environment is None else environment
        _require_no_shared_metrics(texts)
        default = cls()
        try:
            knobs = Knobs.from_texts(texts)
        except KnobError as error:
            raise SettingsError(f"{error} (environment variable)") from None
        redis_url = _url(texts, "REDIS_URL", default.redis_url, REDIS_SCHEMES)
        if knobs.near_seconds and redis_url.partition("://")[0].endswith("+cluster"):
            why = no_near_tier(knobs.near_seconds).replace("near_seconds", "NEAR_SECONDS", 1)
            raise SettingsError(f"{why} (environment variable)")
        return cls(
            redis_url=redis_url,
            database_url=_url(texts, "DATABASE_URL", default.database_url, DATABASE_SCHEMES),
            host=_host(texts, default.host),
            port=_whole(texts, "PORT", default.port, 1, 65_535),
            threads=_whole(texts, "THREADS", default.threads, 1, 1024),
            store_pool_size=_whole(texts, "STORE_POOL_SIZE", default.store_pool_size, 1, 1024),
            redis_timeout_seconds=_timeout(texts, default.redis_timeout_seconds),
            log_level=_level(texts, default.log_level),
            control_token=_token(texts),
            knobs=knobs,
        )


def _require_no_shared_metrics(texts: Mapping[str, str]) -> None:
    name = "PROMETHEUS_MULTIPROC_DIR"
    folder = texts.get(name, texts.get(name.lower()))
    if folder is not None and not os.path.isdir(folder):  # noqa: PTH112 - never raises
        raise SettingsError(
            f"{name} is not a folder: {quote(folder)}; unset it, as each process of the service "
            "has metrics of its own"
        )


def _host(texts: Mapping[str, str], default: str) -> str:
    text = texts.get("HOST", default)
    if not text or text != text.strip():
        raise SettingsError(f"HOST must not be empty, got {quote(text)}; unset it for {default}")
    _require_name("HOST", text)
    return text


def _require_name(name: str, host: str) -> None:
    """Raise SettingsError for a host that no name server could resolve."""
    try:
        host.encode("idna")
    except UnicodeError:
        raise SettingsError(f"{name}: {quote(host)} is not a valid host name") from None


def _whole(texts: Mapping[str, str], name: str, default: int, low: int, high: int) -> int:
    text = texts.get(name, str(default))
    if not re.fullmatch(r"[0-9]{1,9}", text) or not low <= int(text) <= high:
        raise SettingsError(
            f"{name} must be a whole number from {low} to {high}, got {quote(text)}"
        )
    return int(text)


def _timeout(texts: Mapping[str, str], default: float) -> float:
    name, text = "REDIS_TIMEOUT_SECONDS", texts.get("REDIS_TIMEOUT_SECONDS", str(default))
    if not re.fullmatch(r"[0-9]*\.?[0-9]+", text) or not 0.001 <= float(text) <= 0.1:
        raise SettingsError(f"{name} must be 0.001 to 0.1 seconds, got {quote(text)}")
    return float(text)


def _level(texts: Mapping[str, str], default: str) -> str:
    text = texts.get("LOG_LEVEL", default)
    if text.lower() not in LOG_LEVELS:
        raise SettingsError(f"LOG_LEVEL must be one of {', '.join(LOG_LEVELS)}, got {quote(text)}")
    return text.lower()


def _token(texts: Mapping[str, str]) -> str | None:
    token = texts.get("CONTROL_TOKEN")
    if token is not None and not token.strip():
        raise SettingsError(
            "CONTROL_TOKEN is set but empty; set a value, or unset it "
            "to accept control requests from this machine only"
        )
    if token is not None and not re.fullmatch("[!-~]+", token):
        raise SettingsError(
            "CONTROL_TOKEN has a blank or a character beyond ASCII, which a header cannot carry; "
            "use only letters, digits and punctuation"
        )
    return token


def _url(texts: Mapping[str, str], name: str, default: str, schemes: tuple[str, ...]) -> str:
    text = texts.get(name, default)
    # A URL may contain a password, so that messages show only the part that is wrong.
    scheme = text.partition("://")[0] if "://" in text else ""
    if scheme not in schemes:
        raise SettingsError(f"{name} must begin with one of {_list(schemes)}, got {quote(scheme)}")
    if not text.isprintable():
        raise SettingsError(f"{name} has an unprintable character; percent-encode it")
    if scheme == "sqlite":
        return _sqlite(name, text)
    _require_encoded(name, text)
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise SettingsError(f"{name} has a port that is not a number from 1 to 65535") from None
    if not parts.hostname or port == 0:
        raise SettingsError(f"{name} names no host; write it like {default}")
    if name == "DATABASE_URL" and not parts.path.strip("/"):
        raise SettingsError(f"{name} names no database; write it like {default}")
    if name == "REDIS_URL" and not re.fullmatch(r"/?|/[0-9]{1,4}", parts.path):
        raise SettingsError(f"{name} must end in a database number, got {quote(parts.path)}")
    _require_name(name, parts.hostname)
    _require_known_options(name, parts)
    return text


def _require_encoded(name: str, text: str) -> None:
    """Raise SettingsError for a URL that its password cuts into other parts than were meant."""
    before, at, _ = text.rpartition("@")
    login = before.partition("://")[2] if at else ""
    if "#" in text or any(mark in login for mark in "@/?["):
        raise SettingsError(
            f"{name} has a character in user or password that must be percent-encoded: "
            "write @ as %40, # as %23, / as %2F, ? as %3F, [ as %5B"
        )


def _require_known_options(name: str, parts: SplitResult) -> None:
    known = URL_OPTIONS.get(parts.scheme, {})
    for option, value in parse_qsl(parts.query, keep_blank_values=True):
        if option not in known:
            allowed = f"{parts.scheme}:// takes {', '.join(known) or 'none'}"
            raise SettingsError(f"{name} has the unknown option {quote(option)}; {allowed}")
        if not re.fullmatch(known[option], value, re.IGNORECASE):
            raise SettingsError(f"{name}: {option} must be {known[option]}, got {quote(value)}")
        if known[option] is _FILE and not os.path.isfile(value):  # noqa: PTH113 - never raises
            raise SettingsError(f"{name}: {option} is not a file: {quote(value)}")


def _sqlite(name: str, text: str) -> str:
    path, _, options = text.removeprefix("sqlite:///").partition("?")
    if not text.startswith("sqlite:///") or not path.strip("/"):
        raise SettingsError(f"{name} names no file; write it like sqlite:////tmp/fruit.db")
    if path == ":memory:":
        raise SettingsError(
            f"{name} keeps nothing in memory, where each connection has a database of its own; "
            "write it like sqlite:////tmp/fruit.db"
        )
    if not os.path.isdir(Path(path).parent):  # noqa: PTH112 - never raises
        raise SettingsError(
            f"{name} is in a folder that does not exist: {quote(str(Path(path).parent))}"
        )
    if options:
        raise SettingsError(f"{name} has the options {quote(options)}; a file takes none")
    return text


def _list(schemes: tuple[str, ...]) -> str:
    return ", ".join(f"{scheme}://" for scheme in schemes)
