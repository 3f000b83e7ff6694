"""What is compared with what, and which ratio is wanted."""

from dataclasses import dataclass, field, replace

from loadtests.side_by_side.contenders import DEFAULT_THREADS, Contender

FEW_THREADS = (1, 4)
TOKEN = "bench"  # noqa: S105 - of a private stack
ITEMS = 1000

SERVICE = Contender("the service", "service")
CONSTANT = Contender("Flask with a constant answer", "granian", "constant")

# Each id comes round again long after its entry has expired.
EVERY_ID = f"""
local id = 0
request = function()
  id = id % {ITEMS} + 1
  return wrk.format("GET", "/fruit/" .. id)
end
"""
WRITES = """
wrk.method = "PUT"
wrk.body = '{"name": "apple", "quantity": 7}'
wrk.headers["Content-Type"] = "application/json"
"""


@dataclass(frozen=True, slots=True)
class Case:
    """One comparison.

    Attributes:
        path: What the requests ask of the service: hit, miss or write.
        rival: What stands beside it.
        wanted: The least ratio that is aimed at; None where the ratio is only shown.
        threads: How many requests both serve at the same time.
        service: The service as it runs for this case.
        script: Lua for wrk that makes other requests than a lookup of one hot fruit.
        on_one_core: Whether each server has one core; otherwise both may use all of them.
        is_short: Whether it stands in the README's table too.
    """

    path: str
    rival: Contender
    wanted: float | None = None
    threads: int = DEFAULT_THREADS
    service: Contender = field(default=SERVICE)
    script: str = ""
    is_short: bool = False
    on_one_core: bool = True

    @property
    def name(self) -> str:
        """What baselines call it."""
        cores = "" if self.on_one_core else ", all cores"
        return f"{self.path}, {self.threads} threads{cores}: {self.rival.name}"


BARE_GET = Contender("Flask and redis-py, GET", "granian", "bare_get")
BARE_PIPELINE = Contender("Flask and redis-py, GET and PTTL", "granian", "bare_pipeline")
OWN_CLIENT = Contender("Flask and the service's own client", "granian", "own_client")
TUTORIAL = Contender("tutorial code, development server", "flask", "tutorial")
TUTORIAL_GUNICORN = Contender("tutorial code, gunicorn threads", "gunicorn", "tutorial")
FLASK_CACHING = Contender("Flask-Caching", "granian", "flask_caching_view")
DOGPILE = Contender("dogpile.cache", "granian", "dogpile_view")
SELECT = Contender("a bare SELECT through the same pool", "granian", "bare_select")
CASHEWS = Contender("cashews, bare ASGI", "granian-asgi", "cashews_asgi")
REDIS_ASGI = Contender("redis-py asyncio, bare ASGI", "granian-asgi", "redis_asgi")
THREADED = (BARE_GET, BARE_PIPELINE, OWN_CLIENT, TUTORIAL_GUNICORN, FLASK_CACHING, CONSTANT)

_HITS = (
    (BARE_GET, 1.3),
    (BARE_PIPELINE, None),
    (OWN_CLIENT, 0.95),
    (TUTORIAL, 4.0),
    (TUTORIAL_GUNICORN, 2.5),
    (FLASK_CACHING, 1.2),
    (DOGPILE, 1.2),
    (CASHEWS, 1.0),
    (REDIS_ASGI, 1.0),
    (CONSTANT, None),
)
# Granian's own threads have work for a second core, which threads of Python have not.
_ON_ALL_CORES_TOO = (BARE_GET, OWN_CLIENT, CASHEWS, REDIS_ASGI, SELECT)
_SHORT = (BARE_GET, TUTORIAL, TUTORIAL_GUNICORN, FLASK_CACHING, DOGPILE, CASHEWS, REDIS_ASGI)


def _with_protection(mode: str) -> Contender:
    return Contender(f"the service, protection {mode}", "service", settings=(("PROTECTION", mode),))


def _with_metrics(state: str) -> Contender:
    name = f"the same process, metrics {state}"
    return Contender(name, "granian", "switched_metrics", switch=f"/metrics/{state}")


_WITH_DEFAULT_THREADS = (
    *(Case("hit", rival, wanted, is_short=rival in _SHORT) for rival, wanted in _HITS),
    Case("hit", _with_metrics("off"), 0.95, service=_with_metrics("on"), is_short=True),
    Case(
        "near",
        CONSTANT,
        0.85,
        service=Contender("the service", "service", settings=(("NEAR_SECONDS", "60"),)),
        is_short=True,
    ),
    Case(
        "miss",
        SELECT,
        0.85,
        service=Contender("the service", "service", settings=(("TTL_SECONDS", "0.001"),)),
        script=EVERY_ID,
        is_short=True,
    ),
    Case(
        "write",
        Contender("a bare REPLACE and DEL", "granian", "bare_write"),
        script=WRITES,
    ),
)
CASES = (
    *_WITH_DEFAULT_THREADS,
    *(
        replace(case, on_one_core=False)
        for case in _WITH_DEFAULT_THREADS
        if case.rival in _ON_ALL_CORES_TOO
    ),
    *(Case("hit", rival, threads=threads) for threads in FEW_THREADS for rival in THREADED),
    *(Case("hit", _with_protection(mode)) for mode in ("none", "lease", "early", "stale")),
)
