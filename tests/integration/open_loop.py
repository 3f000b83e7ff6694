"""A small open-loop client: lookups at a steady rate, each judged by when it was meant to be."""

import http.client
import itertools
import queue
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Answer:
    """One lookup: times in seconds of `time.monotonic()`."""

    intended: float
    ended: float
    status: int
    result: str

    @property
    def seconds(self) -> float:
        return self.ended - self.intended


@dataclass
class OpenLoop:
    """Asks for ids in turn at a steady rate while the block runs; `answers` has the outcome."""

    url: str
    ids: list[int]
    rate: float
    threads: int = 64
    answers: list[Answer] = field(default_factory=list)

    def __enter__(self):
        self._due = queue.SimpleQueue()
        self._stopped = threading.Event()
        self._workers = [threading.Thread(target=self._work) for _ in range(self.threads)]
        self._pacer = threading.Thread(target=self._pace)
        for thread in (*self._workers, self._pacer):
            thread.start()
        return self

    def __exit__(self, *_):
        self._stopped.set()
        self._pacer.join()
        for _ in self._workers:
            self._due.put(None)
        for thread in self._workers:
            thread.join()

    def results(self) -> Counter:
        return Counter(answer.result for answer in self.answers)

    def _pace(self):
        started, ids = time.monotonic(), itertools.cycle(self.ids)
        for number in itertools.count():
            due = started + number / self.rate
            if self._stopped.wait(max(0.0, due - time.monotonic())):
                return
            self._due.put((due, next(ids)))

    def _work(self):
        address = urlsplit(self.url)
        connection = http.client.HTTPConnection(address.hostname, address.port, timeout=20)
        while (job := self._due.get()) is not None:
            due, fruit_id = job
            try:
                connection.request("GET", f"/fruit/{fruit_id}")
                response = connection.getresponse()
                response.read()
                status, result = response.status, response.headers["X-Cache"] or "none"
            except (OSError, http.client.HTTPException) as error:
                connection.close()
                status, result = 0, type(error).__name__
            self.answers.append(Answer(due, time.monotonic(), status, result))
        connection.close()


def quantile(seconds: list[float], share: float) -> float:
    """The value that this share of all is not above."""
    ordered = sorted(seconds)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
