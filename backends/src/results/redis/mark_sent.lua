-- Notes that the job's message was confirmed. A record that is gone is not made again: it would never expire.
-- KEYS: 1 the job's hash, 4 the jobs whose message was never confirmed
-- ARGV: 1 the job

if redis.call('EXISTS', KEYS[1]) == 1 then
  redis.call('HSET', KEYS[1], 'sent', '1')
end
return redis.call('ZREM', KEYS[4], ARGV[1])
