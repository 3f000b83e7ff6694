"""Background refreshes where the system has no thread left."""

from service.pattern.refreshes import BackgroundRefreshes


def test_refresh_without_a_thread_does_not_begin_and_is_not_made_up_for_later():
    """A pool of threads queues the work before it fails to start a thread for it."""
    queued, refreshed = [], []

    def submit(run):
        queued.append(run)
        if len(queued) == 1:
            raise RuntimeError("can't start new thread")

    refreshes = BackgroundRefreshes(1, submit=submit)
    first = refreshes.begin(lambda: refreshed.append("first"))
    second = refreshes.begin(lambda: refreshed.append("second"))
    for run in queued:
        run()

    assert (first, second, refreshed) == (False, True, ["second"])
    assert refreshes.begin(lambda: None)
    assert not refreshes.begin(lambda: None)
