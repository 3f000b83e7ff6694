"""docs/metrics.md agrees with the code, the dashboards and the rules."""

import functools
import re

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from loadtests.experiments.commands.trial_page import TrialGauges
from loadtests.page.exporter import LoadCollector
from loadtests.page.snapshot import View
from loadtests.sender.samples import RESULT_INDEX
from loadtests.sender.tallies import Tallies
from service.domain.lookup import LookupResult
from service.metrics import Metrics
from tests.dashboards.board_files import all_queries, families_behind, recorded, rules, selector_of
from tests.dashboards.metrics_page import LOAD, OTHERS, RECORDED, SERVICE

PLACES = {"cache-aside": "Cache-aside", "ttl": "TTL", "load": "Load", "inside": "Inside"}
ORDER = [*PLACES.values(), "marks", "alerts"]
PAGES = {**SERVICE, **LOAD, **OTHERS, **RECORDED}


def families_of(registry):
    """Return type and labels of each family of a registry; labels are those of existing series."""
    families = {}
    for metric in registry.collect():
        name = f"{metric.name}_total" if metric.type == "counter" else metric.name
        labels = {label for sample in metric.samples for label in sample.labels} - {"le"}
        families[name] = (metric.type, labels)
    return families


@functools.cache
def places_shown():
    """Return for each family the dashboards, marks and alerts that show it."""
    places = {}
    for query in all_queries():
        place = {"panel": PLACES[query.board], "annotation": "marks"}.get(query.kind)
        for name in families_behind(query.expr) if place else ():
            places.setdefault(name, set()).add(place)
    for rule in rules():
        for name in families_behind(rule["expr"]) if "alert" in rule else ():
            places.setdefault(name, set()).add("alerts")
    return {name: ", ".join(sorted(found, key=ORDER.index)) for name, found in places.items()}


def service_families():
    metrics = Metrics(threads=32, store_pool_size=16)
    metrics.lookup_ended(LookupResult.HIT, 0.001, None)
    metrics.cache_op("read", 0.001, 0, 0)
    metrics.store_query("select", "ok", 0.001)
    metrics.failed("redis", "login")
    return families_of(metrics.registry)


def test_every_metric_of_the_service_and_no_other_is_documented():
    assert set(SERVICE) == set(service_families())


@pytest.mark.parametrize("name", SERVICE)
def test_type_and_labels_of_a_service_metric_are_as_documented(name):
    kind, labels = service_families()[name]
    said_kind, _, said_labels, *_ = SERVICE[name]

    assert said_kind == kind
    assert set(filter(None, said_labels.split(", "))) == labels


def load_generator_families():
    """Return the families that a load generator and a sweep expose when they know every figure."""
    registry = CollectorRegistry()
    tallies = Tallies(rows=[(0.0, 0.003, 0.001, RESULT_INDEX["hit"], 0)])
    tallies.fold(["ReadHeavy"], 0.0)
    view = View(tallies=tallies, predicted_hit_ratio=0.5, theory={60.0: 0.5})
    registry.register(LoadCollector(lambda: view, lambda: 1))
    TrialGauges(registry).show(60, measured=0.5, predicted=0.5, replayed=0.5)
    pages = generate_latest(registry)
    families = {}
    for metric in text_string_to_metric_families(pages.decode()):
        name = f"{metric.name}_total" if metric.type == "counter" else metric.name
        labels = {label for sample in metric.samples for label in sample.labels} - {"le"}
        families[name] = (metric.type, labels)
    return families


def test_every_metric_of_the_load_generator_is_documented_with_its_type_and_labels():
    documented_so = {
        name: (kind, set(filter(None, labels.split(", "))))
        for name, (kind, _, labels, *_) in LOAD.items()
    }

    assert documented_so == load_generator_families()


def test_every_recorded_metric_and_no_other_is_documented():
    assert list(RECORDED) == list(recorded())


@pytest.mark.parametrize("name", PAGES)
def test_a_metric_is_shown_where_the_page_documents_it(name):
    assert PAGES[name][-1] == places_shown().get(name, "")


def test_dashboards_and_rules_use_no_metric_that_is_not_documented():
    used = {
        name
        for query in all_queries()
        for name in families_behind(
            selector_of(query.expr)[0] if query.kind == "variable" else query.expr
        )
    }

    assert used | set(places_shown()) <= set(PAGES)


@pytest.mark.parametrize("name", [*SERVICE, *LOAD])
def test_the_name_of_a_metric_shows_its_kind_and_unit(name):
    kind, unit, *_ = PAGES[name]

    assert name.endswith("_total") == (kind == "counter")
    if kind == "histogram" or unit == "seconds":
        assert name.removesuffix("_total").endswith("_seconds")
    if unit == "ratio":
        assert name.endswith("_ratio")


def test_recorded_metrics_are_used():
    used = "\n".join([query.expr for query in all_queries()] + [rule["expr"] for rule in rules()])

    for name in recorded():
        assert re.search(rf"\b{re.escape(name)}\b", used), name
