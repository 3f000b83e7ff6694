-- KEYS: knobs, which chooses the node of a cluster. ARGV: none.
return {redis.call('DBSIZE'), 0, 0}
