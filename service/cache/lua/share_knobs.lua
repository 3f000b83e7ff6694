-- KEYS: knobs. ARGV: version, document, kept_ms, based_on.
local version, document, kept_ms, based_on = unpack(ARGV)
-- based_on: the version that a change was made to; '' offers no change.
-- The higher version wins, and each call keeps the document alive. A document without a usable
-- version, a whole number above 0 and below 2^52, is replaced by any other.
local shared, shared_version = read(KEYS[1]), 0
if shared then
  local readable, value = pcall(cjson.decode, shared)
  local there = readable and type(value) == 'table' and value.version
  if type(there) == 'number' and there > 0 and there < 2^52 and there % 1 == 0 then
    shared_version = there
  end
end
local is_newer = tonumber(version) > shared_version
if is_newer and (based_on == '' or tonumber(based_on) >= shared_version) then
  return {set(KEYS[1], document, kept_ms) and document, found, missing}
end
if shared then redis.call('PEXPIRE', KEYS[1], kept_ms) end
return {shared or '', found, missing}
