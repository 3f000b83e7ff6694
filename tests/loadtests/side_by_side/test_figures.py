"""The figures of a case, from bursts that are made up."""

from loadtests.side_by_side.cases import CASES
from loadtests.side_by_side.figures import figures_of, line_of
from loadtests.side_by_side.stage import Measured

ONE = [Measured(200, 0.001, 0.010), Measured(100, 0.002, 0.030), Measured(300, 0.001, 0.020)]
OTHER = [Measured(100, 0.002, 0.040), Measured(100, 0.002, 0.040), Measured(100, 0.004, 0.040)]


def test_ratios_are_those_of_the_pairs_and_other_figures_are_medians():
    found = figures_of(CASES[0], ONE, OTHER)

    assert (found["ratio"], found["low"], found["high"]) == (2.0, 1.0, 3.0)
    assert found["spread"] == 0.5555  # Of ln 2, ln 1 and ln 3.
    assert found["cpu_ratio"] == 2.0
    assert (found["rate"], found["rival_rate"]) == (200, 100)
    assert (found["p99_ms"], found["rival_p99_ms"]) == (20.0, 40.0)


def test_less_cpu_time_for_an_answer_counts_as_faster():
    assert line_of(CASES[0], ONE[0], OTHER[0]) == (
        "hit, 32 threads: Flask and redis-py, GET: 2.00, by CPU time 2.00"
    )
