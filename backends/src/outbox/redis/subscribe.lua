-- Has a target told how a job ends, or has ended.
-- KEYS: 1 the job's hash, 2 the outbox, 3 its notices
-- ARGV: 1 the job, 2 the target, 3 its URL, 4 now, 5 targets at most, 6 notices at most
-- Answers: waits, due, too_many_targets or full

local ENDS = { done = true, failed = true, dead = true, cancelled = true }
local job, target, url, now = ARGV[1], ARGV[2], ARGV[3], ARGV[4]

if redis.call('ZCARD', KEYS[2]) >= tonumber(ARGV[6]) then
  return 'full'
end

local status, id, state = unpack(redis.call('HMGET', KEYS[1], 'status', 'id', 'state'))
local ended = status and ENDS[status]
if ended then
  put_notice(KEYS[2], KEYS[3], job .. '/' .. id .. '/' .. target, url, state, now)
  if status ~= 'dead' then
    return 'due'
  end
end

local targets, others = targets_of(KEYS[1]), 0
for other in pairs(targets) do
  others = others + (other == target and 0 or 1)
end
if others >= tonumber(ARGV[5]) then
  return 'too_many_targets'
end
targets[target] = url
redis.call('HSET', KEYS[1], 'targets', cjson.encode(targets))
if redis.call('TTL', KEYS[1]) < 0 then
  redis.call('EXPIRE', KEYS[1], AGE_SECONDS_MAX) -- its record was lost just now
end
return ended and 'due' or 'waits'
