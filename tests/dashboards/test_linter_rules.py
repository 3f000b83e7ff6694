"""The rules of Grafana's dashboard-linter, and our own."""

import re

import pytest

from tests.dashboards.board_files import BOARDS, load, panels, queries

# The units that we use: those that the linter knows, and what is counted, as a suffix
UNITS = {"percentunit", "reqps", "s", "short", "bytes", "bool_on_off", "none"}
COUNTED = re.compile(
    r"suffix:(?:cores|(?:loads|misses|errors|reads|fills|entries|keys|statements|pages)?/s)"
)
RATES = re.compile(r"\b(?:rate|irate|increase)\(")

each_board = pytest.mark.parametrize("path", BOARDS, ids=lambda path: path.stem)
each_panel = pytest.mark.parametrize(
    "panel",
    [panel for path in BOARDS for panel in panels(load(path))],
    ids=lambda panel: panel["title"],
)
each_query = pytest.mark.parametrize(
    "query",
    [query for path in BOARDS for query in queries(path) if query.kind == "panel"],
    ids=lambda query: f"{query.board}: {query.title}",
)


def variables(path):
    return {variable["name"]: variable for variable in load(path)["templating"]["list"]}


@each_board
def test_reader_may_choose_the_data_source(path):
    datasource = variables(path)["datasource"]

    assert datasource["type"] == "datasource"
    assert datasource["query"] == "prometheus"
    assert datasource["label"] == "Data source"


@each_board
@pytest.mark.parametrize(
    ("name", "label"), [("replica", "service replica"), ("generator", "load generator")]
)
def test_reader_may_choose_replicas_and_generators_and_sees_all_by_default(path, name, label):
    variable = variables(path)[name]

    assert variable["type"] == "query"
    assert variable["datasource"]["uid"] == "${datasource}"
    assert variable["label"] == label
    assert variable.get("hide", 0) == 0
    assert variable["multi"]
    assert variable["includeAll"]
    assert variable["allValue"] == ".+"


@each_board
def test_job_is_a_variable_that_nobody_sees(path):
    """A reader knows replicas and load generators, and the job follows from either."""
    assert variables(path)["job"]["hide"] == 2
    assert variables(path)["job"]["allValue"] == ".+"


@each_board
def test_choices_are_refreshed_when_the_time_range_changes(path):
    assert {
        variable["refresh"] for variable in variables(path).values() if variable["type"] == "query"
    } == {2}


@each_board
def test_dashboard_is_read_only_and_so_cannot_differ_from_its_file(path):
    assert load(path)["editable"] is False


@each_panel
def test_panel_queries_the_chosen_data_source(panel):
    assert panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}


@each_panel
def test_panel_has_a_title_and_a_description(panel):
    assert panel["title"]
    assert panel["description"].endswith(".")


@each_panel
def test_panel_has_a_unit_that_grafana_knows(panel):
    unit = panel["fieldConfig"]["defaults"]["unit"]

    assert unit in UNITS or COUNTED.fullmatch(unit)


@each_panel
def test_panel_has_a_query(panel):
    assert panel["targets"]


@each_query
def test_rates_are_taken_over_grafanas_own_interval(query):
    for match in RATES.finditer(query.expr):
        inside = query.expr[match.end() :]
        window = re.search(r"\[([^\]]*)\]", inside)

        assert window, query
        assert window[1] == "$__rate_interval"


@each_query
def test_every_metric_is_selected_by_the_choice_for_its_own_program_and_no_other(query):
    """Choosing the one replica must not empty the panels of the load generator or of Redis."""
    bare = re.sub(r'"[^"]*"', '""', query.expr)
    # A metric without a selector would ignore the variables, so that each must have one.
    for metric, matchers in re.findall(r"([\w:]+)\{([^}]*)\}", query.expr):
        chosen = set(re.findall(r"\$(replica|generator)", matchers))
        if metric == "ALERTS":
            assert matchers == 'alertstate="firing"'
            continue
        assert 'job=~"$job"' in matchers
        if "loadtest_" in metric:
            assert chosen == {"generator"}, query
        elif metric.startswith(("redis_", "mysql_")):
            assert chosen == set(), query
        else:
            assert chosen == {"replica"}, query
    assert not re.search(r"\b(?:cacheaside|loadtest|redis|mysql|process)_\w+(?![\w:{])", bare)


@each_query
def test_counters_are_shown_as_rates(query):
    for name in re.finditer(r"\w+_total\{", query.expr):
        before = query.expr[: name.start()]

        assert before.endswith(("rate(", "irate(", "increase(", "resets(")), query


@each_query
def test_buckets_are_shown_as_quantiles(query):
    if "_bucket" in query.expr:
        assert "histogram_quantile(" in query.expr


@each_query
def test_sums_come_before_divisions(query):
    """An average of ratios is not the ratio of sums: each side of a division is an aggregate."""
    sides = re.split(r" / ", query.expr)
    if len(sides) > 1:
        for side in sides:
            assert re.match(r"(?:clamp_max)?\(*(?:sum|max)\b", side.strip()), query


@each_query
def test_missing_data_is_not_replaced_by_zero(query):
    assert "vector(0)" not in query.expr
    assert "absent" not in query.expr
