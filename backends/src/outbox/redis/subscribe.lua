-- Has a target told how a job ends, or has ended.
-- KEYS: 1 the job's hash, 2–4 the outbox
-- ARGV: 1 the job, 2 the target, 3 its URL, 4 who asks, or nothing, 5 now, 6 targets at most, 7 notices at most, 8 notices
-- that each client may have
-- Answers: waits, due, too_many_targets or too_many_wait; how many of the client's wait, and how many may

local ENDS = { done = true, failed = true, dead = true, cancelled = true }
local job, target, url, owner, now = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local targets_max, notices_max, notices_of_each = tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8])
local outbox = outbox_at(2)

-- As Room::share in outbox/room.rs has it.
local waiting = counted(outbox, by_client(owner))
local limit = math.max(notices_max - redis.call('ZCARD', outbox.due), notices_of_each)
local function answer(word)
  return { word, waiting, limit }
end
if waiting >= limit then
  return answer('too_many_wait')
end

local status, id, state = unpack(redis.call('HMGET', KEYS[1], 'status', 'id', 'state'))
local ended = status and ENDS[status]
local stays = not ended or status == 'dead'
local notice = ended and job .. '/' .. id .. '/' .. target
local targets = field_of(KEYS[1], 'targets')

local others = 0
for other in pairs(targets) do
  others = others + (other == target and 0 or 1)
end
if ended and redis.call('HEXISTS', outbox.notices, notice) == 0 then
  others = math.max(others, counted(outbox, of_job(job)))
end
if others >= targets_max then
  return answer('too_many_targets')
end

if ended then
  put_notice(outbox, notice, url, owner, state, now)
end
if stays then
  if owner ~= '' and not targets[target] then
    local owners = field_of(KEYS[1], 'asked_by')
    owners[target] = owner
    set_field(KEYS[1], 'asked_by', owners)
  end
  targets[target] = url
  set_field(KEYS[1], 'targets', targets)
  if redis.call('TTL', KEYS[1]) < 0 then
    redis.call('EXPIRE', KEYS[1], AGE_SECONDS_MAX) -- its record was lost just now
  end
end
return answer(ended and 'due' or 'waits')
