-- KEYS: entry, generation, lease. ARGV: token, lease_ms, kept_ms, seen_ms, waited_for, keep_result.
local token, lease_ms, kept_ms, seen_ms, waited_for, keep_result = unpack(ARGV)
-- kept_ms: how long to keep a generation that is made here; '*' returns none.
-- seen_ms: the remaining TTL of the entry when the lookup read it; -2 for none.
-- waited_for: token of the holder waited for so far; '' for none.
-- keep_result: '1' leaves the lease alone while a load's result is in it.
-- The entry is read again first, because another load may have ended since the lookup missed.
local ms = remaining(KEYS[1])
if ms > tonumber(seen_ms) then return {'entry', read(KEYS[1]) or '', ms, found, missing} end
local holder, result = lease()
local state, value = string.match(result, '^(%a+):(.*)$')
-- A waiter learns the result once another process holds the lease, or none does.
if state and waited_for ~= '' and holder ~= waited_for then
  return {state, value, ms, found, missing}
end
if holder or state and keep_result == '1' then
  return {'held', holder or '', ms, found, missing}
end
local held = 'held:' .. token
if state then held = held .. ':' .. result end
if not set(KEYS[3], held, lease_ms) then return {false, found, missing} end
local fence = kept_ms
if kept_ms ~= '*' then fence = generation(read(KEYS[2]), token, kept_ms) end
return {'acquired', fence, ms, found, missing}
