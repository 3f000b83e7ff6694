"""Arrivals as Locust sends them: Poisson, at the given rate, from any number of processes."""

import numpy as np
import pytest
from scipy.special import chdtr, chdtrc

from tests.integration.load.locust_load import run

pytestmark = [pytest.mark.integration, pytest.mark.exclusive]


def dispersion_p(times, seconds, bin_seconds):
    counts = np.histogram(times, bins=np.arange(0, seconds + bin_seconds / 2, bin_seconds))[0]
    statistic = counts.var(ddof=1) / counts.mean() * (counts.size - 1)
    freedom = counts.size - 1
    return 2 * min(chdtr(freedom, statistic), chdtrc(freedom, statistic))


LENGTHS = [
    pytest.param(300, 3_000, id="short"),
    pytest.param(500, 90_000, id="full", marks=pytest.mark.accept),
]


@pytest.mark.parametrize("processes", [1, pytest.param(2, marks=pytest.mark.accept), 4])
@pytest.mark.parametrize(("rate", "requests"), LENGTHS)
def test_arrivals_are_poisson_at_the_rate(tmp_path, service_url, rate, requests, processes):
    many = ["--processes", processes, "-u", processes] if processes > 1 else []

    locust = run(tmp_path, service_url, "--rate", rate, "--requests", requests, *many)

    times = locust.samples["intended"] - locust.summary["started_at"]
    assert times.size == requests
    # Three standard errors of the count, or one percent, whichever is more.
    assert times.size / times[-1] == pytest.approx(rate, rel=max(0.01, 3 / requests**0.5))
    whole = int(times[-1])
    assert dispersion_p(times[times < whole], whole, 0.1) > 1e-3
    assert dispersion_p(times[times < whole], whole, 1.0) > 1e-3


def test_slip_is_the_delay_from_the_intended_to_the_actual_start(tmp_path, service_url):
    locust = run(tmp_path, service_url, "--rate", 100, "--requests", 600)

    slip = locust.samples["response"] - locust.samples["service"]

    assert slip.min() >= 0.0
    assert locust.summary["slip_p50_seconds"] == pytest.approx(np.median(slip), abs=2e-4)


def test_paced_arrivals_of_several_processes_are_evenly_spaced(tmp_path, service_url):
    pace = ["--arrivals", "paced", "--rate", 200, "--requests", 800]

    locust = run(tmp_path, service_url, *pace, "--processes", 2, "-u", 3)

    assert np.allclose(np.diff(locust.samples["intended"]), 0.005, atol=1e-5)
