"""Dashboards and rules divide by the same results as reports and Locust's page."""

import re

import pytest

from dashboards.generator import promql
from loadtests.service_under_test.contract import CACHE_RESULTS, HIT_RESULTS
from tests.dashboards.board_files import all_queries, rules

MEASURES = {
    frozenset(HIT_RESULTS),
    frozenset(CACHE_RESULTS),
    frozenset(CACHE_RESULTS) - {"miss"},
}
EXPRS = sorted(
    {query.expr for query in all_queries() if query.kind == "panel"}
    | {rule["expr"] for rule in rules()}
)


def words(matcher):
    return frozenset(re.search(r'result=~"([^"]+)"', matcher)[1].split("|"))


def test_measures_are_made_of_the_results_that_reports_count():
    assert words(promql.FOUND) == set(HIT_RESULTS)
    assert words(promql.ASKED) == set(CACHE_RESULTS)
    assert words(promql.SPARED) == set(CACHE_RESULTS) - {"miss"}


@pytest.mark.parametrize("expr", [expr for expr in EXPRS if "cacheaside_lookups" in expr])
def test_results_that_a_query_adds_up_are_those_of_a_measure(expr):
    for found in re.findall(r'cacheaside_lookups\w*\{[^}]*result=~"([^"]+)"', expr):
        assert frozenset(found.split("|")) in MEASURES
