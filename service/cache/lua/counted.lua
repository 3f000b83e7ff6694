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
local function mark(token)
  local info = redis.pcall('INFO', 'server')
  local server = ''
  if type(info) == 'string' then
    -- Found as plain text, because a pattern is tried at each of the text's letters.
    local _, ends = string.find(info, 'run_id:', 1, true)
    server = ends and string.match(info, '^%x+', ends + 1) or ''
  end
  return (token or '') .. '@' .. server
end
-- Returns the mark that a fill must find unchanged; without memory for a token, one without it.
-- A token made here begins with '+', one of an invalidation does not.
local function generation(there, token, kept_ms)
  local kept = there or '+' .. token
  if set(KEYS[2], kept, kept_ms) then there = kept end
  return mark(there)
end
