-- KEYS: entry, generation, lease. ARGV: value, ttl_ms, generation, seen_ms, token, left_ms.
local value, ttl_ms, generation, seen_ms, token, left_ms = unpack(ARGV)
-- ttl_ms: '0' writes nothing and only deletes the entry that was seen.
-- generation: at the start of the load; '*' fills unfenced.
-- seen_ms: the entry's remaining TTL at the start of the load; -2 for none.
-- token: of the lease held; '' for none.
-- left_ms: how long the value stays in the lease when waiters may find no entry.
-- An entry with a longer TTL than the one seen was written by another load since. It stays,
-- because this load may have been slower and have read an older row.
local newer = remaining(KEYS[1]) > tonumber(seen_ms)
local there = generation ~= '*' and read(KEYS[2])
local outcome = 'stored'
if there and mark(there) ~= generation then
  outcome = 'fenced'
elseif not there and generation ~= '*' and not newer then
  -- A load that began without a token, for lack of memory, cannot be judged.
  outcome = string.sub(generation, 1, 1) ~= '@' and 'fenced'
elseif ttl_ms == '0' then
  outcome = 'nothing'
  if not newer then redis.call('DEL', KEYS[1]) end
elseif newer then
  outcome = 'redundant'
elseif not set(KEYS[1], value, ttl_ms) then
  outcome = false
end
-- A token that a load made has served: others that began with it find it gone, and an entry. That
-- of an invalidation stays, to tell a load that was overtaken from one that was only slower.
if there and outcome and outcome ~= 'fenced' and string.sub(there, 1, 1) == '+' then
  redis.call('DEL', KEYS[2])
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
