"""Sends Locust's page the requests that its script sends, and reads what the page shows."""

import collections
import csv
import json
import urllib.parse
import urllib.request

from prometheus_client.parser import text_string_to_metric_families

from tests.integration.load.locust_load import fetch, wait_for


def post(page, path, **form):
    data = urllib.parse.urlencode(form).encode()
    request = urllib.request.Request(page + path, data, method="POST")
    with urllib.request.urlopen(request, timeout=60) as response:
        return json.load(response)


def swarm(page, **form):
    answer = post(page, "/swarm", **{"user_count": 2, "spawn_rate": 100} | form)
    assert answer["success"], answer


def wait_for_workers(locust, workers):
    """Wait for the page and for the number of workers that it must have."""
    locust.until_page()
    count = locust.page_url + "/worker-count"
    wait_for(lambda: not workers or json.loads(fetch(count))["worker_count"] == workers)


def change_knobs(page, **texts):
    body = json.dumps(texts).encode()
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(page + "/cacheaside/knobs", body, headers, method="POST")
    with urllib.request.urlopen(request, timeout=30) as response:
        return json.load(response)


def read_metrics(url):
    """Return the sum of each metric's samples over all labels, buckets left out.

    What never happened has no sample, and its sum is 0.
    """
    totals = collections.defaultdict(float)
    for family in text_string_to_metric_families(fetch(url)):
        for sample in family.samples:
            if not sample.name.endswith("_bucket"):
                totals[sample.name] += sample.value
    return totals


def predicted_hit_ratio(page):
    """Return the predicted hit ratio; 0 before there is one."""
    return read_metrics(page + "/metrics").get("loadtest_predicted_hit_ratio", 0.0)


def read_rows(page):
    """Return the rows of the Cache tab's results by name."""
    tables = json.loads(fetch(page + "/cacheaside/tables"))
    return {row["name"]: row for row in tables["results"]}


def read_run(page):
    """Return the values of the lines about the run in the Cache tab by name."""
    tables = json.loads(fetch(page + "/cacheaside/tables"))
    return {line["name"]: line["value"] for line in tables["run"]}


def count_lookups(page):
    """Return the number of lookups in the Cache tab."""
    return int(read_rows(page).get("all lookups", {"count": 0})["count"])


def download_rows(page):
    """Return the rows of the Cache tab's CSV by name."""
    lines = fetch(page + "/cacheaside/cache.csv").splitlines()
    return {row["name"]: row for row in csv.DictReader(lines)}


def count_slower_than(url, seconds):
    """Return how many lookups had a longer response time."""
    slower = 0.0
    for family in text_string_to_metric_families(fetch(url)):
        for sample in family.samples:
            if sample.name == "loadtest_response_seconds_count":
                slower += sample.value
            elif sample.name.endswith("response_seconds_bucket"):
                slower -= sample.value * (sample.labels["le"] == str(seconds))
    return slower
