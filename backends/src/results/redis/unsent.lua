-- The messages of jobs that were admitted long enough ago and never confirmed, oldest first.
-- KEYS: 1 the jobs whose message was never confirmed
-- ARGV: 1 admitted at the latest, 2 how many, 3 what a job's hash is called before its id
-- Answers: for each its message and the epoch of its admission

local jobs = {}
for _, id in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[1], 'LIMIT', 0, ARGV[2])) do
  local job, sent, status, epoch = unpack(redis.call('HMGET', ARGV[3] .. id, 'job', 'sent', 'status', 'epoch'))
  if job and sent == '0' and not FINAL[status] then
    table.insert(jobs, { job, epoch })
  else
    redis.call('ZREM', KEYS[1], id) -- its record expired, or it ended
  end
end
return jobs
