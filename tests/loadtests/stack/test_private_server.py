"""Waiting for a program that ends before it is ready."""

import pytest

from loadtests.stack.guardian import StackError
from loadtests.stack.private_server import wait_until


def never():
    return False


def test_program_that_refuses_its_settings_is_reported_with_its_last_line(guardian):
    program = guardian.start("refuser", ["sh", "-c", "echo up; echo PORT is none; exit 2"])
    program.wait(10)

    with pytest.raises(StackError, match=r"^refuser does not start: PORT is none$"):
        wait_until(never, program, "refuser", 10)


def test_program_that_ends_is_reported_with_the_end_of_its_log(guardian):
    program = guardian.start("faller", ["sh", "-c", "echo up; echo no disk; exit 1"])
    program.wait(10)

    with pytest.raises(StackError, match=r"^faller ended with 1 .*its log ends:\nup\nno"):
        wait_until(never, program, "faller", 10)
