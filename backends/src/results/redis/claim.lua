-- Begins a new epoch. A job that is claimed was sent, whoever recorded it or not.
-- KEYS: 1 the job's hash, 4 the jobs whose message was never confirmed, 5 the jobs that wait for their first worker
-- ARGV: 1 the job, 2 now, 3 seconds to keep a record that is made here
-- Answers: the epoch, the job's state

local state, old = unpack(redis.call('HMGET', KEYS[1], 'state', 'epoch'))
local epoch = whole(epoch_after(old, ARGV[2]))
redis.call('HSET', KEYS[1], 'epoch', epoch, 'n', '0', 'sent', '1', 'updated', ARGV[2])
redis.call('ZREM', KEYS[4], ARGV[1])
redis.call('ZREM', KEYS[5], ARGV[1])
if not old then
  redis.call('EXPIRE', KEYS[1], ARGV[3])
end
return { epoch, state }
