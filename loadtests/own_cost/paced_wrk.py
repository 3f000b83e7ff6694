"""wrk sending at a rate, for comparison: how late it sends, by a script of ours."""

import json
import subprocess
import tempfile
from typing import NamedTuple

import numpy as np

from loadtests.stack.guardian import StackError
from loadtests.stack.servers import WRK, find_or_unpack

_SCRIPT = """
local ffi = require("ffi")
ffi.cdef[[
typedef struct { long seconds; long nanoseconds; } moment;
int clock_gettime(int clock, moment *found);
]]
local found, threads, due, first, last = ffi.new("moment"), {}, {}, 1, 0
local at
slips = {}

local function now()
  ffi.C.clock_gettime(1, found)
  return tonumber(found.seconds) + tonumber(found.nanoseconds) / 1e9
end

function setup(thread) table.insert(threads, thread) end

-- wrk waits for whole milliseconds, and asks again for each request of each connection.
function delay()
  local began = now()
  at = (at or began) - math.log(1 - math.random()) / %f
  last = last + 1
  due[last] = at
  return math.ceil(math.max(0, at - began) * 1000)
end

function request()
  if due[first] then
    slips[#slips + 1] = now() - due[first]
    due[first] = nil
    first = first + 1
  end
  return wrk.format("GET", "/fruit/" .. math.random(%d))
end

function done(summary)
  io.write("\\n[" .. summary.requests / (summary.duration / 1e6))
  for _, thread in ipairs(threads) do
    for _, slip in ipairs(thread:get("slips")) do io.write(string.format(",%%.6f", slip)) end
  end
  io.write("]\\n")
end
"""


class Punctuality(NamedTuple):
    """How wrk kept a rate.

    Attributes:
        rate: Answers per second.
        slip_p50_ms: Median delay of a send behind its intended time.
        slip_p99_ms: 99th percentile of it.
    """

    rate: float
    slip_p50_ms: float
    slip_p99_ms: float


def run_wrk(url: str, rate: float, connections: int, items: int, seconds: int) -> Punctuality:
    """Send Poisson arrivals from one thread of wrk.

    Raises:
        StackError: There is no wrk, or it failed.
    """
    program = find_or_unpack(WRK).path
    with tempfile.NamedTemporaryFile("w", suffix=".lua", encoding="utf-8") as script:
        script.write(_SCRIPT % (rate, items))
        script.flush()
        words = ["-t1", f"-c{connections}", f"-d{seconds}s", "-s", script.name, url]
        done = subprocess.run(  # noqa: S603 - our own arguments
            [program, *words], capture_output=True, text=True, check=False, timeout=seconds + 60
        )
    lines = done.stdout.strip().splitlines()
    if done.returncode or not lines or not lines[-1].startswith("["):
        raise StackError(f"wrk failed: {done.stderr.strip()[-200:] or 'it counted nothing'}")
    answered, *slips = json.loads(lines[-1])
    late = np.array(slips) * 1000
    return Punctuality(answered, float(np.median(late)), float(np.quantile(late, 0.99)))
