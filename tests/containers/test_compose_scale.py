"""--profile scale: three replicas and two Locust workers, and the totals still agree."""

import pytest

from tests.containers.containers import (
    Containers,
    ask_prometheus,
    counted,
    fetch,
    fetch_json,
    leftovers,
    require_engine,
    usual_ports_or_others,
    wait_for,
)

pytestmark = [pytest.mark.stack, pytest.mark.accept]
REPLICAS = 3
WORKERS = 2


@pytest.fixture(scope="module")
def stack():
    require_engine()
    assert leftovers() == [], "a stack is up already: docker compose down -v"
    containers = Containers(usual_ports_or_others(), profiles=["scale"])
    scale = ["--scale", f"service={REPLICAS}", "--scale", f"locust-worker={WORKERS}"]
    try:
        containers.up("--build", "--wait", *scale)
        yield containers
    finally:
        containers.down()


def counted_by_replica(stack):
    urls = [stack.url("service", 8000, number) for number in range(1, REPLICAS + 1)]
    return [counted(url) for url in urls]


def client_counts(stack):
    """Lookups by result, as the master added them up from its workers."""
    lines = fetch(f"{stack.locust}/metrics").splitlines()
    found = {}
    for line in lines:
        if line.startswith("loadtest_requests_total{"):
            result = line.split('result="')[1].split('"')[0]
            found[result] = found.get(result, 0) + float(line.rsplit(" ", 1)[1])
    return found


def test_prometheus_finds_every_replica_by_name(stack):
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


def test_the_door_leads_to_every_replica(stack):
    before = counted_by_replica(stack)

    # A connection each, as curl makes them.
    for _ in range(3 * REPLICAS):
        fetch(f"{stack.front}/fruit/1", headers={"Connection": "close"})

    after = counted_by_replica(stack)
    served = [
        sum(now.values()) - sum(then.values()) for now, then in zip(after, before, strict=True)
    ]
    # The health check of the door takes its turns in between.
    assert sum(served) == 3 * REPLICAS
    assert min(served) >= 2


def test_totals_over_workers_and_replicas_agree_word_by_word(stack):
    before = counted_by_replica(stack)
    wait_for(
        lambda: len(fetch_json(f"{stack.locust}/stats/requests").get("workers", ())) == WORKERS,
        60,
        "the workers",
    )
    said = fetch_json(
        f"{stack.locust}/swarm",
        data=b"user_count=4&spawn_rate=4&rate=80&items=500&skew=0.99&scenario=ReadHeavy",
    )
    assert said["success"], said
    wait_for(lambda: sum(client_counts(stack).values()) >= 800, 90, "800 lookups")
    fetch(f"{stack.locust}/stop", method="POST")

    def differences():
        after = counted_by_replica(stack)
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
        for now, then in zip(counted_by_replica(stack), before, strict=True)
    ]
    assert all(share > 0 for share in served_by), served_by


def test_down_leaves_nothing(stack):
    stack.down()

    assert leftovers() == []
