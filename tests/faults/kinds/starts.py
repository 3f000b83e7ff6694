"""What may be wrong from the start: settings, flags, rights, and what is not there."""

from tests.faults.start import Start

BENCH = "mysql+pymysql://bench@127.0.0.1:{database}/grocerydb"
REDIS = "redis://127.0.0.1:{redis}/0"


def of_service(name: str, **settings: str) -> Start:
    """Return a start of the service that ends at once."""
    return Start(name, settings=settings)


def serving(name: str, redis_url: str = REDIS, database_url: str = BENCH) -> Start:
    """Return a start of the service that serves what it can, and says what it cannot."""
    settings = {"REDIS_URL": redis_url, "DATABASE_URL": database_url}
    return Start(name, settings=settings, serves=True)


def of_sweep(name: str, *words: str) -> Start:
    """Return a start of a sweep that ends at once."""
    return Start(name, ("-m", "loadtests", "sweep", "--ttl", "1", *words))


def of_locust(name: str, *words: str) -> Start:
    """Return a start of Locust that ends at once."""
    fixed = ("--service-url", "http://127.0.0.1:{service}", "--web-port", "{free}")
    return Start(name, ("-m", "locust", "-f", "loadtests/locustfile.py", *fixed, *words))


STARTS = (
    serving("a wrong password of Redis", "redis://nobody:no@127.0.0.1:{redis}/0"),
    serving("a database that Redis has not", "redis://127.0.0.1:{redis}/17"),
    serving("a user of Redis without rights", "redis://keyless:pw@127.0.0.1:{redis}/0"),
    serving("a certificate that nobody vouches for", "rediss://127.0.0.1:{tls}/0"),
    serving("redis:// where the port wants TLS", "redis://127.0.0.1:{tls}/0"),
    serving("redis+cluster:// where there is no cluster", "redis+cluster://127.0.0.1:{redis}"),
    serving(
        "a wrong password of the database",
        database_url="mysql+pymysql://bench:no@127.0.0.1:{database}/grocerydb",
    ),
    serving(
        "a database that is not there", database_url="mysql+pymysql://root@127.0.0.1:{database}/no"
    ),
    serving(
        "a database without the table",
        database_url="mysql+pymysql://root@127.0.0.1:{database}/mysql",
    ),
    of_service("a password that is not encoded", REDIS_URL="redis://:p@ss#w/rd@127.0.0.1:6379/0"),
    of_service("a database in memory", DATABASE_URL="sqlite:///:memory:"),
    of_service("an address that is no machine's", HOST="no.such.host.invalid"),
    of_service("a second process at an address", PORT="{service}"),
    of_service("a folder of metrics that is not there", PROMETHEUS_MULTIPROC_DIR="/no/such"),
    of_sweep("a sweep of a service below a path", "--service-url", "http://127.0.0.1:{service}/x"),
    of_sweep("a sweep that may not write its folder", "--output", "/proc/results"),
    of_locust("tags for a load without tags", "--tags", "x"),
    of_locust("a login for a page without a login", "--web-login"),
)
