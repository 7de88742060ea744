-- Notes that the job's message was confirmed. A record that is gone is not made again: it would never expire. One that
-- was claimed is noted already; one that lives anew waits for a message of its own.
-- KEYS: 1 the job's hash, 4 the jobs whose message was never confirmed
-- ARGV: 1 the job, 2 the epoch whose message it is, 3 now

local epoch = redis.call('HGET', KEYS[1], 'epoch')
if not epoch then
  return redis.call('ZREM', KEYS[4], ARGV[1])
end
if tonumber(epoch) ~= tonumber(ARGV[2]) then
  return 0
end
redis.call('HSET', KEYS[1], 'sent', '1', 'updated', ARGV[3])
return redis.call('ZREM', KEYS[4], ARGV[1])
