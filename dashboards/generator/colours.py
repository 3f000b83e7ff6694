"""One colour for each word, on every panel.

The colours of results differ in brightness too, so that they can be told apart when printed in
grey. Green is for what is right, orange for what costs a load, red for what failed.
"""

GREEN = "#73bf69"
ORANGE = "#ffb357"
RED = "#f2495c"
DARK_RED = "#a30d1f"
BLUE = "#5794f2"
LIGHT_BLUE = "#8ab8ff"
PURPLE = "#8f3bb8"
GREY = "#8e8e8e"
YELLOW = "#fade2a"
PINK = "#e0559c"
BROWN = "#a87b51"
TEAL = "#3bb3a9"
INDIGO = "#6065c9"

# In the order in which they are stacked: what the cache answered lies at the bottom.
RESULTS = {
    "hit": GREEN,
    "near": "#0f6e66",
    "stale": PURPLE,
    "negative": LIGHT_BLUE,
    "coalesced": YELLOW,
    "miss": ORANGE,
    "bypass": GREY,
    "error": DARK_RED,
    "failed": RED,
    "dropped": "#ffdca8",
}
# In the order in which they are stacked: what a longer TTL would mend, what more memory would.
MISS_REASONS = {
    "expired": BLUE,
    "evicted": RED,
    "invalidated": PURPLE,
    "refused": DARK_RED,
    "first": LIGHT_BLUE,
    "unknown": GREY,
}
_HIT_RATIOS = {
    "measured": GREEN,
    "also right": TEAL,
    "predicted": BLUE,
    "theory": GREY,
    "near: predicted": TEAL,
    "sweep: measured": TEAL,
    "sweep: replay": BROWN,
    "sweep: predicted": INDIGO,
    "Redis: keys": BROWN,
    "service: keys": ORANGE,
    "Redis: entries": TEAL,
    "service: entries": GREEN,
}
_TIMES = {
    "p50": LIGHT_BLUE,
    "p99": PINK,
    "mean of those not right": PURPLE,
    "response p50": LIGHT_BLUE,
    "service p50": LIGHT_BLUE,
    "response p99": PINK,
    "service p99": PINK,
    "age of entries": BLUE,
    "staleness of stale reads": PURPLE,
    "Redis: read": GREEN,
    "Redis: generation": LIGHT_BLUE,
    "Redis: fill": YELLOW,
    "Redis: lease": PURPLE,
    "store: select": ORANGE,
}
_RATES = {
    "lookups": BLUE,
    "ask Redis": BROWN,
    "loads": ORANGE,
    "avoided": GREEN,
    "loads for each fill": ORANGE,
    "stale reads": PURPLE,
    "no answer": DARK_RED,
    "Redis": RED,
    "store": PINK,
    "target": GREY,
    "achieved": BLUE,
    "achieved ÷ target": BLUE,
    "slip": ORANGE,
    "asked for": BLUE,
    "from disk": ORANGE,
}
_OUTCOMES = {
    "stored": GREEN,
    "redundant": ORANGE,
    "fenced": LIGHT_BLUE,
    # "failed" is a result too.
    "done": GREEN,
    "deferred": ORANGE,
    "retried": LIGHT_BLUE,
    "abandoned": DARK_RED,
    "pending": RED,
    "select": ORANGE,
    "insert": YELLOW,
    "update": LIGHT_BLUE,
    "replace": BLUE,
    "delete": PURPLE,
    "200": GREEN,
    "201": TEAL,
    "204": BLUE,
    "400": ORANGE,
    "401": PINK,
    "404": LIGHT_BLUE,
    "413": BROWN,
    "415": YELLOW,
    "503": RED,
}
_AMOUNTS = {
    "TTL": BLUE,
    "TTL now": "#9fa7b3",
    "in flight": ORANGE,
    "users": BLUE,
    "workers": GREY,
    "threads busy": BLUE,
    "threads": BLUE,
    "store queries": ORANGE,
    "store pool": ORANGE,
    "limit": RED,
    "keys": BLUE,
    "clients": ORANGE,
    "open": BLUE,
    "running": BLUE,
    "alerts": RED,
}
_SCENARIOS = {
    "ReadHeavy": BLUE,
    "ReadWrite": ORANGE,
    "HotKey": PINK,
    "MissingIds": LIGHT_BLUE,
    "TraceReplay": TEAL,
    "ClosedLoop": GREY,
}

COLOURS = {**_HIT_RATIOS, **_TIMES, **_RATES, **_OUTCOMES, **_AMOUNTS, **_SCENARIOS}
COLOURS |= {**MISS_REASONS, **RESULTS}
"""The only map from words that a legend shows to colours."""

# The words that a legend such as {{result}} may turn into.
WORDS_OF_LABEL = {
    "result": tuple(RESULTS),
    "scenario": tuple(_SCENARIOS),
    "outcome": (
        *("stored", "redundant", "fenced", "failed"),
        *("done", "deferred", "retried", "abandoned"),
    ),
    "command": ("select", "insert", "update", "replace", "delete"),
    "status": ("200", "201", "204", "400", "401", "404", "413", "415", "503"),
}


def words_of_legend(legend: str) -> tuple[str, ...]:
    """Return the words that a legend can show; none for a name such as that of an instance."""
    if "{{" not in legend:
        return (legend,)
    return WORDS_OF_LABEL.get(legend.removeprefix("{{").removesuffix("}}"), ())
