"""What is done again and again while a run goes on."""

import gevent
import pytest

from loadtests.run.run_watch import repeat_forever


@pytest.fixture
def repeated():
    """Return what repeats a task until it has a number of calls, and tells if it would go on."""

    def repeat(task, calls):
        greenlet = gevent.spawn(repeat_forever, 0.0, task)
        while len(task.calls) < calls and not greenlet.dead:
            gevent.sleep(0)
        was_alive = not greenlet.dead
        greenlet.kill()
        return was_alive

    return repeat


class Failing:
    """A task that fails with one error after another."""

    def __init__(self, *errors):
        self.errors, self.calls = list(errors), []

    def __call__(self):
        self.calls.append(1)
        if self.errors:
            raise self.errors.pop(0)


def test_a_task_that_fails_is_done_again(repeated):
    task = Failing(ValueError("x"), KeyError("ttl_seconds"), OverflowError())

    assert repeated(task, calls=6)


def test_the_same_error_is_logged_once(repeated, caplog):
    repeated(Failing(*(ValueError("x") for _ in range(5)), ValueError("y")), calls=8)

    assert [str(record.exc_info[1]) for record in caplog.records] == ["x", "y"]
