"""The Lua scripts: what must happen in Redis in one step. Each counts the keys it reads.

KEYS[1] is the entry, KEYS[2] its generation, KEYS[3] its lease; all share a cluster slot.
Only commands of Redis 6.2 and later. `read` and `left` count as Redis itself does, and every
script's reply ends with the two counts, also where `set` was refused (by a Redis that is full,
say): then it begins with false.

A lease holds `held:TOKEN` while its holder loads. Afterwards it may hold, for a moment and for
those who waited, the result, `done:VALUE` or `failed:`. Anybody else takes it over, and keeps the
result behind the token, `held:TOKEN:done:VALUE`: those who waited may not have looked yet. They
may share it, for it was loaded after they came, and an invalidation would have deleted it.
"""

import hashlib


class Script:
    """A script and the digest by which Redis knows it once it was sent."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.digest = hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()


_COUNTED = """
local found, missing = 0, 0
local function read(key)
  local value = redis.pcall('GET', key)
  if value then found = found + 1 else missing = missing + 1 end
  if type(value) == 'table' then return '' end
  return value
end
local function left(key)
  local ms = redis.call('PTTL', key)
  if ms == -2 then missing = missing + 1 else found = found + 1 end
  return ms
end
local function set(key, value, ms)
  return redis.pcall('SET', key, value, 'PX', ms).err == nil
end
local function lease()
  local text = read(KEYS[3]) or ''
  local holder, result = string.match(text, '^held:(%x+):?(.*)$')
  return holder, result or text
end
local function mark()
  local info = redis.pcall('INFO', 'server')
  local server = type(info) == 'string' and string.match(info, 'run_id:(%x+)') or ''
  return (read(KEYS[2]) or '') .. '@' .. server
end
local function now() return redis.call('TIME')[1] end
local function overtaken(generation, longest)
  local before, at = string.match(generation, '^(.*)@(%d+)$')
  return before ~= mark() or now() - at >= tonumber(longest)
end
"""

# What a load must find unchanged when it fills: the token of the last invalidation, and which
# server told it. A Redis that was started again has forgotten the tokens, and without the
# second a load from before would pass for one from after. Behind both stands the time: Redis
# does not keep tokens for ever, and may itself sleep between a load and its fill.
GENERATION = Script(_COUNTED + "return {mark() .. '@' .. now(), found, missing}")

# ARGV: value, life in ms ('0' = not kept: only the old entry goes), generation at the load's
# start ('*' = not fenced), life that the entry had left then (-2 = absent), lease held ('' =
# none), for how many ms to leave the value in the lease where the entry is gone before those who
# wait look, from how many seconds on a generation is too old to be relied on.
# An entry with more life than it had has been written since, by another load. It is left
# alone, because a slower load may have read an older row.
# The lease is deleted before it is written: once a script has written, a Redis that is out of
# memory lets it write more.
FILL = Script(
    _COUNTED
    + """
local outcome = 'stored'
if ARGV[3] ~= '*' and overtaken(ARGV[3], ARGV[7]) then
  outcome = 'fenced'
elseif ARGV[2] == '0' then
  outcome = 'nothing'
  if left(KEYS[1]) <= tonumber(ARGV[4]) then redis.call('DEL', KEYS[1]) end
elseif left(KEYS[1]) > tonumber(ARGV[4]) then
  outcome = 'redundant'
elseif not set(KEYS[1], ARGV[1], ARGV[2]) then
  outcome = false
end
if ARGV[5] ~= '' and lease() == ARGV[5] then
  redis.call('DEL', KEYS[3])
  if not outcome or outcome ~= 'fenced' and tonumber(ARGV[2]) < tonumber(ARGV[6]) then
    set(KEYS[3], 'done:' .. ARGV[1], ARGV[6])
  end
end
return {outcome, found, missing}
"""
)

# ARGV: token, life of the lease in ms, '*' or '' (fenced), life that the entry had left when
# the lookup read it, token waited for so far ('' = none), '1' to leave what a load left.
# Who waited learns the result once another holds the lease, or nobody does.
# The entry is looked at again first: another load may have ended since the lookup missed.
ACQUIRE = Script(
    _COUNTED
    + """
local ms = left(KEYS[1])
if ms > tonumber(ARGV[4]) then return {'entry', read(KEYS[1]) or '', ms, found, missing} end
local holder, result = lease()
local state, value = string.match(result, '^(%a+):(.*)$')
if state and ARGV[5] ~= '' and holder ~= ARGV[5] then return {state, value, ms, found, missing} end
if holder or state and ARGV[6] == '1' then return {'held', holder or '', ms, found, missing} end
local held = 'held:' .. ARGV[1]
if state then held = held .. ':' .. result end
if not set(KEYS[3], held, ARGV[2]) then return {false, found, missing} end
local generation = ARGV[3]
if generation ~= '*' then generation = mark() .. '@' .. now() end
return {'acquired', generation, ms, found, missing}
"""
)

# ARGV: token, what to leave in the lease, for how many ms. Only the holder's own lease.
RELEASE = Script(
    _COUNTED
    + """
if lease() == ARGV[1] then
  redis.call('DEL', KEYS[3])
  set(KEYS[3], ARGV[2], ARGV[3])
end
return {found, missing}
"""
)

# ARGV: new generation, its life in ms.
# The delete comes first here too, for the generation's sake.
INVALIDATE = Script(
    """
redis.call('DEL', KEYS[1], KEYS[3])
redis.call('SET', KEYS[2], ARGV[1], 'PX', ARGV[2])
return {0, 0}
"""
)

# KEYS[1] carries the knobs. ARGV: version and document of this process, life in ms, and for a
# change the version that it was made from ('' = no change, only look).
# The higher version wins, and looking keeps the document alive. What has no version, a whole
# number above 0 and below 2^53, gives way to any.
CARRY = Script(
    _COUNTED
    + """
local document, version = read(KEYS[1]), 0
if document then
  local readable, value = pcall(cjson.decode, document)
  local there = readable and type(value) == 'table' and value.version
  if type(there) == 'number' and there > 0 and there < 2^53 and there % 1 == 0 then
    version = there
  end
end
if tonumber(ARGV[1]) > version and (ARGV[4] == '' or tonumber(ARGV[4]) >= version) then
  return {set(KEYS[1], ARGV[2], ARGV[3]) and ARGV[2], found, missing}
end
if document then redis.call('PEXPIRE', KEYS[1], ARGV[3]) end
return {document or '', found, missing}
"""
)

# How many keys there are, on the node that has KEYS[1].
SIZE = Script("return {redis.call('DBSIZE'), 0, 0}")
