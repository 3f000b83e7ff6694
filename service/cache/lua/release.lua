-- KEYS: entry, generation, lease. ARGV: token, result, left_ms.
local token, result, left_ms = unpack(ARGV)
-- Only its holder may end a lease.
if lease() == token then
  redis.call('DEL', KEYS[3])
  set(KEYS[3], result, left_ms)
end
return {found, missing}
