-- When the job was admitted that waits longest for its first worker.
-- KEYS: 1 the jobs that wait for their first worker
-- ARGV: 1 since when a job counts
-- Answers: milliseconds since 1970, or nothing if none waits

redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', '(' .. ARGV[1])
local oldest = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')
return oldest[2] and tonumber(oldest[2])
