"""Reads the trace of a run: ids, or for a target without keys of its own the keys themselves."""

from pathlib import Path

from loadtests.target.own_service import Target
from loadtests.traffic.trace import Trace, TraceError, load_trace


def read_trace_for(path: str | Path, target: Target | None) -> Trace:
    """Return the trace in a file.

    Raises:
        TraceError: It cannot be read, or does not go together with the keys of the target.
    """
    trace = load_trace(path, may_name_keys=target is not None)
    if target is None or not trace.names:
        return trace
    if target.keys.text:
        try:
            return load_trace(path)
        except TraceError as error:
            raise TraceError(
                f"{error}, the number of one of --target-keys; leave these out if lines are keys"
            ) from None
    if target.keys.skipped:
        raise TraceError(
            f"target-skip-keys must be 0 with a trace of keys, got '{target.keys.skipped}'; leave"
            " it out"
        )
    return trace
