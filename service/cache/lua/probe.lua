-- KEYS: entry, generation, lease of an id that no fruit has. ARGV: none.
-- Does what the scripts of a load do, and leaves nothing behind. Redis does not name the command
-- that a user may not send in a script, so that each is tried by itself.
local tried = {
  {'SET', KEYS[1], '', 'PX', 1000}, {'DEL', KEYS[1], KEYS[2], KEYS[3]},
  {'GET', KEYS[1]}, {'PTTL', KEYS[1]},
}
for _, command in ipairs(tried) do
  local reply = redis.pcall(unpack(command))
  if type(reply) == 'table' and reply.err then
    return redis.error_reply(reply.err .. ' (' .. command[1] .. ' in a script)')
  end
end
-- How many nodes of a cluster share the keys; 0 where there is no cluster.
local cluster = redis.pcall('CLUSTER', 'INFO')
return {type(cluster) == 'string' and tonumber(string.match(cluster, 'cluster_size:(%d+)')) or 0, 0, 2}
