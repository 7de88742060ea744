-- Records an accepted job, unless its record says that there is nothing to do.
-- ARGV: 1–8 the event, 9 the job's message, 10 whether its result is gone
-- Answers: whether the job began just now, the newest event's id, its state, whether the message was confirmed, when it
-- last changed, the epoch of its last cancellation, if there was one

local function starts_anew(before, again)
  return not before or before == 'dead' or before == 'cancelled' or (again and FINAL[before])
end

local before, id, state, sent, updated, epoch, cancel =
  unpack(redis.call('HMGET', KEYS[1], 'status', 'id', 'state', 'sent', 'updated', 'epoch', 'cancel'))
if not starts_anew(before, ARGV[10] == '1') then
  return { 0, id, state, sent, updated or '0', cancel }
end

local event = event_of(ARGV)
event.n = 0
redis.call('HSET', KEYS[1], 'job', ARGV[9], 'created', event.now)
if epoch and not before then
  -- A worker has it in hand and has not spoken yet: its claim stands, and its message was sent.
  event.epoch = tonumber(epoch)
  return { 1, tell(event), event.state, '1', event.now, cancel }
end

event.epoch = epoch_after(epoch, event.now)
redis.call('HSET', KEYS[1], 'sent', '0')
redis.call('ZADD', KEYS[4], event.now, event.job)
redis.call('ZADD', KEYS[5], event.now, event.job)
return { 1, tell(event), event.state, '0', event.now, cancel }
