-- KEYS: entry, generation, lease. ARGV: token, kept_ms, seen_ms.
local token, kept_ms, seen_ms = unpack(ARGV)
-- A load's fill must find unchanged: the token of the last invalidation, or the one made here
-- when there is none, and the server that returned it. A token that is gone fences the fill, so
-- that a flushed or restarted Redis, or one that evicted it, never lets an old row in.
-- seen_ms: the entry's remaining TTL when the lookup read it; '' does not look at it again.
-- A fill deletes the token made for it, so that without one another load may just have ended.
local there = read(KEYS[2])
if not there and seen_ms ~= '' then
  local ms = remaining(KEYS[1])
  if ms > tonumber(seen_ms) then return {'', read(KEYS[1]) or '', ms, found, missing} end
end
return {generation(there, token, kept_ms), '', -2, found, missing}
