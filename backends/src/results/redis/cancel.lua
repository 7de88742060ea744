-- Ends a job that has not ended yet, in a new epoch: no earlier claim may speak of it any more.
-- ARGV: 1–8 the event; its state is made of the job's own instead; 9 whose job alone it may be, or nothing
-- Answers: the newest event's id, its state, what was done; nothing for an unknown job

local before, id, state, epoch, owner = unpack(redis.call('HMGET', KEYS[1], 'status', 'id', 'state', 'epoch', 'owner'))
if not before then
  return false
end
if ARGV[9] ~= '' and ARGV[9] ~= owner then
  return { id, state, owner == '*' and 'shared' or 'not yours' }
end
if FINAL[before] then
  return { id, state, 'ended before' }
end
if needs_outbox('cancelled') then
  return ask_for_outbox()
end

local cancelled = cjson.decode(state)
cancelled.status, cancelled.error = 'cancelled', cjson.null
local event = event_of(ARGV)
event.state = cjson.encode(cancelled)
event.epoch = epoch_after(epoch, event.now)
event.n = 1
redis.call('HSET', KEYS[1], 'cancel', whole(event.epoch))
redis.call('ZREM', KEYS[4], event.job)
return { tell(event), event.state, 'ended now' }
