"""Bounds how many requests of a kind are carried out at a time, so that others find threads."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask

from service.web.held_bodies import HeldBodies
from service.web.problems import RefusedError

# A body that is already here is read within this time, be the machine busy.
BODY_TURN_SECONDS = 0.5
FILL_TURN_SECONDS = 5.0


class Turns:
    """Admits some requests, lets some others wait for their turn, and refuses the rest at once.

    Args:
        most: How many are admitted at the same time.
        places: How many may wait.
        seconds: Longest wait for a turn.
        refusal: The reason for the refused, for people.
    """

    def __init__(self, most: int, places: int, seconds: float, refusal: str) -> None:
        self._turns = threading.Semaphore(most)
        self._places = threading.Semaphore(places)
        self._seconds = seconds
        self._refusal = refusal

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Admit the block.

        Raises:
            RefusedError: 503, because there was no turn.
        """
        if not self._take_turn():
            raise RefusedError(503, self._refusal)
        try:
            yield
        finally:
            self._turns.release()

    def _take_turn(self) -> bool:
        if self._turns.acquire(blocking=False):
            return True
        if not self._places.acquire(blocking=False):
            return False
        try:
            return self._turns.acquire(timeout=self._seconds)
        finally:
            self._places.release()


def fill_turns() -> Turns:
    """Build the bound on fills of the catalogue: each may take minutes at a hung database."""
    return Turns(1, 1, FILL_TURN_SECONDS, "others fill the catalogue; try again when they are done")


def install(app: Flask, threads: int, port: int) -> None:
    """Let an eighth of the threads read bodies, each for some seconds, and more wait for that.

    A body that is here already is read at once, so that many writes at a time wait for a moment.
    A quarter of the threads stays for requests without a body.
    """
    most = max(1, threads // 8)
    places = max(1, threads - threads // 4 - most)
    app.extensions["bodies"] = Turns(
        most, places, BODY_TURN_SECONDS, "too many requests hold back their bodies; try again"
    )
    app.extensions["held_bodies"] = HeldBodies(port)


@contextmanager
def body_turn(app: Flask, address: str) -> Iterator[None]:
    """Admit the block, which reads the body of a client; see `Turns.turn`."""
    turns: Turns = app.extensions["bodies"]
    held: HeldBodies = app.extensions["held_bodies"]
    with turns.turn(), held.awaited(address):
        yield
