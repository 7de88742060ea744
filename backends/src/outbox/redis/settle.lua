-- Removes a notice, and its target where that wants to be told no more of the job.
-- KEYS: 1 the outbox, 2 its notices, 3 the job's hash, if the target is to be forgotten
-- ARGV: 1 the notice, 2 its target

redis.call('ZREM', KEYS[1], ARGV[1])
redis.call('HDEL', KEYS[2], ARGV[1])
if KEYS[3] then
  local targets = targets_of(KEYS[3])
  targets[ARGV[2]] = nil
  if next(targets) then
    redis.call('HSET', KEYS[3], 'targets', cjson.encode(targets))
  else
    redis.call('HDEL', KEYS[3], 'targets')
  end
end
