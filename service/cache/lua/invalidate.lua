-- KEYS: entry, generation, lease. ARGV: generation, kept_ms.
-- The deletion comes first so that a Redis that is out of memory lets the generation be written.
redis.call('DEL', KEYS[1], KEYS[3])
redis.call('SET', KEYS[2], ARGV[1], 'PX', ARGV[2])
return {0, 0}
