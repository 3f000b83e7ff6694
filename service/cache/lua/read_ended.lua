-- KEYS: entry, generation, lease. ARGV: token, kept_ms, last_byte.
local token, kept_ms, last_byte = unpack(ARGV)
-- What a lookup reads and, when there is no entry, what its load asks next; see generation.lua. No
-- load can end between the two, so that the entry need not be looked at again.
-- last_byte: the last one to return of an entry that another process wrote.
local ms = remaining(KEYS[1])
if ms == -2 then return {generation(read(KEYS[2]), token, kept_ms), '', ms, found, missing} end
local value = redis.pcall('GETRANGE', KEYS[1], 0, last_byte)
if type(value) == 'table' then value = '' end
return {'', value, ms, found + 1, missing}
