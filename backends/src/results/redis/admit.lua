-- Records an accepted job, unless its record says that there is nothing to do.
-- ARGV: 1–8 the event, 9 the job's message, 10 whether its result is gone, 11 who uploaded it, or nothing
-- Answers: whether the job began just now, the newest event's id, its state, whether the message was confirmed, when it
-- last changed, the epoch of its last cancellation, if there was one, its owner

local function starts_anew(before, again)
  return not before or before == 'dead' or before == 'cancelled' or (again and FINAL[before])
end

-- Whose it is then: `Ownership::after`.
local function owner_after(old, by, begins)
  if by == '' then
    return old or ''
  end
  return (begins or old == by) and by or '*'
end

local before, id, state, sent, updated, epoch, cancel, owner =
  unpack(redis.call('HMGET', KEYS[1], 'status', 'id', 'state', 'sent', 'updated', 'epoch', 'cancel', 'owner'))
local anew = starts_anew(before, ARGV[10] == '1')
-- A worker has it in hand and has not spoken yet: somebody sent it before it was recorded.
local claimed = epoch and not before
owner = owner_after(owner, ARGV[11], anew and not claimed)
if owner ~= '' then
  redis.call('HSET', KEYS[1], 'owner', owner)
end
if not anew then
  return { 0, id, state, sent, updated or '0', cancel, owner }
end

local event = event_of(ARGV)
event.n = 0
redis.call('HSET', KEYS[1], 'job', ARGV[9], 'created', event.now)
if claimed then
  -- The claim stands.
  event.epoch = tonumber(epoch)
  return { 1, tell(event), event.state, '1', event.now, cancel, owner }
end

event.epoch = epoch_after(epoch, event.now)
redis.call('HSET', KEYS[1], 'sent', '0')
redis.call('ZADD', KEYS[4], event.now, event.job)
redis.call('ZADD', KEYS[5], event.now, event.job)
return { 1, tell(event), event.state, '0', event.now, cancel, owner }
