-- KEYS: entry, generation, lease. Stands before each script that reads keys, and counts the reads.
local found, missing = 0, 0
local function read(key)
  local value = redis.pcall('GET', key)
  if value then found = found + 1 else missing = missing + 1 end
  if type(value) == 'table' then return '' end
  return value
end
local function remaining(key)
  local ms = redis.call('PTTL', key)
  if ms == -2 then missing = missing + 1 else found = found + 1 end
  return ms
end
local function set(key, value, ms)
  local refused = redis.pcall('SET', key, value, 'PX', ms).err
  -- A replica refuses everything, and its caller must find the primary.
  if refused and string.find(refused, 'READONLY', 1, true) then error(refused) end
  return refused == nil
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
local function overtaken(generation, longest_s)
  local before, at = string.match(generation, '^(.*)@(%d+)$')
  return before ~= mark() or now() - at >= tonumber(longest_s)
end
