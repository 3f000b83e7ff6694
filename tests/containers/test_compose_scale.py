"""--profile scale: three replicas and two Locust workers, whose totals agree."""

import pytest

from tests.containers.containers import (
    Containers,
    ask_prometheus,
    fetch,
    fetch_json,
    leftovers,
    lookups_by_result,
    require_engine,
    usual_or_free_ports,
    wait_for,
)

pytestmark = [pytest.mark.stack, pytest.mark.accept]
REPLICAS = 3
WORKERS = 2


@pytest.fixture(scope="module")
def stack():
    require_engine()
    assert leftovers() == [], "a stack is up already: docker compose down -v"
    containers = Containers(usual_or_free_ports(), profiles=["scale"])
    scale = ["--scale", f"service={REPLICAS}", "--scale", f"locust-worker={WORKERS}"]
    try:
        containers.up("--build", "--wait", *scale)
        yield containers
    finally:
        containers.down()


def lookups_by_replica(stack):
    urls = [stack.url("service", 8000, number) for number in range(1, REPLICAS + 1)]
    return [lookups_by_result(url) for url in urls]


def client_counts(stack):
    """Return lookups by result, as the master sums them over its workers."""
    lines = fetch(f"{stack.locust}/metrics").splitlines()
    found = {}
    for line in lines:
        if line.startswith("loadtest_requests_total{"):
            result = line.split('result="')[1].split('"')[0]
            found[result] = found.get(result, 0) + float(line.rsplit(" ", 1)[1])
    return found


def test_prometheus_scrapes_every_replica(stack):
    up = wait_for(
        lambda: (
            found
            if len(found := ask_prometheus(stack.prometheus, 'up{job="service"} == 1')) == REPLICAS
            else None
        ),
        30,
        "the replicas in Prometheus",
    )

    assert len({labels["instance"] for labels, _ in up}) == REPLICAS


def test_front_distributes_requests_to_every_replica(stack):
    before = lookups_by_replica(stack)

    # One connection per request, like curl.
    for _ in range(3 * REPLICAS):
        fetch(f"{stack.front}/fruit/1", headers={"Connection": "close"})

    after = lookups_by_replica(stack)
    served = [
        sum(now.values()) - sum(then.values()) for now, then in zip(after, before, strict=True)
    ]
    # The front's health check is distributed in turn too, so the shares differ a little.
    assert sum(served) == 3 * REPLICAS
    assert min(served) >= 2


def test_totals_of_workers_and_replicas_agree_for_every_result(stack):
    before = lookups_by_replica(stack)
    wait_for(
        lambda: len(fetch_json(f"{stack.locust}/stats/requests").get("workers", ())) == WORKERS,
        60,
        "the workers",
    )
    reply = fetch_json(
        f"{stack.locust}/swarm",
        data=b"user_count=4&spawn_rate=4&rate=80&items=500&skew=0.99&scenario=ReadHeavy",
    )
    assert reply["success"], reply
    wait_for(lambda: sum(client_counts(stack).values()) >= 800, 90, "800 lookups")
    fetch(f"{stack.locust}/stop", method="POST")

    def differences():
        after = lookups_by_replica(stack)
        served = {
            word: sum(now[word] - then[word] for now, then in zip(after, before, strict=True))
            for word in after[0]
        }
        asked = client_counts(stack)
        return {
            word: (asked.get(word, 0), served.get(word, 0))
            for word in {*asked, *served}
            if asked.get(word, 0) != served.get(word, 0)
        }

    wait_for(lambda: not differences(), 30, f"agreement ({differences()})")
    served_by = [
        sum(now.values()) - sum(then.values())
        for now, then in zip(lookups_by_replica(stack), before, strict=True)
    ]
    assert all(share > 0 for share in served_by), served_by


def test_down_removes_everything(stack):
    stack.down()

    assert leftovers() == []
