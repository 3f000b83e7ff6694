"""A drill that fails is skipped only on a machine that others use, and never under CI=true."""

import pytest

from tests.drills.machine import judged_without_others

pytestmark = pytest.mark.integration


def judge(others):
    with judged_without_others(lambda: others, "p99 30 ms"):
        raise AssertionError("slow")


def test_failure_on_a_machine_that_others_use_is_a_skip_with_its_figures(monkeypatch):
    monkeypatch.delenv("CI", raising=False)

    with pytest.raises(pytest.skip.Exception, match=r"use 0\.26 cores: p99 30 ms: slow"):
        judge(others=0.26)


@pytest.mark.parametrize(("ci", "others"), [("true", 2.0), ("true", 0.0), ("", 0.25)])
def test_failure_is_a_failure_under_ci_and_on_an_idle_machine(monkeypatch, ci, others):
    monkeypatch.setenv("CI", ci)

    with pytest.raises(AssertionError, match="slow"):
        judge(others)
