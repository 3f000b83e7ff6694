-- KEYS: entry, generation, lease. ARGV: value, ttl_ms, generation, seen_ms, token, left_ms, max_s.
local value, ttl_ms, generation, seen_ms, token, left_ms, max_s = unpack(ARGV)
-- ttl_ms: '0' writes nothing and only deletes the entry that was seen.
-- generation: at the start of the load; '*' fills unfenced.
-- seen_ms: the entry's remaining TTL at the start of the load; -2 for none.
-- token: of the lease held; '' for none.
-- left_ms: how long the value stays in the lease when waiters may find no entry.
-- max_s: the age in seconds from which a generation is no longer reliable.
-- An entry with a longer TTL than the one seen was written by another load since. It stays,
-- because this load may have been slower and have read an older row.
local outcome = 'stored'
if generation ~= '*' and overtaken(generation, max_s) then
  outcome = 'fenced'
elseif ttl_ms == '0' then
  outcome = 'nothing'
  if remaining(KEYS[1]) <= tonumber(seen_ms) then redis.call('DEL', KEYS[1]) end
elseif remaining(KEYS[1]) > tonumber(seen_ms) then
  outcome = 'redundant'
elseif not set(KEYS[1], value, ttl_ms) then
  outcome = false
end
if token ~= '' and lease() == token then
  -- Deleted before it is written: a Redis that is out of memory lets a script that has already
  -- written write more.
  redis.call('DEL', KEYS[3])
  if not outcome or outcome ~= 'fenced' and tonumber(ttl_ms) < tonumber(left_ms) then
    set(KEYS[3], 'done:' .. value, left_ms)
  end
end
return {outcome, found, missing}
