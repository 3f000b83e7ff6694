"""Sets the TTL of a target by a command of the user's."""

import shlex
import shutil
import subprocess

from loadtests.experiments.plan.fields import PlanError
from loadtests.service_under_test.client import ServiceError
from loadtests.target.places import TTL, holds_ttl, with_ttl

LONGEST_SECONDS = 60.0
_EXAMPLE = "--set-ttl './set-ttl.sh {ttl}'"


class SetTtl:
    """Runs a command with the TTL in place of {ttl} or {ttl_ms}; without a shell.

    Args:
        command: The words of the command.

    Raises:
        PlanError: It has neither, or its program does not exist.
    """

    def __init__(self, command: str) -> None:
        try:
            self._words = shlex.split(command)
        except ValueError as error:
            raise PlanError(f"--set-ttl: {error}, got {command!r}; such as {_EXAMPLE}") from None
        if not holds_ttl(command):
            raise PlanError(
                f"--set-ttl must hold {TTL} where the TTL stands, got {command!r}; such as"
                f" {_EXAMPLE}"
            )
        if shutil.which(self._words[0]) is None:
            raise PlanError(
                f"--set-ttl must begin with a program that can be run, got {self._words[0]!r};"
                " correct it"
            )

    def __call__(self, ttl_seconds: float) -> None:
        """Run the command.

        Raises:
            ServiceError: It fails, or takes too long.
        """
        words = [with_ttl(word, ttl_seconds) for word in self._words]
        try:
            run = subprocess.run(  # noqa: S603 - the user's own command
                words,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                check=False,
                timeout=LONGEST_SECONDS,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise ServiceError(f"--set-ttl: {shlex.join(words)} failed: {error}") from None
        if run.returncode != 0:
            said = (run.stderr or run.stdout).strip().rpartition("\n")[2]
            raise ServiceError(
                f"--set-ttl: {shlex.join(words)} ended with {run.returncode}: {said or 'no word'};"
                " correct the command"
            )
