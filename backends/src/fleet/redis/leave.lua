-- Forgets a worker.
-- ARGV: 2 the worker

return redis.call('HDEL', KEYS[1], ARGV[2])
